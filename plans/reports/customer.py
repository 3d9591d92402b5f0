"""The customer's edition of a plan: only what has been chosen for sharing with them.

Sections, goals and activities that stand behind a link which has not been ended, and needs that the
customer has agreed to. No sales figures, targets, margin, stance, or section that is kept to some.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from kam.markdown import rendered
from kam.periods import company_year
from plans.models import (
    AccountPlan,
    Audience,
    Need,
    PlanShare,
    SharedActivity,
    SharedGoal,
    SharedSection,
)
from plans.reports.head import Prepared, file_name, head
from plans.reports.plan import fetch_plan


def customer_edition(user: Any, pk: int) -> Prepared:
    """The plan as the customer may hold it in their hands."""
    plan = fetch_plan(user, pk)
    year = company_year(plan.year)
    context = {
        "account": plan.account,
        "currency": plan.currency,
        "year": year,
        **shared_content(plan),
    }
    filters = [(_("Your contact"), str(plan.account.owner))] if plan.account.owner else []
    return Prepared(
        "plans/reports/customer.html",
        context,
        head(user, _("Our plan together"), plan.account.name, year, filters, [plan.account.name]),
        len(context["goals"]) + len(context["activities"]) + len(context["needs"]),
        file_name("joint-plan", plan.account.name, year),
    )


def shared_content(plan: AccountPlan) -> dict[str, Any]:
    """What the plan's links that have not been ended show, each thing once."""
    shares = PlanShare.objects.active().filter(plan=plan).order_by().values("pk")
    sections = {
        row.section_id: row.section
        for row in SharedSection.objects.active()
        .filter(
            share__in=shares,
            section__plan=plan,
            section__audience=Audience.ACCOUNT,
            section__archived_at__isnull=True,
        )
        .select_related("section")
        .order_by("section__position", "section_id")
    }
    goals = {
        row.goal_id: row.goal
        for row in SharedGoal.objects.active()
        .filter(share__in=shares, goal__plan=plan, goal__archived_at__isnull=True)
        .select_related("goal")
        .order_by("goal__side", "goal__due_on", "goal_id")
    }
    activities = {
        row.activity_id: row.activity
        for row in SharedActivity.objects.active()
        .filter(share__in=shares, activity__plan=plan, activity__archived_at__isnull=True)
        .select_related("activity__responsible", "activity__contact")
        .order_by("activity__due_on", "activity_id")
    }
    agreed = (Need.State.AGREED, Need.State.REALISED)
    return {
        "sections": [
            (section.heading, rendered(section.body))
            for section in sections.values()
            if section.body.strip()
        ],
        "goals": list(goals.values()),
        "activities": list(activities.values()),
        "needs": list(
            plan.needs.active().filter(state__in=agreed).select_related("agreed_by").order_by("pk")
        ),
    }
