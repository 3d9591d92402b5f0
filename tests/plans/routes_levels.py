"""The route table's rows of plans of KAM, team and company, cascades, forecasts."""

from typing import Any

ROUTES: list = []
NO_FOREIGN_ROW: dict[str, Any] = {}
