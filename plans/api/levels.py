"""Resources of plans of KAM, team and company, cascades, forecasts."""

from typing import Any

paths: list = []


def register(router: Any) -> None:
    """Nothing yet."""
