"""Goals of a plan: the panel, adding, editing in place, archiving."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kam.editing import fetch_editable
from kam.htmx import render as render_part
from kam.htmx import wants_fragment
from kam.inplace import InPlace
from plans.forms import GoalForm
from plans.models import Goal
from plans.phasing import GoalProgress, goal_progress
from plans.services import goals
from plans.services.locks import text_is_open
from plans.views.rows import crumbs_to, plan_for

NEW = ("title", "metric", "side", "baseline", "target", "due_on")


@dataclass(frozen=True, slots=True)
class GoalRow:
    """One goal with how far it has come."""

    goal: Goal
    progress: GoalProgress

    @property
    def percent(self) -> int:
        """For the bar: 0 to 100."""
        share = self.progress.share
        return 0 if share is None else max(0, min(100, int(share * 100)))


def _panel(request: HttpRequest, plan: Any, *, status: int = 200, **more: Any) -> HttpResponse:
    everything = list(plan.goals.all())
    rows = [
        GoalRow(goal, goal_progress(goal.baseline, goal.target, goal.actual))
        for goal in everything
        if goal.archived_at is None
    ]
    context = {
        "plan": plan,
        "may_edit": plan.may_edit,
        "sides": [
            (side.label, [row for row in rows if row.goal.side == side]) for side in Goal.Side
        ],
        "count": len(rows),
        "archived": [goal for goal in everything if goal.archived_at is not None],
        "title": _("Goals"),
        "crumbs": crumbs_to(plan),
        "part": "plans/_goals.html",
        **more,
    }
    if plan.may_edit and "form" not in context:
        context["form"] = _form(request, plan)
    return render_part(
        request, "plans/panel.html", context, fragment="plans/_goals.html", status=status
    )


def _form(request: HttpRequest, plan: Any, data: Any = None) -> GoalForm:
    return GoalForm(
        data, instance=Goal(plan=plan), user=request.user, only=NEW, auto_id="new-goal-%s"
    )


def _after(request: HttpRequest, plan_pk: int) -> HttpResponse:
    if wants_fragment(request):
        return _panel(request, plan_for(request.user, plan_pk))
    return HttpResponseRedirect(reverse("plans:goal_list", args=[plan_pk]))


@login_required
@require_safe
def goal_list(request: HttpRequest, pk: int) -> HttpResponse:
    """The panel of goals, ours and the customer's."""
    return _panel(request, plan_for(request.user, pk))


@login_required
@require_http_methods(["POST"])
def goal_add(request: HttpRequest, pk: int) -> HttpResponse:
    """One more goal."""
    plan = plan_for(request.user, pk)
    if not plan.editable:  # type: ignore[attr-defined]
        raise PermissionDenied
    form = _form(request, plan, request.POST)
    if form.is_valid():
        try:
            goals.add_goal(plan, **form.cleaned_data)
        except ValidationError as error:
            form.add_model_errors(error)
        else:
            return _after(request, plan.pk)
    return _panel(request, plan, form=form, open_form=True, status=422)


class EditGoal(InPlace):
    """One field of a goal, where it stands."""

    model = Goal
    form_class = GoalForm
    fields = ("title", "metric", "side", "baseline", "target", "actual", "due_on")
    route = "plans:goal_edit"
    related = ("plan__account",)
    save = staticmethod(goals.change_goal)

    @classmethod
    def may_edit(cls, user: Any, row: Any, name: str) -> bool:
        return row.archived_at is None and text_is_open(row.plan)

    @classmethod
    def row_url(cls, row: Any) -> str:
        return reverse("plans:goal_list", args=[row.plan_id])


def _goal(request: HttpRequest, pk: int) -> Goal:
    return fetch_editable(Goal.objects.select_related("plan"), request.user, pk=pk)


@login_required
@require_POST
def goal_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a goal out of the plan."""
    goal = _goal(request, pk)
    return _change(request, goal, lambda: goals.archive_goal(goal))


@login_required
@require_POST
def goal_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Brings a goal back."""
    goal = _goal(request, pk)
    return _change(request, goal, lambda: goals.restore_goal(goal))


def _change(request: HttpRequest, goal: Goal, act: Any) -> HttpResponse:
    try:
        act()
    except ValidationError as error:
        plan = plan_for(request.user, goal.plan_id)
        return _panel(request, plan, refusals=error.messages, status=422)
    return _after(request, goal.plan_id)
