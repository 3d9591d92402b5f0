"""The page of one goal: what it has reached and why, its targets over time, what leads to it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kam.editing import fetch_editable, fetch_visible
from kam.inplace import InPlace
from kam.periods import company_today
from plans.measures import OF_YEAR, Reading
from plans.models import Activity, Goal, GoalStep, Measure
from plans.phasing import GoalProgress, goal_progress
from plans.services import goals
from plans.services.locks import aims_are_open, text_is_open
from plans.views.goals import goal_rows, quantity
from plans.views.rows import crumbs_to, plan_for
from plans.work_forms import GoalStepForm

FACTS = (
    "title",
    "perspective",
    "side",
    "measured_by",
    "metric",
    "baseline",
    "target",
    "weight",
    "due_on",
)


@dataclass(frozen=True, slots=True)
class StepRow:
    """A goal's target by a day, and what it had reached then: kept, else by its course."""

    step: GoalStep
    actual: Decimal | None
    computed: bool
    progress: GoalProgress
    past: bool

    @property
    def actual_text(self) -> str:
        return quantity(self.actual)

    @property
    def target_text(self) -> str:
        return quantity(self.step.target)


def step_rows(goal: Goal, steps: list[GoalStep], reading: Reading | None) -> list[StepRow]:
    """The steps with what was reached by their days. The course is known of the year's sales alone."""
    today = company_today()
    found = []
    for step in steps:
        actual, computed = step.actual, False
        if actual is None and reading is not None and step.on <= today:
            actual = reading.by(step.on, goal.measured_by)
            computed = actual is not None
        found.append(
            StepRow(
                step,
                actual,
                computed,
                goal_progress(goal.baseline, step.target, actual),
                step.on < today,
            )
        )
    return found


def _page(request: HttpRequest, goal: Goal, *, status: int = 200, **more: Any) -> HttpResponse:
    plan = plan_for(request.user, goal.plan_id)
    goal.plan = plan
    (row,) = goal_rows([goal])
    everything = list(goal.steps.visible_to(request.user))  # type: ignore[attr-defined]
    for step in everything:
        step.goal = goal
    steps = step_rows(goal, [s for s in everything if s.archived_at is None], row.reading)
    strategies = list(
        goal.strategies.visible_to(request.user).active()  # type: ignore[attr-defined]
    )
    activities = (
        Activity.objects.visible_to(request.user)
        .active()
        .filter(goal=goal)
        .select_related("responsible", "strategy")
        .order_by("due_on", "pk")
    )
    context = {
        "plan": plan,
        "goal": goal,
        "row": row,
        "may_edit": plan.may_edit,  # type: ignore[attr-defined]
        "may_aim": plan.may_aim,  # type: ignore[attr-defined]
        "fields": FACTS,
        "steps": steps,
        "targets": [step.step.target for step in steps],
        "reached": [step.actual for step in steps],
        "archived": [step for step in everything if step.archived_at is not None],
        "strategies": strategies,
        "activities": list(activities),
        "keeps_course": goal.measured_by in OF_YEAR,
        "by_hand": goal.measured_by == Measure.HAND,
        "crumbs": [
            *crumbs_to(plan),
            {"label": _("Goals"), "url": reverse("plans:goal_list", args=[plan.pk])},
        ],
        **more,
    }
    if plan.may_aim and "form" not in context:  # type: ignore[attr-defined]
        context["form"] = _form(request, goal)
    return render(request, "plans/work/goal.html", context, status=status)


def _form(request: HttpRequest, goal: Goal, data: Any = None) -> GoalStepForm:
    new = GoalStep(goal=goal)
    return GoalStepForm(
        data, instance=new, user=request.user, only=("on", "target"), auto_id="new-step-%s"
    )


@login_required
@require_safe
def goal_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A goal with the formula, source and date of what it has reached, and its targets over time."""
    return _page(request, fetch_visible(Goal.objects.all(), request.user, pk=pk))


@login_required
@require_POST
def step_add(request: HttpRequest, pk: int) -> HttpResponse:
    """One more target by a day."""
    goal = fetch_editable(Goal.objects.select_related("plan__account"), request.user, pk=pk)
    form = _form(request, goal, request.POST)
    if form.is_valid():
        try:
            goals.add_step(goal, **form.cleaned_data)
        except ValidationError as error:
            form.add_model_errors(error)
        else:
            return HttpResponseRedirect(reverse("plans:goal_detail", args=[pk]))
    return _page(request, goal, form=form, open_form=True, status=422)


class EditStep(InPlace):
    """One field of a goal's step, where it stands."""

    model = GoalStep
    form_class = GoalStepForm
    fields = ("on", "target", "actual")
    route = "plans:step_edit"
    related = ("goal__plan__account",)
    save = staticmethod(goals.change_step)

    @classmethod
    def may_edit(cls, user: Any, row: Any, name: str) -> bool:
        if row.archived_at is not None:
            return False
        plan = row.goal.plan
        return text_is_open(plan) if name in goals.REACHED else aims_are_open(plan)

    @classmethod
    def row_url(cls, row: Any) -> str:
        return reverse("plans:goal_detail", args=[row.goal_id])


def _step(request: HttpRequest, pk: int, act: Any) -> HttpResponse:
    step = fetch_editable(
        GoalStep.objects.select_related("goal__plan__account"), request.user, pk=pk
    )
    try:
        act(step)
    except ValidationError as error:
        return _page(request, step.goal, refusals=error.messages, status=422)
    return HttpResponseRedirect(reverse("plans:goal_detail", args=[step.goal_id]))


@login_required
@require_POST
def step_keep(request: HttpRequest, pk: int) -> HttpResponse:
    """Writes down what the goal has reached now."""
    return _step(request, pk, goals.keep_reading)


@login_required
@require_POST
def step_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a step out of the goal."""
    return _step(request, pk, goals.archive_step)


@login_required
@require_POST
def step_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Brings a step back."""
    return _step(request, pk, goals.restore_step)
