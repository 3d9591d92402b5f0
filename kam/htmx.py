"""One place decides between a fragment and the full page."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render as render_template
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails


def wants_fragment(request: HttpRequest) -> bool:
    """Whether htmx asked for a part; a history restore or boosted link gets the full page."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    if htmx is None:
        return False
    return bool(htmx) and not htmx.history_restore_request and not htmx.boosted


def render(
    request: HttpRequest,
    page: str,
    context: dict[str, Any],
    *,
    fragment: str,
    status: int = 200,
) -> HttpResponse:
    """Renders ``fragment`` for htmx and ``page`` (which includes it) for everybody else."""
    template = fragment if wants_fragment(request) else page
    response = render_template(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response
