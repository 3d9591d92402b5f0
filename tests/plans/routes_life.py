"""The route table's rows of versions, comparing, amending, copying, making many."""

from typing import Any

ROUTES: list = []
NO_FOREIGN_ROW: dict[str, Any] = {}
