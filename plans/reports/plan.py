"""The report of one account plan, with all that stands in it for its reader."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import formats
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kam.editing import fetch_visible
from kam.markdown import rendered
from kam.money import rates_for
from kam.periods import FiscalYear, company_today, company_year
from kam.pictures.matrix import Bubble, Ground
from plans import versions
from plans.calc import MonthFigures, YearFigures
from plans.improvement import ImprovementPotential, NeedValue, improvement_potential
from plans.known import Fact, known
from plans.measures import actual_of, progress_of, readings
from plans.models import AccountPlan, Activity, Goal, Need, Strategy, Target
from plans.reports.head import Prepared, file_name, head
from plans.rollup_pictures import bullet_of, message_of, months_of
from plans.selectors import Sales, sales_of, target_months
from plans.stance import Suggestion, suggested_stance
from plans.variance import Variance, variances_of
from plans.versions import RowChange
from portfolio.models import AccountScore, CellText

ZERO = Decimal(0)
#: Changes since the approval that are listed; the rest are named as a number.
CHANGES_LISTED = 60
GROUPS = {
    "plan": gettext_lazy("Plan"),
    "targets": gettext_lazy("Targets"),
    "sections": gettext_lazy("Texts"),
    "goals": gettext_lazy("Goals"),
    "strategies": gettext_lazy("Strategies"),
    "needs": gettext_lazy("Needs"),
    "activities": gettext_lazy("Activities"),
}
HOW = {
    "added": gettext_lazy("added"),
    "removed": gettext_lazy("removed"),
    "changed": gettext_lazy("changed"),
}


@dataclass(frozen=True, slots=True)
class TextSection:
    """A section as the report prints it: what is written, and what the system knows beside it."""

    heading: str
    html: SafeString
    facts: tuple[Fact, ...]
    source: str
    source_on: date | None


@dataclass(frozen=True, slots=True)
class GoalLine:
    """A goal with what it has reached, the ways to it, and what is done for it."""

    goal: Goal
    actual: Decimal | None
    attainment: Decimal | None
    strategies: tuple[tuple[Strategy, tuple[ActivityLine, ...]], ...]
    activities: tuple[ActivityLine, ...]

    @property
    def on_the_way(self) -> bool:
        """Whether anything leads to it yet."""
        return bool(self.strategies or self.activities)


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """An activity and whether it is late today."""

    row: Activity
    late: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where the account stands in the matrix: a picture and its words."""

    score: AccountScore
    bubbles: tuple[Bubble, ...]
    ground: Ground


@dataclass(frozen=True, slots=True)
class Compared:
    """What was approved against what is; ``more`` changes are not listed."""

    number: int
    made_at: Any
    variances: tuple[Variance, ...]
    changes: tuple[tuple[str, RowChange, Any], ...]
    more: int

    @property
    def approved(self) -> Decimal:
        return sum((v.approved for v in self.variances), ZERO)

    @property
    def actual(self) -> Decimal:
        return sum((v.actual for v in self.variances), ZERO)

    @property
    def difference(self) -> Decimal:
        return self.actual - self.approved


def fetch_plan(user: Any, pk: int) -> AccountPlan:
    """The plan with what every report names of it; 404 for what this person may not see."""
    found = AccountPlan.objects.select_related("account__owner__team", "decided_by")
    return fetch_visible(found, user, pk=pk)


def full_plan(user: Any, pk: int) -> Prepared:
    """Everything in the plan that this person reads."""
    plan = fetch_plan(user, pk)
    context = plan_content(plan, user)
    return Prepared(
        "plans/reports/plan.html",
        context,
        plan_head(user, plan, _("Account plan")),
        rows_of(context),
        file_name("plan", plan.account.name, context["year"]),
    )


def rows_of(context: dict[str, Any]) -> int:
    """How many table rows the content makes."""
    return sum(len(context[name]) for name in ("lines", "goals", "activities", "needs"))


def plan_head(user: Any, plan: AccountPlan, title: str) -> dict[str, Any]:
    """Cover and running heads of a plan's report."""
    filters = [
        (_("State"), str(plan.get_status_display())),
        (_("Key account manager"), str(plan.account.owner or "–")),
        (_("Amounts"), plan.currency),
    ]
    if plan.in_force:
        filters.insert(1, (_("Version in force"), str(plan.in_force)))
    name = plan.account.name
    return head(user, title, name, company_year(plan.year), filters, [name])


def plan_content(plan: AccountPlan, user: Any) -> dict[str, Any]:
    """What the plan's report shows to this person, read once."""
    year, today = company_year(plan.year), company_today()
    figures, sales = figures_of(plan, year, today)
    last = sales[year.year - 1]
    targets = (
        plan.targets.active().select_related("line").prefetch_related("months")
    )  # fmt: skip
    lines = [_target_line(target, year) for target in targets.order_by("line__name")]
    activities = activity_lines(plan, today)
    needs = list(plan.needs.active().select_related("agreed_by"))
    goals = goal_lines(plan, activities, today)
    return {
        "plan": plan,
        "account": plan.account,
        "currency": plan.currency,
        "year": year,
        "last_year": year.shifted(-1),
        "figures": figures,
        "last_actual": sum(last.months("revenue"), ZERO),
        "missing": sales[year.year].missing,
        "months": months_of(figures),
        "month_names": [formats.date_format(month, "M") for month in year.months()],
        "message": message_of(figures),
        "bullet": bullet_of(figures),
        "summary": rendered(plan.summary) if plan.summary.strip() else "",
        "sections": section_texts(plan, user),
        "place": place_of(plan),
        "suggestion": suggestion_of(plan),
        "lines": lines,
        "line_totals": [
            sum(column) for column in zip(*(line["months"] for line in lines), strict=True)
        ],
        "needs": needs,
        "potential": potential_of(needs),
        "propositions": list(
            plan.propositions.active().select_related("contact", "need").order_by("pk")
        ),
        "goals": goals,
        "activities": activities,
        "loose": tuple(
            line for line in activities if not (line.row.goal_id or line.row.strategy_id)
        ),
        "compared": compared(plan, user),
    }


def section_texts(plan: AccountPlan, user: Any) -> list[TextSection]:
    """The sections that this person reads and that say something, in the plan's order."""
    found = []
    for section in plan.sections.visible_to(user).active().order_by("position", "pk"):
        facts = tuple(known(section.kind, plan.account, user))
        if section.body.strip() or facts:
            html = rendered(section.body) if section.body.strip() else SafeString()
            found.append(
                TextSection(section.heading, html, facts, section.source, section.source_on)
            )
    return found


def figures_of(
    plan: AccountPlan, year: FiscalYear, today: date
) -> tuple[YearFigures, dict[int, Sales]]:
    """The plan's year and its sales of this year and the last, in the plan's currency."""
    years = [year.shifted(-1), year]
    sales = sales_of(plan.account_id, years, plan.currency, rates_for(plan.year))
    return _plan_year(plan, year, sales[year.year], year.closed_months(today)), sales


def _plan_year(plan: AccountPlan, year: FiscalYear, sales: Sales, closed: int) -> YearFigures:
    """The plan's months in the plan's currency: targets and forecasts against the account's sales."""
    targets = target_months(plan)
    months = zip(year.months(), sales.months("revenue"), sales.months("margin"), strict=True)
    shown = []
    for index, (month, revenue, margin) in enumerate(months):
        held = targets.get(month, {})
        shown.append(
            MonthFigures(
                month,
                index < closed,
                revenue,
                margin,
                held.get("target", ZERO),
                held.get("target_margin", ZERO),
                held.get("expected", ZERO),
            )
        )
    return YearFigures(tuple(shown))


def _target_line(target: Target, year: FiscalYear) -> dict[str, Any]:
    held = {month.month: month for month in target.months.all() if month.archived_at is None}
    months = [held[m].revenue if m in held else ZERO for m in year.months()]
    return {
        "name": target.line.name,
        "months": months,
        "revenue": sum(months),
        "margin": sum((m.margin for m in held.values()), ZERO),
        "volume": sum((m.volume for m in held.values()), ZERO),
        "phasing": target.get_phasing_display(),
    }


def activity_lines(plan: AccountPlan, today: date) -> tuple[ActivityLine, ...]:
    """The plan's activities, the next due first."""
    rows = plan.activities.active().select_related("responsible", "contact")
    return tuple(
        ActivityLine(row, row.is_open and row.due_on is not None and row.due_on < today)
        for row in rows.order_by("due_on", "pk")
    )


def goal_lines(
    plan: AccountPlan, activities: Sequence[ActivityLine], today: date
) -> tuple[GoalLine, ...]:
    """The plan's goals, the customer's and ours, with strategies and activities below each."""
    goals = list(plan.goals.active())
    for goal in goals:
        goal.plan = plan
    read = readings(goals, today)
    by_strategy: dict[int, list[ActivityLine]] = defaultdict(list)
    by_goal: dict[int, list[ActivityLine]] = defaultdict(list)
    ways: dict[int, list[Strategy]] = defaultdict(list)
    strategies = {row.pk: row for row in plan.strategies.active()}
    for strategy in strategies.values():
        if strategy.goal_id:
            ways[strategy.goal_id].append(strategy)
    for line in activities:
        way = strategies.get(line.row.strategy_id or 0)
        if way is not None and way.goal_id:
            by_strategy[way.pk].append(line)
        elif line.row.goal_id:
            by_goal[line.row.goal_id].append(line)
    lines = []
    for goal in goals:
        lines.append(
            GoalLine(
                goal,
                actual_of(goal, read),
                progress_of(goal, read).share,
                tuple((way, tuple(by_strategy[way.pk])) for way in ways[goal.pk]),
                tuple(by_goal[goal.pk]),
            )
        )
    return tuple(lines)


def potential_of(needs: Sequence[Need]) -> ImprovementPotential:
    """The improvement potential index of these needs; dropped ones are in no part."""
    agreed = (Need.State.AGREED, Need.State.REALISED)
    return improvement_potential(
        NeedValue(need.value, need.realised_value, need.chance, need.state in agreed)
        for need in needs
        if need.state != Need.State.DROPPED
    )


def suggestion_of(plan: AccountPlan) -> Suggestion | None:
    """What the matrix suggests, where the plan has taken another stance or none."""
    found = suggested_stance(plan.account_id)
    return found if found is not None and found.stance != plan.stance else None


def place_of(plan: AccountPlan) -> Place | None:
    """The account's place in the matrix of the last night; ``None`` without one."""
    score = (
        AccountScore.objects.current()
        .filter(account=plan.account_id)
        .select_related("criteria_version")
        .first()
    )
    if score is None or not score.cell or score.profitability is None or score.potential is None:
        return None
    names = dict(CellText.Cell.choices)
    retain, nurture, develop, whole = (
        str(names[cell]) for cell in ("retain", "nurture", "develop", "all")
    )
    version = score.criteria_version
    bubble = Bubble(
        plan.account_id, score.profitability, score.potential, plan.account.name,
        plan.account.name, strong=True,
    )  # fmt: skip
    cells = (retain, nurture, develop, whole)
    return Place(score, (bubble,), Ground(version.profitability_cut, version.potential_cut, cells))


def compared(plan: AccountPlan, user: Any) -> Compared | None:
    """The approved version against now, as far as this person reads it; ``None`` without one."""
    version = plan.versions.filter(number=plan.in_force).first() if plan.in_force else None
    if version is None:
        return None
    old = versions.for_reader(version.content, plan, user)
    new = versions.for_reader(versions.snapshot(plan), plan, user)
    changes = versions.compare(old, new)
    return Compared(
        version.number,
        version.made_at,
        tuple(variances_of(plan, old)),
        tuple(
            (str(GROUPS[change.group]), change, HOW[change.how])
            for change in changes[:CHANGES_LISTED]
        ),
        max(0, len(changes) - CHANGES_LISTED),
    )
