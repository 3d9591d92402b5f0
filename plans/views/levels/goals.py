"""Goals of a level: the panel, adding, editing in place, archiving, and the lines behind a number."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kam.editing import fetch_editable, fetch_visible
from kam.htmx import render as render_part
from kam.htmx import wants_fragment
from kam.inplace import InPlace
from kam.money import rates_for
from kam.periods import company_today, company_year
from plans import rollups
from plans.calc import ratio
from plans.levels_forms import LevelGoalForm
from plans.models import LevelGoal, Measure, Perspective
from plans.rollup_scope import scope_of
from plans.rollup_text import measured_words
from plans.rollups import goals as rolled
from plans.services import levels
from plans.views.levels.rows import below, crumbs_to, heading_of, level_plan, subject_of
from plans.views.rollup.addresses import lines_address

NEW = ("title", "metric", "perspective", "measured_by", "target", "due_on")


@dataclass(frozen=True, slots=True)
class GoalRow:
    """A level's goal with what is reached. ``sum`` is empty where it is typed or may not be seen."""

    goal: LevelGoal
    sum: rolled.GoalSum | None
    lines_url: str = ""

    @property
    def actual(self) -> Decimal | None:
        return self.goal.actual if self.goal.measured_by == Measure.HAND else self.rolled

    @property
    def rolled(self) -> Decimal | None:
        return self.sum.value if self.sum else None

    @property
    def attainment(self) -> Decimal | None:
        """Actual / target."""
        return ratio(self.actual, self.goal.target)

    @property
    def percent(self) -> int:
        """For the bar: 0 to 100."""
        return 0 if self.attainment is None else max(0, min(100, int(self.attainment * 100)))

    @property
    def how(self) -> str:
        """How the number came about, in words."""
        if self.goal.measured_by == Measure.HAND:
            return _("typed")
        if self.goal.measured_by in rolled.ADDITIVE:
            return _("sum")
        return _("weighted by revenue")


def goal_rows(plan: Any, user: Any, goals: list[LevelGoal]) -> list[GoalRow]:
    """Goals with their roll-up: the level's figures and one query over the account plans' goals.

    Five queries: whether the figures may be seen, rates, months, counts, the plans' goals.
    """
    measures = {goal.measured_by for goal in goals} - {Measure.HAND}
    scope = scope_of(user)
    parts = below(scope, plan) if measures else None
    if parts is None:
        return [GoalRow(goal, None) for goal in goals]
    year = company_year(plan.year)
    accounts, owners = parts
    sums: dict[str, rolled.GoalSum] = {}
    if measures & rolled.OF_FIGURES:
        figures, sheet = rollups.sums(
            owners,
            year,
            company_today(),
            unowned=plan.level == "company",
            whole=plan.level == "company",
        )
        rates = sheet.rates[year.year]
        for measure in measures & rolled.OF_FIGURES:
            sums[measure] = rolled.of_figures(measure, figures)
    else:
        rates = rates_for(year.year)
    sums |= rolled.level_goal_sums(
        measures, accounts, owners, year.year, rates, unowned=plan.level == "company"
    )
    return [
        GoalRow(goal, sums.get(goal.measured_by), reverse("plans:level_goal_lines", args=[goal.pk]))
        if goal.measured_by != Measure.HAND
        else GoalRow(goal, None)
        for goal in goals
    ]


def _panel(request: HttpRequest, plan: Any, *, status: int = 200, **more: Any) -> HttpResponse:
    everything = list(plan.goals.all())
    for goal in everything:
        goal.plan = plan
    rows = goal_rows(plan, request.user, [g for g in everything if g.archived_at is None])
    context = {
        "plan": plan,
        "may_edit": plan.may_edit,
        "perspectives": [
            (side.label, [row for row in rows if row.goal.perspective == side])
            for side in Perspective
        ],
        "count": len(rows),
        "measured": measured_words(row.sum for row in rows),
        "archived": [goal for goal in everything if goal.archived_at is not None],
        "title": _("Goals"),
        "crumbs": crumbs_to(request.user, plan),
        "part": "plans/levels/_goals.html",
        **more,
    }
    if plan.may_edit and "form" not in context:
        context["form"] = _form(request, plan)
    return render_part(
        request, "plans/levels/page.html", context,
        fragment="plans/levels/_goals.html", status=status,
    )  # fmt: skip


def _form(request: HttpRequest, plan: Any, data: Any = None) -> LevelGoalForm:
    goal = LevelGoal(plan=plan)
    return LevelGoalForm(
        data, instance=goal, user=request.user, only=NEW, auto_id="new-level-goal-%s"
    )


@login_required
@require_safe
def goal_list(request: HttpRequest, pk: int) -> HttpResponse:
    """The panel of a level's goals."""
    return _panel(request, level_plan(request.user, pk))


@login_required
@require_POST
def goal_add(request: HttpRequest, pk: int) -> HttpResponse:
    """One more goal."""
    plan = level_plan(request.user, pk)
    if not plan.may_edit:
        raise PermissionDenied
    form = _form(request, plan, request.POST)
    if form.is_valid():
        try:
            levels.add_level_goal(plan, **form.cleaned_data)
        except ValidationError as error:
            form.add_model_errors(error)
        else:
            return _after(request, plan.pk)
    return _panel(request, plan, form=form, open_form=True, status=422)


def _after(request: HttpRequest, plan_pk: int) -> HttpResponse:
    if wants_fragment(request):
        return _panel(request, level_plan(request.user, plan_pk))
    return HttpResponseRedirect(reverse("plans:level_goals", args=[plan_pk]))


class EditLevelGoal(InPlace):
    """One field of a level's goal, where it stands."""

    model = LevelGoal
    form_class = LevelGoalForm
    fields = ("title", "metric", "perspective", "measured_by", "target", "actual", "due_on")
    related = ("plan",)
    route = "plans:level_goal_edit"
    save = staticmethod(levels.change_level_goal)

    @classmethod
    def may_edit(cls, user: Any, row: Any, name: str) -> bool:
        by_hand = row.measured_by == Measure.HAND
        return row.archived_at is None and (name != "actual" or by_hand)

    @classmethod
    def row_url(cls, row: Any) -> str:
        return reverse("plans:level_goals", args=[row.plan_id])


@login_required
@require_POST
def goal_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a goal out of the plan."""
    goal = fetch_editable(LevelGoal.objects.all(), request.user, pk=pk)
    levels.archive_level_goal(goal)
    return _after(request, goal.plan_id)


@login_required
@require_POST
def goal_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Brings a goal back."""
    goal = fetch_editable(LevelGoal.objects.all(), request.user, pk=pk)
    levels.restore_level_goal(goal)
    return _after(request, goal.plan_id)


@login_required
@require_safe
def goal_lines(request: HttpRequest, pk: int) -> HttpResponse:
    """The accounts that a goal's number consists of: value, weight, source, date."""
    goal = fetch_visible(LevelGoal.objects.all(), request.user, pk=pk)
    plan = level_plan(request.user, goal.plan_id)
    parts = below(scope_of(request.user), plan)
    if parts is None or goal.measured_by == Measure.HAND:
        raise Http404
    level, subject = subject_of(plan)
    year = company_year(plan.year)
    if goal.measured_by in rolled.OF_FIGURES or goal.measured_by == Measure.VOLUME:
        return HttpResponseRedirect(lines_address(level, subject, year))
    accounts, owners = parts
    rates = rates_for(year.year)
    total = rolled.level_goal_sums(
        {goal.measured_by}, accounts, owners, year.year, rates, unowned=level == "company"
    )
    lines = rolled.goal_lines(goal.measured_by, accounts, year.year, rates)
    context = {
        "goal": goal,
        "plan": plan,
        "sum": total.get(goal.measured_by),
        "measured": measured_words(total.values()),
        "lines": lines,
        "additive": goal.measured_by in rolled.ADDITIVE,
        "currency": rates.currency,
        "year": year,
        "title": goal.title,
        "state": heading_of(plan),
        "crumbs": crumbs_to(request.user, plan),
        "part": "plans/levels/_goal_lines.html",
    }
    return render_part(
        request, "plans/levels/page.html", context, fragment="plans/levels/_goal_lines.html"
    )
