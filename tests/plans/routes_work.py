"""The route table's rows of strategies, steps of goals, scorecard, and the views of activities."""

from typing import Any

ROUTES: list = []
NO_FOREIGN_ROW: dict[str, Any] = {}
