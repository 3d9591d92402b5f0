"""Fetching plans of levels with this person's rights beside them, and the figures below them."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from kam.models import Company
from kam.periods import FiscalYear, company_year
from plans.models import LevelPlan
from plans.rollup_scope import Scope

LEVELS = ("company", "team", "kam")


def level_plans(user: Any) -> Any:
    """The plans of levels that this person sees; ``may_edit`` says whether they change them."""
    mine = LevelPlan.objects.editable_by(user).filter(pk=OuterRef("pk")).order_by()
    found = LevelPlan.objects.visible_to(user).select_related("owner", "team")
    return found.annotate(may_edit=Exists(mine))


def level_plan(user: Any, pk: int) -> Any:
    """One plan of a level, or 404 (one query)."""
    plan = level_plans(user).filter(pk=pk).first()
    if plan is None:
        raise Http404
    return plan


def plan_at(user: Any, level: str, pk: int | None, year: FiscalYear) -> Any:
    """The plan of a level and year, if there is one that this person sees (one query)."""
    return level_plans(user).filter(year=year.year, **key_of(level, pk)).first()


def key_of(level: str, pk: int | None) -> dict[str, Any]:
    """Level and subject as the plan's columns; 404 for what is no level."""
    if level not in LEVELS or (level == "company") != (pk is None):
        raise Http404
    return {
        "level": level,
        "owner_id": pk if level == "kam" else None,
        "team_id": pk if level == "team" else None,
    }


def subject_of(plan: LevelPlan) -> tuple[str, int | None]:
    """Level and id, as the roll-up's addresses have them."""
    return plan.level, plan.owner_id or plan.team_id


def below(scope: Scope, plan: LevelPlan) -> tuple[Any, Any] | None:
    """A plan's accounts and the owners whose prepared figures are its sum (at most one query).

    ``None`` for those who read the plan and may not see the figures.
    """
    try:
        return scope.accounts_of(*subject_of(plan))
    except Http404:
        return None


def heading_of(plan: LevelPlan) -> str:
    """``North 2026``, ``Nordic Pumps 2026``."""
    name = plan.owner or plan.team or Company.current().name
    return f"{name} {company_year(plan.year).label}"


def rollup_url(plan: LevelPlan) -> str:
    """The roll-up's page of the level."""
    level, pk = subject_of(plan)
    return reverse(f"plans:rollup_{level}", args=[pk] if pk else []) + f"?year={plan.year}"


def crumbs_to(user: Any, plan: LevelPlan, *, itself: bool = True) -> list[dict[str, str]]:
    """The way to a plan: the roll-up where this person may open it."""
    crumbs = [{"label": _("Roll-up"), "url": reverse("plans:rollup") + f"?year={plan.year}"}]
    if itself:
        crumbs.append(
            {"label": heading_of(plan), "url": reverse("plans:level_detail", args=[plan.pk])}
        )
    return crumbs
