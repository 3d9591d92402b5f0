"""Sections of a plan: arranged, read with what is known, gone through one by one; the plan's quality."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kam.editing import EditConflict, fetch_editable, fetch_visible
from kam.forms import posted_version
from kam.htmx import render as render_part
from plans.forms import SectionForm
from plans.joint import read_by_customer
from plans.known import known
from plans.models import AccountPlan, Section
from plans.quality import assess
from plans.section_forms import NewSectionForm
from plans.services import sections
from plans.services.templates import guidance_of
from plans.stance import suggested_stance
from plans.views.rows import crumbs_to, plan_for

# unscoped: only ever handed to fetch_visible and fetch_editable
_OF_PLAN = Section.objects.select_related("plan__account")


@login_required
@require_safe
def arrange(request: HttpRequest, pk: int) -> HttpResponse:
    """All sections of a plan that this person reads: order, weight, readers; archived ones too."""
    plan = plan_for(request.user, pk)
    found = list(plan.sections.visible_to(request.user))
    taken = {section.kind for section in found if section.archived_at is None}
    context = {
        "plan": plan,
        "sections": [section for section in found if section.archived_at is None],
        "archived": [section for section in found if section.archived_at is not None],
        "form": NewSectionForm(user=request.user, taken=taken) if plan.may_edit else None,  # type: ignore[attr-defined]
        "crumbs": crumbs_to(plan),
    }
    return render(request, "plans/sections/arrange.html", context)


@login_required
@require_POST
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """One more section."""
    plan = plan_for(request.user, pk)
    if not plan.editable:  # type: ignore[attr-defined]
        raise PermissionDenied
    there = set(plan.sections.active().values_list("kind", flat=True))
    form = NewSectionForm(request.POST, user=request.user, taken=there)
    if form.is_valid():
        try:
            sections.add_section(plan, **form.cleaned_data)
        except ValidationError as error:
            form.add_model_errors(error)
        else:
            return redirect("plans:section_list", pk=plan.pk)
    found = list(plan.sections.visible_to(request.user))
    context = {
        "plan": plan,
        "sections": [section for section in found if section.archived_at is None],
        "archived": [section for section in found if section.archived_at is not None],
        "form": form,
        "crumbs": crumbs_to(plan),
    }
    return render(request, "plans/sections/arrange.html", context, status=422)


def _act(request: HttpRequest, pk: int, act: Any, *, to_plan: bool = False) -> HttpResponse:
    section = fetch_editable(_OF_PLAN, request.user, pk=pk)
    try:
        act(section)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    if to_plan:
        return redirect(f"{section.plan.get_absolute_url()}#s-{section.pk}")
    return redirect("plans:section_list", pk=section.plan_id)


@login_required
@require_POST
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a section out of the plan."""
    return _act(request, pk, sections.archive_section)


@login_required
@require_POST
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Brings a section back."""
    return _act(request, pk, sections.restore_section)


@login_required
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Says that a section still holds."""
    return _act(request, pk, sections.confirm_section, to_plan=True)


@login_required
@require_POST
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Moves a section one place up or down."""
    step = -1 if request.POST.get("to") == "up" else 1
    return _act(request, pk, lambda section: sections.move_section(section, step))


@login_required
@require_safe
def known_facts(request: HttpRequest, pk: int) -> HttpResponse:
    """What the system knows beside a section's text."""
    section = fetch_visible(_OF_PLAN, request.user, pk=pk)
    context = {
        "plan": section.plan,
        "facts": known(section.kind, section.plan.account, request.user),
        "title": section.heading,
        "crumbs": crumbs_to(section.plan),
        "part": "plans/sections/_known.html",
    }
    return render_part(request, "plans/panel.html", context, fragment="plans/sections/_known.html")


@login_required
@require_safe
def quality(request: HttpRequest, pk: int) -> HttpResponse:
    """The panel of the plan's quality: how complete, how fresh, what to do."""
    plan = plan_for(request.user, pk)
    found = list(plan.sections.active())  # unscoped: the measure is the plan's, without any text
    stance = suggested_stance(plan.account_id)
    context = {
        "plan": plan,
        "may_edit": plan.may_edit,  # type: ignore[attr-defined]
        "assessment": assess(plan, found, request.user, may_edit=plan.editable),  # type: ignore[attr-defined]
        "stance": stance,
        "stance_label": AccountPlan.Stance(stance.stance).label if stance else "",
        "title": _("Quality of the plan"),
        "crumbs": crumbs_to(plan),
        "part": "plans/sections/_quality.html",
    }
    return render_part(
        request, "plans/panel.html", context, fragment="plans/sections/_quality.html"
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def guide(request: HttpRequest, pk: int) -> HttpResponse:
    """Goes through the plan question by question: answer, confirm, or leave for later."""
    plan = plan_for(request.user, pk)
    if not plan.editable:  # type: ignore[attr-defined]
        raise PermissionDenied
    rows = plan.sections.visible_to(request.user).active()
    found = list(rows.annotate(at_customer=read_by_customer()))
    if not found:
        return redirect("plans:section_list", pk=plan.pk)
    at = _place(found, request.POST.get("at") or request.GET.get("at") or "")
    section = found[at]
    section.plan = plan
    following = found[at + 1] if at + 1 < len(found) else None
    form = SectionForm(
        request.POST if request.method == "POST" and request.POST.get("do") == "save" else None,
        instance=section,
        user=request.user,
        only=("body", "source", "source_on"),
    )
    status = 200
    if request.method == "POST":
        status = 422
        if _answered(request, section, form):
            if following is None:
                messages.success(request, _("You have been through all sections."))
                return redirect(plan)
            return redirect(f"{request.path}?at={following.pk}")
    context = {
        "plan": plan,
        "section": section,
        "question": section.guidance or guidance_of(section.kind),
        "facts": known(section.kind, plan.account, request.user),
        "form": form,
        "number": at + 1,
        "count": len(found),
        "before": found[at - 1] if at else None,
        "following": following,
        "crumbs": crumbs_to(plan),
    }
    return render(request, "plans/sections/guide.html", context, status=status)


def _place(found: Sequence[Section], asked: str) -> int:
    if not asked:
        return 0
    for place, section in enumerate(found):
        if str(section.pk) == asked:
            return place
    raise Http404


def _answered(request: HttpRequest, section: Section, form: SectionForm) -> bool:
    """Whether the answer is kept; else the form says why not."""
    base = posted_version(request, section)
    # unscoped: the row that fetch has let through, as it is stored
    held = Section.objects.select_related("plan__account").get(pk=section.pk)
    try:
        if request.POST.get("do") == "confirm":
            sections.confirm_section(held)
        elif request.POST.get("do") == "save":
            if not form.is_valid():
                return False
            sections.change_section(held, form.changes(), base_version=base)
    except EditConflict as conflict:
        form.show(conflict)
        return False
    except ValidationError as error:
        if form.is_bound:
            form.show(error)
        else:
            messages.error(request, " ".join(error.messages))
        return False
    return True
