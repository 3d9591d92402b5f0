"""What the administrators' pages and the pages with a form of one row share."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _

from kam.editing import EditConflict
from kam.forms import RowForm
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


def saved(
    request: HttpRequest,
    form: RowForm,
    save: Callable[[dict[str, Any], int], object],
    *,
    done: str,
    cancel: str = "",
) -> HttpResponse | None:
    """Saves a posted form; the answer, or ``None`` where the form is to be shown (again).

    ``save`` takes the changes and the version that the form began with. What it refuses
    (``ValidationError``) stands beside the fields; where somebody was faster (``EditConflict``)
    the answer is the page to choose on, from which ``cancel`` (else this page) leads away.
    Afterwards the person goes to ``done``.
    """
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        save(without_theirs(request, form.changes()), posted_version(request))
    except EditConflict as conflict:
        return conflict_page(request, conflict, cancel or request.get_full_path())
    except ValidationError as error:
        form.add_model_errors(error)
        return None
    messages.success(request, _("Saved."))
    return HttpResponseRedirect(done)


def conflict_page(request: HttpRequest, conflict: EditConflict, cancel_url: str) -> HttpResponse:
    """409: somebody else changed the same fields; both values, to choose from."""
    context = {
        "action": request.get_full_path(),
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
