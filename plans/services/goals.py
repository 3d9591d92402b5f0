"""Goals of a plan, ours and the customer's; the strategies that lead to them; their steps over time.

What a goal aims at stands still once the plan is approved (amend it first); what it has reached, and
the strategies, stay open.
"""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kam.editing import archive, restore, save_fields, touching
from plans.measures import readings
from plans.models import AccountPlan, Goal, GoalStep, Measure, Strategy
from plans.services.locks import require_open_aims, require_open_text
from plans.services.refusals import PlanRefusal

#: What is followed up and no aim: it stays open in an approved plan.
REACHED = frozenset({"actual"})


@transaction.atomic
def add_goal(plan: AccountPlan, **fields: Any) -> Goal:
    """A new goal of the plan. Raises ``PlanLocked``, ``ValidationError``.

    A goal that the system measures is called by its measure where no metric is named.
    """
    require_open_aims(plan)
    goal = Goal(plan=plan, **fields)
    if not goal.metric and goal.measured_by != Measure.HAND:
        goal.metric = str(Measure(goal.measured_by).label)
    _refuse_typed(goal.measured_by, goal.actual)
    goal.clean_fields(exclude=["plan"])
    goal.clean()
    goal.save()
    return goal


@transaction.atomic
def change_goal(goal: Goal, changes: Mapping[str, Any], *, base_version: int | None) -> Goal:
    """Saves the touched fields of a goal; see ``kam.editing.save_fields``."""
    changes = touching(goal, changes)
    if changes.keys() <= REACHED:
        require_open_text(goal.plan)
    else:
        require_open_aims(goal.plan)
    _refuse_typed(changes.get("measured_by", goal.measured_by), changes.get("actual"))
    return save_fields(goal, changes, base_version=base_version)


def _refuse_typed(measured_by: str, actual: Any) -> None:
    if actual is not None and measured_by != Measure.HAND:
        raise ValidationError({"actual": _("The system measures this goal: nothing is typed.")})


@transaction.atomic
def archive_goal(goal: Goal) -> Goal:
    """Takes a goal out of the plan; its strategies and activities stay."""
    require_open_aims(goal.plan)
    return archive(goal)


@transaction.atomic
def restore_goal(goal: Goal) -> Goal:
    require_open_aims(goal.plan)
    return restore(goal)


# --- steps: targets over time ---------------------------------------------------------------------
@transaction.atomic
def add_step(goal: Goal, **fields: Any) -> GoalStep:
    """What the goal shall have reached by a day. Raises ``PlanLocked``, ``ValidationError``."""
    require_open_aims(goal.plan)
    step = GoalStep(goal=goal, **fields)
    step.clean_fields(exclude=["goal"])
    step.clean()
    step.validate_constraints()
    step.save()
    return step


@transaction.atomic
def change_step(
    step: GoalStep, changes: Mapping[str, Any], *, base_version: int | None
) -> GoalStep:
    """Saves the touched fields of a step; what was reached stays open in an approved plan."""
    changes = touching(step, changes)
    if changes.keys() <= REACHED:
        require_open_text(step.goal.plan)
    else:
        require_open_aims(step.goal.plan)
    return save_fields(step, changes, base_version=base_version)


@transaction.atomic
def keep_reading(step: GoalStep) -> GoalStep:
    """Writes down at the step what the goal has reached now. Refused where that is not known."""
    require_open_text(step.goal.plan)
    goal = step.goal
    value = goal.actual
    if goal.measured_by != Measure.HAND:
        value = readings([goal])[goal.pk].value
    if value is None:
        raise PlanRefusal(_("What “%(goal)s” has reached is not known.") % {"goal": goal})
    return save_fields(step, {"actual": round(value, 2)}, base_version=None)


@transaction.atomic
def archive_step(step: GoalStep) -> GoalStep:
    require_open_aims(step.goal.plan)
    return archive(step)


@transaction.atomic
def restore_step(step: GoalStep) -> GoalStep:
    require_open_aims(step.goal.plan)
    return restore(step)


# --- strategies -----------------------------------------------------------------------------------
@transaction.atomic
def add_strategy(plan: AccountPlan, **fields: Any) -> Strategy:
    """One way to a goal. Raises ``PlanLocked``, ``ValidationError``."""
    require_open_text(plan)
    strategy = Strategy(plan=plan, **fields)
    _check_goal(plan, fields)
    strategy.clean_fields(exclude=["plan"])
    strategy.clean()
    strategy.save()
    return strategy


@transaction.atomic
def change_strategy(
    strategy: Strategy, changes: Mapping[str, Any], *, base_version: int | None
) -> Strategy:
    """Saves the touched fields; see ``kam.editing.save_fields``."""
    require_open_text(strategy.plan)
    _check_goal(strategy.plan, changes)
    return save_fields(strategy, changes, base_version=base_version)


@transaction.atomic
def archive_strategy(strategy: Strategy) -> Strategy:
    """Takes a strategy out of the plan; its activities stay."""
    require_open_text(strategy.plan)
    return archive(strategy)


@transaction.atomic
def restore_strategy(strategy: Strategy) -> Strategy:
    require_open_text(strategy.plan)
    return restore(strategy)


def _check_goal(plan: AccountPlan, changes: Mapping[str, Any]) -> None:
    goal = changes.get("goal")
    if goal is not None and goal.plan_id != plan.pk:
        raise ValidationError({"goal": _("This goal belongs to another plan.")})
