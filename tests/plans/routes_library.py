"""The route table's rows of reports: archive, schedules, books."""

from typing import Any

ROUTES: list = []
NO_FOREIGN_ROW: dict[str, Any] = {}
