"""The route table's rows of the joint plan: links for the customer, and what stands behind them."""

from typing import Any

ROUTES: list = []
NO_FOREIGN_ROW: dict[str, Any] = {}
