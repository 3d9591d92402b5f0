"""Versions of the criteria: the list, a version's page, and what is done to it as a whole."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kam.editing import fetch_editable, fetch_visible
from kam.htmx import render as render_part
from kam.inplace import InPlace
from kam.panels import render_panel
from kam.periods import company_today
from kam.scoping import Role, signed_in
from portfolio import library
from portfolio.criteria import sheet_of
from portfolio.forms.criteria import ActivationForm, NewVersionForm, VersionForm
from portfolio.models import CellText, CriteriaVersion, Criterion
from portfolio.services import criteria, scoring

STATE_BADGES = {"draft": "draft", "active": "good", "archived": ""}
CELLS = ("all", "develop", "nurture", "retain", "")


def keeps_criteria(user: Any) -> bool:
    """Whether this person keeps the criteria; a substitute does not inherit that."""
    return bool(user.is_authenticated and user.role == Role.ADMINISTRATOR and not user.read_only)


def draft_for(request: HttpRequest, pk: int) -> CriteriaVersion:
    """The draft to change: 403 for those who do not keep the criteria, and where it is none or waits
    for its date."""
    version = fetch_editable(CriteriaVersion.objects, request.user, pk=pk)
    if not version.is_open:
        raise PermissionDenied
    return version


def crumbs_to(version: CriteriaVersion | None = None) -> list[dict[str, Any]]:
    crumbs = [{"label": _("Criteria"), "url": reverse("portfolio:version_list")}]
    if version is not None:
        crumbs.append({"label": str(version), "url": version.get_absolute_url()})
    return crumbs


class EditVersion(InPlace):
    """What is said of a version as a whole, where it stands."""

    model = CriteriaVersion
    form_class = VersionForm
    fields = ("name", "note", "revise_by", "profitability_cut", "potential_cut")
    route = "portfolio:version_edit"
    save = staticmethod(criteria.change_version)

    @classmethod
    def may_edit(cls, user: Any, row: Any, name: str) -> bool:
        return row.is_open or name in criteria.ALWAYS_OPEN


version_edit = EditVersion.as_view()


@login_required
@require_safe
def version_list(request: HttpRequest) -> HttpResponse:
    """All versions, newest first (one query): what was in force when."""
    in_use = Q(groups__archived_at__isnull=True, groups__criteria__archived_at__isnull=True)
    versions = (
        CriteriaVersion.objects.visible_to(request.user)
        .select_related("activated_by")
        .annotate(criteria_count=Count("groups__criteria", filter=in_use))
        .order_by("-pk")
    )
    rows = [(version, STATE_BADGES[version.state]) for version in versions[:200]]
    context = {
        "versions": rows,
        "may_edit": keeps_criteria(request.user),
        "in_force": next((v for v, _badge in rows if v.state == "active"), None),
    }
    return render(request, "portfolio/criteria/version_list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def version_create(request: HttpRequest) -> HttpResponse:
    """A new draft: empty or a copy; an empty one goes on to the library."""
    if not keeps_criteria(request.user):
        raise PermissionDenied
    start = {"copy_of": request.GET.get("copy_of", "")}
    form = NewVersionForm(
        request.POST if request.method == "POST" else None, user=request.user, initial=start
    )
    if request.method == "POST" and form.is_valid():
        try:
            version = criteria.create_version(**form.cleaned_data)
        except ValidationError as error:
            form.add_model_errors(error)
        else:
            messages.success(request, _("The draft is made."))
            if form.cleaned_data["copy_of"] is None:
                return redirect("portfolio:version_library", version.pk)
            return HttpResponseRedirect(version.get_absolute_url())
    context = {
        "form": form,
        "title": _("New version of the criteria"),
        "crumbs": crumbs_to(),
        "cancel_url": reverse("portfolio:version_list"),
        "submit": _("Make the draft"),
    }
    status = 422 if form.errors else 200
    return render(request, "portfolio/criteria/form.html", context, status=status)


@login_required
@require_safe
def version_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A version as a whole; each score loads as a panel."""
    version = fetch_visible(
        CriteriaVersion.objects.select_related("activated_by"), request.user, pk=pk
    )
    draft = version.state == CriteriaVersion.State.DRAFT
    keeps = keeps_criteria(request.user)
    sheet = sheet_of(version)
    context = {
        "version": version,
        "badge": STATE_BADGES[version.state],
        "draft": draft,
        "keeps": keeps,
        "may_edit": keeps,
        "may_change": keeps and version.is_open,
        "may_restore": keeps and version.state == "archived" and version.active_from is None,
        "sheet": sheet,
        "panels": [
            (
                axis.axis.label,
                ngettext("%(n)d criterion", "%(n)d criteria", axis.count) % {"n": axis.count},
                reverse("portfolio:version_axis", args=[version.pk, axis.axis.value]),
                f"score-{axis.axis.value}",
            )
            for axis in sheet.axes
            if axis.groups
        ],
        "unused": [axis.axis for axis in sheet.axes if not axis.groups],
        "faults": criteria.faults(version) if draft and sheet.axes else [],
        "crumbs": crumbs_to(),
    }
    return render(request, "portfolio/criteria/version_detail.html", context)


@login_required
@require_safe
def version_axis(request: HttpRequest, pk: int, axis: str) -> HttpResponse:
    """One score of a version: what counts, how much, and how it becomes a value."""
    version = fetch_visible(CriteriaVersion.objects, request.user, pk=pk)
    found = next((a for a in sheet_of(version).axes if a.axis.value == axis), None)
    if found is None:
        raise Http404
    keeps = keeps_criteria(request.user)
    context = {
        "version": version,
        "axis": found,
        "draft": version.state == CriteriaVersion.State.DRAFT,
        "may_edit": keeps,
        "may_change": keeps and version.is_open,
    }
    return render_panel(
        request, "portfolio/criteria/_axis.html", context, title=found.axis.label, row=version
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def version_library(request: HttpRequest, pk: int) -> HttpResponse:
    """Ready criteria to take into the draft."""
    version = draft_for(request, pk)
    if request.method == "POST":
        try:
            added = criteria.add_from_library(version, request.POST.getlist("codes"))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, _("Criteria added: %(count)d.") % {"count": len(added)})
        return HttpResponseRedirect(version.get_absolute_url())
    has = {
        (group.group.axis, line.criterion.code)
        for axis in sheet_of(version).axes
        for group in axis.groups
        for line in group.lines
    }
    axes = [
        (axis, [(ready, (ready.axis, ready.code) in has) for ready in ready_ones])
        for axis, ready_ones in library.by_axis()
    ]
    context = {"version": version, "axes": axes, "crumbs": crumbs_to(version)}
    return render(request, "portfolio/criteria/library.html", context)


# --- steps of a version's life --------------------------------------------------------------------
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def version_activate(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks, with what would change, and puts the draft in force, now or from a date."""
    version = fetch_editable(CriteriaVersion.objects, request.user, pk=pk)
    form = ActivationForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        day = form.cleaned_data["activate_on"]
        by = signed_in(request)
        try:
            if day is None or day == company_today():
                criteria.activate(version, by)
                done = _("The version is in force. Tonight's scores follow it.")
            else:
                criteria.schedule(version, by, day)
                done = _("The version comes into force by the night of %(day)s.") % {
                    "day": date_format(day, "SHORT_DATE_FORMAT")
                }
        except criteria.CriteriaRefusal as refusal:
            messages.error(request, refusal.sentence)
        else:
            messages.success(request, done)
        return HttpResponseRedirect(version.get_absolute_url())
    former = CriteriaVersion.objects.visible_to(request.user).in_force().first()
    consequences = [
        _(
            "Its criteria, weights and cut-offs stand still from now on; changes need a new version."
        ),
        _("That night every account is scored by it. Scores of past nights stay as they are."),
        _("Until a date to come it can be taken back."),
    ]
    if former is not None:
        consequences.insert(0, _("“%(version)s” is archived then.") % {"version": former})
    context = {
        "version": version,
        "impossible": not version.is_open,
        "faults": criteria.faults(version),
        "question": _("Put “%(version)s” in force?") % {"version": version},
        "consequences": consequences,
        "form": form,
        "submit": _("Activate"),
        "cancel_url": version.get_absolute_url(),
        "crumbs": crumbs_to(version),
    }
    status = 422 if form.errors else 200
    return render(request, "portfolio/criteria/activate.html", context, status=status)


@login_required
@require_POST
def version_unschedule(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes the date back on which a draft was to come into force."""
    version = fetch_editable(CriteriaVersion.objects, request.user, pk=pk)
    return _step(request, version, criteria.unschedule, _("The date is taken back."))


@login_required
@require_safe
def version_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What the version would change: which accounts move, key accounts gained and lost."""
    version = fetch_editable(CriteriaVersion.objects, request.user, pk=pk)
    preview = scoring.preview(version)
    labels = {**dict(CellText.Cell.choices), "": _("Not placed")}
    table: list[Any] = []
    unknown: list[str] = []
    if preview is not None:
        rows = Criterion.objects.visible_to(request.user).active()
        rows = rows.filter(group__criteria_version=version, code__in=preview.unknown)
        unknown = sorted(set(rows.order_by().values_list("name", flat=True)))
        for before in CELLS:
            counts = [preview.moves.get((before, after), 0) for after in CELLS]
            table.append((labels[before], list(zip(CELLS, counts, strict=True)), before))
    context = {
        "version": version,
        "preview": preview,
        "unknown": unknown,
        "cells": [labels[cell] for cell in CELLS],
        "table": table,
        "labels": labels,
        "crumbs": crumbs_to(version),
        "title": _("What it would change"),
    }
    return render_part(
        request,
        "portfolio/criteria/preview_page.html",
        context,
        fragment="portfolio/criteria/_preview.html",
    )


QUESTIONS: dict[bool, tuple[Any, list[Any]]] = {
    True: (
        gettext_lazy("Take the version in force out of use?"),
        [
            gettext_lazy("No account is scored until another version is activated."),
            gettext_lazy("It can not be put in force again; it can be copied."),
        ],
    ),
    False: (
        gettext_lazy("Archive this draft?"),
        [gettext_lazy("It can be brought back on its page.")],
    ),
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def version_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks, and takes a version out of use."""
    version = fetch_editable(CriteriaVersion.objects, request.user, pk=pk)
    if request.method == "POST":
        return _step(request, version, criteria.archive_version, _("The version is archived."))
    question, consequences = QUESTIONS[version.state == CriteriaVersion.State.ACTIVE]
    context = {
        "version": version,
        "impossible": version.state == CriteriaVersion.State.ARCHIVED,
        "question": question,
        "consequences": consequences,
        "submit": _("Archive"),
        "kind": "danger",
        "cancel_url": version.get_absolute_url(),
        "crumbs": crumbs_to(version),
    }
    return render(request, "portfolio/criteria/activate.html", context)


@login_required
@require_POST
def version_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Makes an archived draft a draft again."""
    version = fetch_editable(CriteriaVersion.objects, request.user, pk=pk)
    return _step(request, version, criteria.restore_version, _("The draft is back."))


def _step(request: HttpRequest, version: CriteriaVersion, take: Any, done: str) -> HttpResponse:
    try:
        take(version)
    except criteria.CriteriaRefusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, done)
    return HttpResponseRedirect(version.get_absolute_url())
