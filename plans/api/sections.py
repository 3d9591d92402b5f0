"""Resources of sections, templates, comments, quality and presence."""

from typing import Any

paths: list = []


def register(router: Any) -> None:
    """Nothing yet."""
