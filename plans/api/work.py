"""Resources of strategies, steps of goals, scorecard, and the views of activities."""

from typing import Any

paths: list = []


def register(router: Any) -> None:
    """Nothing yet."""
