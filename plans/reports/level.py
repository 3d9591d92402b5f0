"""What a level's own plan adds to its report: texts, the gap, its goals, the shares of its target."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.http import Http404
from django.utils.safestring import SafeString

from kam.markdown import rendered
from plans.calc import ratio
from plans.models import CascadeShare, LevelGoal, LevelPlan, Measure
from plans.rollup_scope import Scope
from plans.rollup_text import measured_words
from plans.rollups import Node
from plans.rollups import goals as rolled

LEVELS = ("company", "team", "kam")
TEXTS = ("summary", "priorities", "resources", "gap_argument")


@dataclass(frozen=True, slots=True)
class LevelGoalLine:
    """A goal of the level and what is reached: typed, or rolled up from the account plans."""

    goal: LevelGoal
    sum: rolled.GoalSum | None

    @property
    def actual(self) -> Decimal | None:
        if self.goal.measured_by == Measure.HAND:
            return self.goal.actual
        return None if self.sum is None else self.sum.value

    @property
    def attainment(self) -> Decimal | None:
        return ratio(self.actual, self.goal.target)


@dataclass(frozen=True, slots=True)
class LevelContent:
    """A level's plan as the report prints it."""

    plan: LevelPlan
    texts: tuple[tuple[str, SafeString], ...]
    goals: tuple[LevelGoalLine, ...]
    shares: tuple[CascadeShare, ...]
    target_below: Decimal
    margin_below: Decimal

    @property
    def measured(self) -> str:
        """Of when the goals are that the night measured, in words; empty where all are of now."""
        return measured_words(line.sum for line in self.goals)

    @property
    def gap(self) -> Decimal | None:
        """Sum of the account plans − target from above: below zero, so much is missing."""
        return None if self.plan.revenue is None else self.target_below - self.plan.revenue

    @property
    def margin_gap(self) -> Decimal | None:
        return None if self.plan.margin is None else self.margin_below - self.plan.margin


def level_content(scope: Scope, node: Node) -> LevelContent | None:
    """The plan of the node's level and year, if there is one that this person sees."""
    if node.kind not in LEVELS:
        return None
    plan = (
        LevelPlan.objects.visible_to(scope.user)
        .active()
        .filter(
            level=node.kind,
            year=node.fiscal_year.year,
            owner=node.pk if node.kind == "kam" else None,
            team=node.pk if node.kind == "team" else None,
        )
        .first()
    )
    if plan is None:
        return None
    texts = tuple(
        (str(plan.field_label(name)), rendered(getattr(plan, name)))
        for name in TEXTS
        if getattr(plan, name).strip()
    )
    shares = (
        CascadeShare.objects.filter(plan=plan)
        .visible_to(scope.user)
        .active()
        .select_related("team", "owner", "account")
        .order_by("-revenue", "pk")
    )
    year = node.figures.year
    return LevelContent(
        plan,
        texts,
        _goals(plan, scope, node),
        tuple(shares[:100]),
        year.target,
        year.target_margin,
    )


def _goals(plan: LevelPlan, scope: Scope, node: Node) -> tuple[LevelGoalLine, ...]:
    goals = list(plan.goals.active())
    measures = {goal.measured_by for goal in goals} - {Measure.HAND}
    sums = {
        measure: rolled.of_figures(measure, node.figures)
        for measure in measures & rolled.OF_FIGURES
    }
    if measures - rolled.OF_FIGURES:
        try:
            accounts, owners = scope.accounts_of(node.kind, node.pk)
        except Http404:
            accounts, owners = scope.accounts().none(), scope.owners.none()
        year = node.fiscal_year.year
        sums |= rolled.level_goal_sums(
            measures, accounts, owners, year, node.rates[year], unowned=node.kind == "company"
        )
    return tuple(LevelGoalLine(goal, sums.get(goal.measured_by)) for goal in goals)
