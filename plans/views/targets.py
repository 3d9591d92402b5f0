"""The grid of targets: months typed into, years spread, lines added and taken out."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kam.editing import EditConflict, fetch_editable
from kam.htmx import render as render_part
from kam.htmx import wants_fragment
from kam.inplace import last_change
from kam.money import rates_for
from plans.forms import GrowthForm, TargetForm, read_typed, typed
from plans.grid import grid_of
from plans.models import AccountPlan, Target, TargetMonth
from plans.selectors import plan_year, values_at
from plans.services import targets
from plans.services.targets import CellEdit
from plans.views.rows import crumbs_to, plan_for

CELL = re.compile(r"c-([0-9]{1,18})-([0-9]{4})-([0-9]{2})")
TOTAL = re.compile(r"t-([0-9]{1,18})")
MEASURES = {
    "revenue": gettext_lazy("Revenue"),
    "margin": gettext_lazy("Margin"),
    "volume": gettext_lazy("Volume"),
    "forecast": gettext_lazy("Forecast"),
}


def _measure(request: HttpRequest) -> str:
    asked = request.POST.get("measure") or request.GET.get("measure") or "revenue"
    if asked not in MEASURES:
        raise Http404
    return asked


def _context(request: HttpRequest, plan: Any, **more: Any) -> dict[str, Any]:
    measure = _measure(request)
    url = reverse("plans:target_list", args=[plan.pk])
    return {
        "plan": plan,
        "may_edit": plan.may_edit if measure == "forecast" else plan.may_aim,
        "may_aim": plan.may_aim,
        "grid": grid_of(plan, measure, rates_for(plan.year)),
        "measure": measure,
        "measures": [
            {"label": label, "url": f"{url}?measure={name}", "current": name == measure}
            for name, label in MEASURES.items()
        ],
        "unit": plan.currency if measure != "volume" else _("units"),
        "phasings": Target.Phasing.choices,
        "title": _("Targets"),
        "crumbs": crumbs_to(plan),
        "part": "plans/_targets.html",
        **more,
    }


def _panel(request: HttpRequest, plan: Any, *, status: int = 200, **more: Any) -> HttpResponse:
    context = _context(request, plan, **more)
    return render_part(
        request, "plans/panel.html", context, fragment="plans/_targets.html", status=status
    )


def _after(request: HttpRequest, plan: AccountPlan) -> HttpResponse:
    """The panel as it now stands, or the way back to it."""
    if wants_fragment(request):
        return _panel(request, plan_for(request.user, plan.pk))
    url = reverse("plans:target_list", args=[plan.pk])
    return HttpResponseRedirect(f"{url}?measure={_measure(request)}")


@login_required
@require_GET
def target_list(request: HttpRequest, pk: int) -> HttpResponse:
    """The panel of targets in one measure."""
    return _panel(request, plan_for(request.user, pk))


def _open_plan(request: HttpRequest, pk: int) -> Any:
    """The plan to change: 403 where this person may not. A locked plan is refused in words."""
    plan = plan_for(request.user, pk)
    if not plan.editable:  # type: ignore[attr-defined]
        raise PermissionDenied
    return plan


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def target_add(request: HttpRequest, pk: int) -> HttpResponse:
    """One more product line."""
    plan = _open_plan(request, pk)
    form = TargetForm(
        request.POST if request.method == "POST" else None, user=request.user, plan=plan
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                targets.add_target(
                    plan,
                    form.cleaned_data["line"],
                    form.totals(),
                    phasing=form.cleaned_data["phasing"],
                )
            except ValidationError as error:
                known = hasattr(error, "error_dict") and set(error.error_dict) <= set(form.fields)
                form.add_error(None, error if known else error.messages)
            else:
                return _after(request, plan)
    context = {
        "plan": plan,
        "form": form,
        "title": _("Add a product line"),
        "crumbs": crumbs_to(plan),
        "action": reverse("plans:target_add", args=[plan.pk]),
        "cancel_url": reverse("plans:target_list", args=[plan.pk]),
        "part": "plans/_target_form.html",
    }
    return render_part(
        request, "plans/panel.html", context, fragment="plans/_target_form.html", status=status
    )


@login_required
@require_POST
def target_suggest(request: HttpRequest, pk: int) -> HttpResponse:
    """Targets for the lines that were bought last year and have none yet."""
    plan = _open_plan(request, pk)
    form = GrowthForm(request.POST)
    if not form.is_valid():
        return _panel(request, plan, growth_form=form, status=422)
    try:
        found = targets.suggest_targets(plan, form.cleaned_data["growth"])
    except ValidationError as error:
        return _refused(request, plan, error)
    if not found:
        messages.info(request, _("Last year's sales suggest no further target."))
    return _after(request, plan)


def _refused(request: HttpRequest, plan: Any, error: ValidationError) -> HttpResponse:
    if wants_fragment(request):
        return _panel(request, plan, refusals=error.messages, status=422)
    for message in error.messages:
        messages.error(request, message)
    return HttpResponseRedirect(reverse("plans:target_list", args=[plan.pk]))


# --- cells ----------------------------------------------------------------------------------------
@login_required
@require_POST
def target_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Saves what was typed into the grid: months, years, or a whole pasted row; all or none.

    The script sends what was touched; without script the whole form comes, and what still holds
    the value that was seen is left alone.
    """
    plan = _open_plan(request, pk)
    measure = _measure(request)
    try:
        with transaction.atomic():
            edits = _typed(request, plan, measure)
            targets.save_cells(plan, measure, edits)
    except EditConflict as conflict:
        return _conflict(request, plan, measure, conflict, edits)
    except ValidationError as error:
        if wants_fragment(request):
            refused = {"messages_to_show": error.messages}
            return render(request, "plans/_grid_refused.html", refused, status=422)
        return _refused(request, plan, error)
    if wants_fragment(request):
        # After a conflict also those whose other value was chosen.
        changed = {edit.target for edit in edits} | set(_seen(request, plan))
        context = _context(request, plan_for(request.user, plan.pk), changed=changed)
        return render(request, "plans/_grid_changes.html", context)
    messages.success(request, _("Saved."))
    return _after(request, plan)


def _typed(request: HttpRequest, plan: Any, measure: str) -> list[CellEdit]:
    """What the person changed, as edits with the versions that they saw."""
    seen = _seen(request, plan)
    cells: dict[tuple[int, date], Decimal | None] = {}
    totals: dict[int, Decimal] = {}
    errors: dict[str, list[str]] = {}
    for name in request.POST:
        text = request.POST.get(name, "")
        if request.POST.get(f"choice-{name}") == "theirs":
            continue
        cell, total = CELL.fullmatch(name), TOTAL.fullmatch(name)
        try:
            if cell:
                cells[int(cell[1]), _month(cell[2], cell[3])] = read_typed(text)
            elif total and text.strip():
                totals[int(total[1])] = read_typed(text) or Decimal(0)
        except ValidationError as error:
            errors[name] = error.messages
    if errors:
        raise ValidationError(errors)
    if not wants_fragment(request) and "version" not in request.POST:
        _leave_untouched(plan, measure, seen, cells, totals)
    edits = [
        CellEdit(target, month, value, seen.get(target, {}).get(month, 0))
        for (target, month), value in cells.items()
    ]
    known = {t.pk: t for t in plan.targets.active().select_related("line").filter(pk__in=totals)}
    for target, year_total in totals.items():
        if target not in known:
            raise ValidationError(_("This target is not in the plan any more."))
        if any(edit.target == target for edit in edits):
            raise ValidationError(
                _("%(line)s: type either the year or its months."),
                params={"line": known[target].line.name},
            )
        known[target].plan = plan
        versions = [seen.get(target, {}).get(m, 0) for m in plan_year(plan).months()]
        edits += targets.spread(known[target], measure, year_total, versions)
    return edits


def _month(year: str, month: str) -> date:
    try:
        return date(int(year), int(month), 1)
    except ValueError:
        raise Http404 from None


def _seen(request: HttpRequest, plan: AccountPlan) -> dict[int, dict[date, int]]:
    """Target → month → the version that the page showed."""
    months = list(plan_year(plan).months())
    found = {}
    for name in request.POST:
        text = request.POST.get(name, "")
        pk = name.removeprefix("v-")
        if not name.startswith("v-") or not (pk.isascii() and pk.isdigit()) or len(pk) > 18:
            continue
        parts = text.split(",")
        if len(parts) != 12 or not all(p.isascii() and p.isdigit() and len(p) < 10 for p in parts):
            raise Http404
        found[int(pk)] = {m: int(part) for m, part in zip(months, parts, strict=True)}
    return found


def _leave_untouched(
    plan: AccountPlan,
    measure: str,
    seen: dict[int, dict[date, int]],
    cells: dict[tuple[int, date], Decimal | None],
    totals: dict[int, Decimal],
) -> None:
    """Takes out what still holds the value that the page showed."""
    keys = {(t, m): version for t, months in seen.items() for m, version in months.items()}
    mine = set(plan.targets.values_list("pk", flat=True))
    held = values_at({key: v for key, v in keys.items() if key[0] in mine}, measure)
    empty = targets.EMPTY[measure]
    revenue = held
    if measure == "forecast":
        revenue = values_at({key: v for key, v in keys.items() if key[0] in mine}, "revenue")
    for target in list(totals):
        year = [key for key in keys if key[0] == target]
        shown = sum(
            (
                v if (v := held.get(key, empty)) is not None else revenue.get(key) or Decimal(0)
                for key in year
            ),
            Decimal(0),
        )
        if shown == totals[target]:
            del totals[target]
    for key, value in list(cells.items()):
        before = held.get(key, empty)
        if value == before or (value is None and before == 0):
            del cells[key]


def _conflict(
    request: HttpRequest, plan: Any, measure: str, conflict: EditConflict, edits: list[CellEdit]
) -> HttpResponse:
    """Both values of each month that two people changed; the choice is posted to the same place."""
    year = plan_year(plan)
    versions: dict[int, dict[date, int]] = {}
    rows = TargetMonth.objects.visible_to(request.user).filter(
        target__in={edit.target for edit in edits}
    )
    for row in rows:
        versions.setdefault(row.target_id, {})[row.month] = row.version
    posted = [("measure", measure)]
    for target, held in versions.items():
        posted.append((f"v-{target}", ",".join(str(held.get(m, 0)) for m in year.months())))
    posted += [(edit.name, typed(edit.value)) for edit in edits]
    fields = [
        {
            "name": field.name,
            "label": field.label,
            "before": typed(field.before),
            "theirs": typed(field.theirs),
            "yours": typed(field.yours),
        }
        for field in conflict.fields
    ]
    context = {
        "plan": plan,
        "action": reverse("plans:target_edit", args=[plan.pk]),
        "cancel_url": f"{reverse('plans:target_list', args=[plan.pk])}?measure={measure}",
        "version": conflict.row.version,  # type: ignore[attr-defined]
        "fields": fields,
        "posted": posted,
        "full": not wants_fragment(request),
        "title": _("Targets"),
        "crumbs": crumbs_to(plan),
        "part": "plans/_grid_conflict.html",
        **last_change(conflict.row),
    }
    return render_part(
        request, "plans/panel.html", context, fragment="plans/_grid_conflict.html", status=409
    )


# --- one target -----------------------------------------------------------------------------------
def _target(request: HttpRequest, pk: int) -> Target:
    return fetch_editable(
        Target.objects.select_related("plan__account", "line"), request.user, pk=pk
    )


@login_required
@require_POST
def target_phase(request: HttpRequest, pk: int) -> HttpResponse:
    """Spreads the target's years anew."""
    target = _target(request, pk)
    phasing = request.POST.get(f"phasing-{pk}", "")
    if phasing not in Target.Phasing.values:
        raise Http404
    seen = _seen(request, target.plan).get(pk)
    months = list(plan_year(target.plan).months())
    if seen is None:
        held = {row.month: row.version for row in target.months.all()}
        seen = {month: held.get(month, 0) for month in months}
    try:
        targets.set_phasing(target, phasing, [seen[month] for month in months])
    except EditConflict:
        words = _(
            "Somebody changed months of %(line)s meanwhile. They are shown now; spread them again "
            "if you still want to."
        ) % {"line": target.line.name}
        plan = plan_for(request.user, target.plan_id)
        return _refused(request, plan, ValidationError(words))
    except ValidationError as error:
        return _refused(request, plan_for(request.user, target.plan_id), error)
    return _after(request, target.plan)


@login_required
@require_POST
def target_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a target out of the plan."""
    target = _target(request, pk)
    try:
        targets.archive_target(target)
    except ValidationError as error:
        return _refused(request, plan_for(request.user, target.plan_id), error)
    return _after(request, target.plan)


@login_required
@require_POST
def target_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Brings a target back."""
    target = _target(request, pk)
    try:
        targets.restore_target(target)
    except ValidationError as error:
        return _refused(request, plan_for(request.user, target.plan_id), error)
    return _after(request, target.plan)
