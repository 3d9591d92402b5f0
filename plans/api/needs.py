"""Resources of needs and value propositions."""

from typing import Any

paths: list = []


def register(router: Any) -> None:
    """Nothing yet."""
