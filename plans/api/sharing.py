"""Resources of the joint plan: links for the customer, and what stands behind them."""

from typing import Any

paths: list = []


def register(router: Any) -> None:
    """Nothing yet."""
