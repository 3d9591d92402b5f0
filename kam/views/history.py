"""The History panel of a record, putting back old values, and the company-wide trail."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.apps import apps
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Value
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render as render_page
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kam import history as trail
from kam.audit_filters import AuditFilter
from kam.editing import fetch_editable, fetch_visible, is_editable
from kam.listing import Key, key_page
from kam.models import AuditEntry, User
from kam.panels import render_panel
from kam.views.administration import administrators_only

NEWEST_FIRST = (Key("at", descending=True), Key("id", descending=True))


@login_required
@require_safe
def history(request: HttpRequest, model: str, pk: int) -> HttpResponse:
    """Who changed what in one record; ``?before=EVENT`` goes further back."""
    rows = trail.rows_of(model)
    # People and settings: their history is the administrators' alone.
    fetch = fetch_editable if rows.model._meta.app_label == "kam" else fetch_visible
    row = fetch(rows, request.user, pk=pk)
    may = is_editable(row, request.user)
    before = request.GET.get("before", "")
    found = trail.history_of(
        row,
        request.user,
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 10 else None,
        may=may,
    )
    context = {
        "row": row,
        "model": model,
        "history": found,
        "may_restore": may
        and getattr(row, "archived_at", None) is not None
        and trail.may_bring_back(row, request.user),
    }
    return render_panel(request, "kam/_history.html", context, title=_("History"), row=row)


@login_required
@require_POST
def history_restore(request: HttpRequest, model: str, pk: int) -> HttpResponse:
    """Puts one field back to an old value; without a field, brings the archived record back."""
    rows = trail.rows_of(model)
    row = fetch_editable(rows, request.user, pk=pk)
    name, event = request.POST.get("field", ""), request.POST.get("event", "")
    if not name and not trail.may_bring_back(row, request.user):
        raise PermissionDenied
    try:
        if name:
            number = int(event) if event.isascii() and event.isdigit() and len(event) < 10 else 0
            trail.put_back(row, request.user, event=number, name=name)
            messages.success(request, _("The old value is back."))
        else:
            trail.bring_back(row)
            messages.success(request, _("%(name)s is back.") % {"name": row})
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return HttpResponseRedirect(_page_of(request, row, model))


def _page_of(request: HttpRequest, row: Any, model: str) -> str:
    if hasattr(row, "get_absolute_url"):
        try:
            if type(row)._default_manager.filter(pk=row.pk).visible_to(request.user).exists():
                return row.get_absolute_url()
        except NoReverseMatch:
            pass
    return reverse("kam:history", args=[model, row.pk])


@administrators_only
@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """The whole company's trail, newest first, by person, kind of record, period and source."""
    filterset = AuditFilter(
        request.GET, queryset=AuditEntry.objects.visible_to(request.user), request=request
    )
    page = key_page(
        filterset.qs,
        NEWEST_FIRST,
        after=request.GET.get("after"),
        before=request.GET.get("before"),
    )
    people = {entry.user_id for entry in page.rows} | {e.acting_for_id for e in page.rows}
    known = User.objects.visible_to(request.user).filter(pk__in=people - {None})
    names: dict[int | None, str] = {person.pk: str(person) for person in known}
    read = _read(page.rows, request.user)
    words = {
        name: {code: str(word) for code, word in AuditEntry._meta.get_field(name).flatchoices}  # type: ignore[union-attr]
        for name in ("label", "source")
    }
    context = {
        "filter_form": filterset.form,
        "page": page,
        "entries": [_entry(entry, names, read, words) for entry in page.rows],
        "filtered": any(request.GET.get(n) for n in filterset.filters),
    }
    return render_page(request, "kam/audit.html", context)


def _read(entries: Sequence[AuditEntry], user: Any) -> set[tuple[str, int]]:
    """Of the entries' rows those that this person may read, as (model, row): one query."""
    of: dict[str, set[int]] = defaultdict(set)
    for entry in entries:
        of[entry.model].add(entry.row_id)
    readable = []
    for label, rows in sorted(of.items()):
        with suppress(Http404):  # a model that is gone
            seen = trail.rows_of(label).visible_to(user).order_by().filter(pk__in=rows)
            readable.append(seen.values_list(Value(label), "pk"))
    if not readable:
        return set()
    return set(readable[0].union(*readable[1:], all=True))


def _entry(
    entry: AuditEntry,
    names: dict[int | None, str],
    read: set[tuple[str, int]],
    words: dict[str, dict[str, str]],
) -> dict[str, Any]:
    """What a line of the trail shows; ``words`` are those of the choices."""
    try:
        model = apps.get_model(entry.model)
        kind = str(model._meta.verbose_name)
        labels = {f.attname: f.verbose_name for f in model._meta.concrete_fields}
    except LookupError:
        kind, labels = entry.model, {}
    row = (entry.model, entry.row_id)
    url = reverse("kam:history", args=row) if row in read else ""
    fields = [
        str(labels.get(n, n)) for n in entry.fields if n not in trail.SENSITIVE | trail.SILENT
    ]
    return {
        "at": entry.at,
        "who": names.get(entry.user_id, "") or _("The system"),
        "for_whom": names.get(entry.acting_for_id, ""),
        "what": words["label"].get(entry.label, entry.label),
        "kind": kind[:1].upper() + kind[1:],
        "row_id": entry.row_id,
        "fields": fields,
        "source": words["source"].get(entry.source, entry.source),
        "url": f"{url}?before={entry.event_id}" if url and entry.label != "delete" else "",
    }
