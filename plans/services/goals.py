"""Goals of a plan, ours and the customer's."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from kam.editing import archive, restore, save_fields
from plans.models import AccountPlan, Goal
from plans.services.locks import require_open_text


@transaction.atomic
def add_goal(plan: AccountPlan, **fields: Any) -> Goal:
    """A new goal of the plan. Raises ``PlanLocked``, ``ValidationError``."""
    require_open_text(plan)
    goal = Goal(plan=plan, **fields)
    goal.clean_fields(exclude=["plan"])
    goal.clean()
    goal.save()
    return goal


def change_goal(goal: Goal, changes: Mapping[str, Any], *, base_version: int | None) -> Goal:
    """Saves the touched fields of a goal; see ``kam.editing.save_fields``."""
    require_open_text(goal.plan)
    return save_fields(goal, changes, base_version=base_version)


def archive_goal(goal: Goal) -> Goal:
    """Takes a goal out of the plan; its activities stay."""
    require_open_text(goal.plan)
    return archive(goal)


def restore_goal(goal: Goal) -> Goal:
    require_open_text(goal.plan)
    return restore(goal)
