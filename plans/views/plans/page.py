"""The page of one plan, and why its numbers are what they are."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from kam.models import Company
from kam.periods import company_today, company_year
from plans.joint import read_by_customer
from plans.known import KNOWN
from plans.quality import is_old
from plans.services import lifecycle
from plans.views.comments import open_comments
from plans.views.life import compare_url
from plans.views.plans.badges import badge_of
from plans.views.plans.figures import caption_of, key_figures, months_of, year_figures
from plans.views.rows import crumbs_to, plan_for
from plans.views.steps import may_take


@login_required
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The working place of a KAM: figures, texts, and the panels of targets, goals, activities."""
    plan = plan_for(request.user, pk)
    figures, sales = year_figures(plan)
    todo = (
        plan.activities.open()
        .order_by()
        .aggregate(open=Count("pk"), late=Count("pk", filter=Q(due_on__lt=company_today())))
    )
    steps = steps_for(plan, request.user)
    context = {
        "plan": plan,
        "may_edit": plan.may_edit,  # type: ignore[attr-defined]
        "year_label": company_year(plan.year).label,
        "badge": badge_of(plan),
        "crumbs": crumbs_to(plan, itself=False),
        "figures": key_figures(plan, figures, todo),
        "months": months_of(figures),
        "caption": caption_of(figures),
        "missing": sales.missing,
        "sections": sections_of(plan, request.user),
        "main_step": steps[0] if steps and steps[0]["main"] else None,
        "steps": steps[1:] if steps and steps[0]["main"] else steps,
        "compare_url": compare_url(plan),
        "has_figures": bool(figures.target or figures.actual),
    }
    return render(request, "plans/detail.html", context)


def sections_of(plan: Any, user: Any) -> list[Any]:
    """The plan's sections in use that this person reads, in their order (one query)."""
    found = list(
        plan.sections.visible_to(user)
        .active()
        .annotate(open_comments=open_comments(), at_customer=read_by_customer())
    )
    today = company_today()
    for section in found:
        section.plan = plan
        section.is_old = is_old(section, today)
        section.is_known = section.kind in KNOWN
    return found


def steps_for(plan: Any, user: Any) -> list[dict[str, Any]]:
    """The steps that this person may take with the plan now; the one that matters first."""
    if plan.archived_at is not None:
        return []
    found = []
    for step in (
        lifecycle.APPROVE,
        lifecycle.RETURN,
        lifecycle.SUBMIT,
        lifecycle.WITHDRAW,
        lifecycle.AMEND,
        lifecycle.GIVE_UP,
        lifecycle.CLOSE,
        lifecycle.REOPEN,
    ):
        allowed = may_take(step, plan)
        if step is lifecycle.APPROVE and allowed and plan.status in step.origins:
            allowed = lifecycle.may_approve(plan, user)
        if step is lifecycle.GIVE_UP:
            allowed = allowed and plan.in_force > 0
        if allowed and plan.status in step.origins:
            main = step in (lifecycle.APPROVE, lifecycle.SUBMIT)
            url = reverse(f"plans:{step.name}", args=[plan.pk])
            found.append({"label": step.label, "url": url, "main": main, "name": step.name})
    return found


@login_required
@require_safe
def why(request: HttpRequest, pk: int) -> HttpResponse:
    """How each key figure comes about: formula, months, rates, what is missing."""
    plan = plan_for(request.user, pk)
    figures, sales = year_figures(plan)
    context = {
        "plan": plan,
        "figures": figures,
        "sales": sales,
        "lines": [
            {
                "name": sales.names[line.line],
                "revenue": sum(line.revenue),
                "margin": sum(line.margin),
                "volume": sum(line.volume),
            }
            for line in sorted(sales.lines, key=lambda line: -sum(line.revenue))
        ],
        "year_label": company_year(plan.year).label,
        "crumbs": crumbs_to(plan),
        "company_currency": Company.current().currency,
    }
    return render(request, "plans/why.html", context)
