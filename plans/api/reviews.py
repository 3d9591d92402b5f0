"""Resources of reviews and what falls due."""

from typing import Any

paths: list = []


def register(router: Any) -> None:
    """Nothing yet."""
