from typing import Any

from django.urls import URLPattern

paths: list[URLPattern] = []


def register(router: Any) -> None:
    """Puts this part's resources on the router."""
