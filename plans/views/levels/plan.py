"""The plan of a portfolio, a team or the company: texts, the target from above, the sum from below."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kam.editing import is_editable
from kam.htmx import render as render_part
from kam.htmx import wants_fragment
from kam.inplace import InPlace
from kam.markdown import rendered
from kam.models import Company, Team, User
from kam.periods import company_today, company_year
from kam.scoping import SEES_ALL, Role, principal
from plans import rollups
from plans.calc import ZERO, change
from plans.levels_forms import LevelPlanForm
from plans.models import CascadeShare, LevelPlan
from plans.rollup_scope import Scope, scope_of
from plans.services import levels
from plans.views.levels.rows import (
    below,
    crumbs_to,
    heading_of,
    key_of,
    level_plan,
    plan_at,
    rollup_url,
    subject_of,
)
from plans.views.rollup.addresses import asked_year, lines_address

TEXTS = ("summary", "priorities", "resources")


@dataclass(frozen=True, slots=True)
class Gap:
    """One measure: what is asked from above, what the account plans hold, what was shared out.

    ``given`` is the sum of the shares that stand, ``agreed`` of those accepted. ``below`` is empty
    for those who may not see the figures.
    """

    name: str
    label: str
    above: Decimal | None
    below: Decimal | None
    forecast: Decimal | None
    given: Decimal | None
    agreed: Decimal | None
    url: str = ""

    @property
    def gap(self) -> Decimal | None:
        """Sum from below − target from above: below zero, so much is missing."""
        return None if self.above is None or self.below is None else self.below - self.above

    @property
    def share(self) -> Decimal | None:
        return None if self.gap is None else change(self.below or ZERO, self.above)


def gaps_of(plan: LevelPlan, scope: Scope) -> tuple[list[Gap], Any]:
    """Revenue and margin of a plan beside the roll-up, and what has no rate.

    Five queries: whether the figures may be seen, rates, months, counts, shares.
    """
    year, today = company_year(plan.year), company_today()
    level, pk = subject_of(plan)
    figures, parts = None, below(scope, plan)
    if parts is not None:
        figures, _sheet = rollups.sums(
            parts[1], year, today, unowned=level == "company", whole=level == "company"
        )
    accepted = Q(state=CascadeShare.State.ACCEPTED)
    shares = CascadeShare.objects.filter(plan=plan).visible_to(scope.user).active().order_by()
    given = shares.aggregate(
        given_revenue=Sum("revenue"), given_margin=Sum("margin"),
        agreed_revenue=Sum("revenue", filter=accepted), agreed_margin=Sum("margin", filter=accepted),
    )  # fmt: skip
    now = figures.year if figures else None
    url = lines_address(level, pk, year, "targets") if now else ""
    sums = {"revenue": now.target, "margin": now.target_margin} if now else {}
    found = [
        Gap(
            name,
            label,
            getattr(plan, name),
            sums.get(name),
            now.forecast if now and name == "revenue" else None,
            given[f"given_{name}"],
            given[f"agreed_{name}"] or ZERO,
            url,
        )
        for name, label in (("revenue", _("Revenue")), ("margin", _("Margin")))
    ]
    return found, figures.missing if figures else ()


@login_required
@require_safe
def panel(request: HttpRequest, level: str, pk: int | None = None) -> HttpResponse:
    """The plan of a level and year; where there is none, the way to begin one."""
    year, scope = asked_year(request), scope_of(request.user)
    plan = plan_at(request.user, level, pk, year)
    if plan is not None:
        return _answer(request, plan, scope)
    scope.accounts_of(level, pk)  # 404 for who may not open the level
    subject = LevelPlan(year=year.year, **key_of(level, pk))
    context = {
        "plan": None,
        "may_begin": _may_begin(request.user, subject),
        "begin_url": reverse("plans:level_begin", args=[level] if pk is None else [level, pk]),
        "year": year,
        "title": _("Plan"),
        "crumbs": crumbs_to(request.user, subject, itself=False),
        "part": "plans/levels/_plan.html",
    }
    return render_part(
        request, "plans/levels/page.html", context, fragment="plans/levels/_plan.html"
    )


def _may_begin(user: Any, plan: LevelPlan) -> bool:
    """Whether to offer a plan; the row rule decides when it is made. No queries."""
    person = principal(user)
    if person is None or getattr(user, "read_only", False):
        return False
    if person.role in (SEES_ALL | {Role.LEADER}):
        return plan.level != "company" or person.role in SEES_ALL
    return plan.level == "kam" and plan.owner_id == person.pk


@login_required
@require_POST
def begin(request: HttpRequest, level: str, pk: int | None = None) -> HttpResponse:
    """Makes the level's plan of the year."""
    year, key = asked_year(request), key_of(level, pk)
    scope_of(request.user).accounts_of(level, pk)  # 404 for who may not open the level
    with transaction.atomic():
        owner = _one(User, request.user, key["owner_id"])
        team = _one(Team, request.user, key["team_id"])
        plan = levels.create_level_plan(level, year.year, owner=owner, team=team)
        if not is_editable(plan, request.user):
            raise PermissionDenied
    if wants_fragment(request):
        return _answer(request, level_plan(request.user, plan.pk), scope_of(request.user))
    return HttpResponseRedirect(reverse("plans:level_detail", args=[plan.pk]))


def _one(model: type[User] | type[Team], user: Any, pk: int | None) -> Any:
    """The person or team whose figures this user may open; nobody without an id."""
    return model.objects.figures_visible_to(user).filter(pk=pk).first() if pk else None


@login_required
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The plan on a page of its own: also for those whom it steers and who see no figures."""
    return _answer(request, level_plan(request.user, pk), scope_of(request.user))


def _answer(request: HttpRequest, plan: Any, scope: Scope) -> HttpResponse:
    gaps, missing = gaps_of(plan, scope)
    seen = bool(gaps[0].url)
    context = {
        "plan": plan,
        "may_edit": plan.may_edit,
        "gaps": gaps,
        "missing": () if wants_fragment(request) else missing,  # the roll-up around it says it
        "seen": seen,
        "argued": any(gap.gap is not None and gap.gap < 0 for gap in gaps),
        "currency": Company.current().currency,
        "year": company_year(plan.year),
        "title": heading_of(plan),
        "crumbs": crumbs_to(request.user, plan, itself=False),
        "rollup_url": rollup_url(plan) if seen else "",
        "part": "plans/levels/_plan.html",
    }
    return render_part(
        request, "plans/levels/page.html", context, fragment="plans/levels/_plan.html"
    )


def _prose(name: str, plan: LevelPlan) -> str:
    text = rendered(getattr(plan, name))
    return format_html('<div class="prose">{}</div>', text) if text else ""


class EditLevelPlan(InPlace):
    """One field of a level's plan, where it stands."""

    model = LevelPlan
    form_class = LevelPlanForm
    fields = (*TEXTS, "revenue", "margin", "gap_argument")
    displays = {name: partial(_prose, name) for name in levels.TEXTS}
    related = ("owner", "team")
    route = "plans:level_edit"
    save = staticmethod(levels.change_level_plan)

    @classmethod
    def may_edit(cls, user: Any, row: Any, name: str) -> bool:
        if row.archived_at is not None:
            return False
        return name not in levels.FROM_ABOVE or not levels.answers_for(user, row)

    @classmethod
    def row_url(cls, row: Any) -> str:
        return reverse("plans:level_detail", args=[row.pk])
