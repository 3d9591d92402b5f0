"""The route table's rows of needs and value propositions."""

from typing import Any

ROUTES: list = []
NO_FOREIGN_ROW: dict[str, Any] = {}
