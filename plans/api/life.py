"""Resources of versions, comparing, amending, copying, making many."""

from typing import Any

paths: list = []


def register(router: Any) -> None:
    """Nothing yet."""
