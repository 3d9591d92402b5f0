"""What the administrators' pages share."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kam.editing import EditConflict
from kam.inplace import last_change
from kam.scoping import signed_in

View = Callable[..., HttpResponse]


def administrators_only(view: View) -> View:
    """403 for everybody who is not an administrator themselves, whomever they act for."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not signed_in(request).is_administrator:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def posted_version(request: HttpRequest) -> int:
    """The version that the form began with; 0 (older than any) where the form names none."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def without_theirs(request: HttpRequest, changes: dict[str, Any]) -> dict[str, Any]:
    """The changes less those for which the person chose the other one's value."""
    return {n: v for n, v in changes.items() if request.POST.get(f"choice-{n}") != "theirs"}


def conflict_page(request: HttpRequest, conflict: EditConflict, cancel_url: str) -> HttpResponse:
    """409: somebody else changed the same fields; both values, to choose from."""
    context = {
        "action": request.path,
        "version": conflict.row.version,  # type: ignore[attr-defined]
        "fields": conflict.fields,
        "posted": [
            (name, value)
            for name, values in request.POST.lists()
            if not name.startswith("choice-")
            for value in values
        ],
        "cancel_url": cancel_url,
        **last_change(conflict.row),
    }
    return render(request, "409.html", context, status=409)
