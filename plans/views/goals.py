"""Goals of a plan: the tree of goals, strategies and activities, the scorecard, and the writes."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import F
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kam.editing import fetch_editable
from kam.htmx import render as render_part
from kam.htmx import wants_fragment
from kam.inplace import InPlace
from kam.number_text import amount
from plans.attainment import weighted_share
from plans.joint import answers_to
from plans.measures import Reading, actual_of, progress_of, readings
from plans.models import Activity, Goal, Measure, Perspective, Strategy
from plans.phasing import GoalProgress
from plans.services import goals
from plans.services.locks import aims_are_open, text_is_open
from plans.views.rows import add_row, crumbs_to, plan_for
from plans.work_forms import GoalForm, StrategyForm

NEW = (
    "title",
    "perspective",
    "measured_by",
    "metric",
    "side",
    "baseline",
    "target",
    "weight",
    "due_on",
)
NEW_STRATEGY = ("title", "goal", "description")
#: How many open activities stand below a strategy; the goal's page shows all.
AT_MOST = 5


def quantity(value: Decimal | None) -> str:
    """A goal's number, with decimals only where it has them."""
    if value is None:
        return ""
    value = round(value, 2)
    return amount(value, 0 if value == value.to_integral_value() else 2)


@dataclass(slots=True)
class Branch:
    """Open activities below a strategy (or right below a goal), and how many are done."""

    strategy: Strategy | None
    activities: list[Activity] = field(default_factory=list)
    done: int = 0

    @property
    def shown(self) -> list[Activity]:
        return self.activities[:AT_MOST]

    @property
    def more(self) -> int:
        return max(0, len(self.activities) - AT_MOST)


@dataclass(slots=True)
class GoalRow:
    """One goal with how far it has come, and what carries it."""

    goal: Goal
    progress: GoalProgress
    actual: Decimal | None
    reading: Reading | None
    branches: list[Branch] = field(default_factory=list)

    @property
    def percent(self) -> int:
        """For the bar: 0 to 100."""
        share = self.progress.share
        return 0 if share is None else max(0, min(100, int(share * 100)))

    @property
    def actual_text(self) -> str:
        return quantity(self.actual)

    @property
    def counts(self) -> Decimal | None:
        """The attainment as the scorecard counts it, from 0 to 1."""
        if self.progress.reached:
            return Decimal(1)
        share = self.progress.share
        if share is None:
            # Held, and not held: nothing of it is reached.
            known = self.actual is not None and self.goal.target is not None
            return Decimal(0) if known else None
        return max(Decimal(0), min(Decimal(1), share))


def goal_rows(found: list[Goal]) -> list[GoalRow]:
    """Goals of a plan with what they have reached (at most two queries for all)."""
    known = readings(found)
    return [
        GoalRow(goal, progress_of(goal, known), actual_of(goal, known), known.get(goal.pk))
        for goal in found
    ]


class Tree:
    """A plan's goals, with strategies and activities below them (five queries at most)."""

    def __init__(self, plan: Any, user: Any) -> None:
        everything = list(plan.goals.all())
        plan.answers_by_goal = answers_to(everything)  # what the template's tag shows
        self.archived = [goal for goal in everything if goal.archived_at is not None]
        self.rows = goal_rows([goal for goal in everything if goal.archived_at is None])
        strategies = list(plan.strategies.all())
        self.archived_strategies = [s for s in strategies if s.archived_at is not None]
        kept = [s for s in strategies if s.archived_at is None]
        activities = (
            Activity.objects.visible_to(user)
            .active()
            .filter(plan=plan)
            .exclude(goal=None, strategy=None)
            .exclude(status=Activity.Status.CANCELLED)
            .select_related("responsible")
            .order_by(F("due_on").asc(nulls_last=True), "pk")
        )
        branches = {strategy.pk: Branch(strategy) for strategy in kept}
        loose: dict[int | None, Branch] = defaultdict(lambda: Branch(None))
        for activity in activities:
            branch = branches.get(activity.strategy_id or 0) or loose[activity.goal_id]
            if activity.is_open:
                branch.activities.append(activity)
            else:
                branch.done += 1
        known = {row.goal.pk for row in self.rows}
        for row in self.rows:
            row.branches = [b for b in branches.values() if _goal_of(b) == row.goal.pk]
            if row.goal.pk in loose:
                row.branches.append(loose[row.goal.pk])
        #: Strategies that lead to no goal in use.
        self.loose = [b for b in branches.values() if _goal_of(b) not in known]

    @cached_property
    def sides(self) -> list[tuple[Any, list[GoalRow]]]:
        return [
            (side.label, [row for row in self.rows if row.goal.side == side]) for side in Goal.Side
        ]


def _goal_of(branch: Branch) -> int | None:
    return branch.strategy.goal_id if branch.strategy is not None else None


def views_of(plan: Any, current: str) -> list[dict[str, Any]]:
    """The two ways to look at goals."""
    places = (("plans:goal_list", _("Goals and strategies")), ("plans:scorecard", _("Scorecard")))
    return [
        {
            "label": label,
            "url": reverse(route, args=[plan.pk]),
            "current": route == current,
        }
        for route, label in places
    ]


def _panel(request: HttpRequest, plan: Any, *, status: int = 200, **more: Any) -> HttpResponse:
    tree = Tree(plan, request.user)
    context = {
        "plan": plan,
        "may_edit": plan.may_edit,
        "may_aim": plan.may_aim,
        "views": views_of(plan, "plans:goal_list"),
        "tree": tree,
        "sides": tree.sides,
        "count": len(tree.rows),
        "archived": tree.archived,
        "title": _("Goals"),
        "crumbs": crumbs_to(plan),
        "part": "plans/_goals.html",
        **more,
    }
    if plan.may_aim and "form" not in context:
        context["form"] = _form(request, plan)
    if plan.may_edit and "strategy_form" not in context:
        context["strategy_form"] = _strategy_form(
            request, plan, chosen=[row.goal for row in tree.rows]
        )
    return render_part(
        request, "plans/panel.html", context, fragment="plans/_goals.html", status=status
    )


def _form(request: HttpRequest, plan: Any, data: Any = None) -> GoalForm:
    return GoalForm(
        data, instance=Goal(plan=plan), user=request.user, only=NEW, auto_id="new-goal-%s"
    )


def _strategy_form(
    request: HttpRequest, plan: Any, data: Any = None, chosen: list[Goal] | None = None
) -> StrategyForm:
    """``chosen``: the goals to choose from where they are at hand, to spare asking for them."""
    new = Strategy(plan=plan)
    form = StrategyForm(
        data, instance=new, user=request.user, only=NEW_STRATEGY, auto_id="new-strategy-%s"
    )
    if chosen is not None:
        form.fields["goal"].widget.choices = [  # type: ignore[attr-defined]
            ("", "–"),
            *((goal.pk, goal.title) for goal in chosen),
        ]
    return form


def goals_panel(request: HttpRequest, plan_pk: int, **more: Any) -> HttpResponse:
    """The panel after something in it was done."""
    return _panel(request, plan_for(request.user, plan_pk), **more)


def _after(request: HttpRequest, plan_pk: int) -> HttpResponse:
    if wants_fragment(request):
        return goals_panel(request, plan_pk)
    return HttpResponseRedirect(reverse("plans:goal_list", args=[plan_pk]))


@login_required
@require_safe
def goal_list(request: HttpRequest, pk: int) -> HttpResponse:
    """The panel of goals, ours and the customer's, with what leads to them."""
    return _panel(request, plan_for(request.user, pk))


@login_required
@require_http_methods(["POST"])
def goal_add(request: HttpRequest, pk: int) -> HttpResponse:
    """One more goal."""
    return add_row(
        request,
        pk,
        form_for=_form,
        add=lambda plan, form: goals.add_goal(plan, **form.told()),
        done=lambda plan, row: _after(request, plan.pk),
        again=lambda plan, form: _panel(request, plan, form=form, open_form=True, status=422),
    )


@login_required
@require_http_methods(["POST"])
def strategy_add(request: HttpRequest, pk: int) -> HttpResponse:
    """One more strategy."""
    return add_row(
        request,
        pk,
        form_for=_strategy_form,
        add=lambda plan, form: goals.add_strategy(plan, **form.cleaned_data),
        done=lambda plan, row: _after(request, plan.pk),
        again=lambda plan, form: _panel(
            request, plan, strategy_form=form, open_strategy=True, status=422
        ),
    )


class EditGoal(InPlace):
    """One field of a goal, where it stands."""

    model = Goal
    form_class = GoalForm
    fields = (
        "title",
        "metric",
        "side",
        "perspective",
        "measured_by",
        "baseline",
        "target",
        "actual",
        "weight",
        "due_on",
    )
    route = "plans:goal_edit"
    related = ("plan__account",)
    save = staticmethod(goals.change_goal)

    @classmethod
    def may_edit(cls, user: Any, row: Any, name: str) -> bool:
        if row.archived_at is not None:
            return False
        if name in goals.REACHED:
            return row.measured_by == Measure.HAND and text_is_open(row.plan)
        return aims_are_open(row.plan)

    @classmethod
    def row_url(cls, row: Any) -> str:
        return reverse("plans:goal_list", args=[row.plan_id])


class EditStrategy(InPlace):
    """One field of a strategy, where it stands."""

    model = Strategy
    form_class = StrategyForm
    fields = ("title", "goal", "description")
    route = "plans:strategy_edit"
    related = ("plan__account", "goal")
    save = staticmethod(goals.change_strategy)
    displays = {"goal": lambda row: str(row.goal or "")}

    @classmethod
    def may_edit(cls, user: Any, row: Any, name: str) -> bool:
        return row.archived_at is None and text_is_open(row.plan)

    @classmethod
    def row_url(cls, row: Any) -> str:
        return reverse("plans:goal_list", args=[row.plan_id])


def _goal(request: HttpRequest, pk: int) -> Goal:
    return fetch_editable(Goal.objects.select_related("plan__account"), request.user, pk=pk)


@login_required
@require_POST
def goal_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a goal out of the plan."""
    return _change(request, _goal(request, pk), goals.archive_goal)


@login_required
@require_POST
def goal_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Brings a goal back."""
    return _change(request, _goal(request, pk), goals.restore_goal)


def _strategy(request: HttpRequest, pk: int) -> Strategy:
    return fetch_editable(Strategy.objects.select_related("plan__account"), request.user, pk=pk)


@login_required
@require_POST
def strategy_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a strategy out of the plan."""
    return _change(request, _strategy(request, pk), goals.archive_strategy)


@login_required
@require_POST
def strategy_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Brings a strategy back."""
    return _change(request, _strategy(request, pk), goals.restore_strategy)


def _change(request: HttpRequest, row: Any, act: Callable[[Any], Any]) -> HttpResponse:
    try:
        act(row)
    except ValidationError as error:
        return goals_panel(request, row.plan_id, refusals=error.messages, status=422)
    return _after(request, row.plan_id)


# --- the balanced scorecard -------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Quadrant:
    """One side of the scorecard: its goals, and their attainment by weight."""

    label: Any
    rows: list[GoalRow]
    share: Decimal | None

    @property
    def percent(self) -> int:
        return 0 if self.share is None else int(self.share * 100)

    @property
    def unknown(self) -> int:
        """Goals whose attainment is not known: they count in neither sum."""
        return sum(1 for row in self.rows if row.counts is None)


def scorecard_of(rows: list[GoalRow]) -> tuple[list[Quadrant], Decimal | None]:
    """The four quadrants, and the share of all goals together."""

    def share(listed: list[GoalRow]) -> Decimal | None:
        return weighted_share((row.goal.weight, row.counts) for row in listed)

    quadrants = []
    for perspective in Perspective:
        own = [row for row in rows if row.goal.perspective == perspective]
        quadrants.append(Quadrant(perspective.label, own, share(own)))
    return quadrants, share(rows)


@login_required
@require_safe
def scorecard(request: HttpRequest, pk: int) -> HttpResponse:
    """The plan's goals by finance, customer, process and learning."""
    plan = plan_for(request.user, pk)
    rows = goal_rows(list(plan.goals.active()))  # type: ignore[attr-defined]
    quadrants, total = scorecard_of(rows)
    context = {
        "plan": plan,
        "may_edit": plan.may_edit,  # type: ignore[attr-defined]
        "views": views_of(plan, "plans:scorecard"),
        "quadrants": quadrants,
        "total": total,
        "title": _("Balanced scorecard"),
        "crumbs": crumbs_to(plan),
        "part": "plans/work/_scorecard.html",
    }
    return render_part(request, "plans/panel.html", context, fragment="plans/work/_scorecard.html")
