"""Plans of portfolios, teams and the company, and their goals."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from kam.editing import archive, restore, save_fields
from kam.forms import violation
from kam.models import Team, User
from kam.scoping import principal
from plans.models import LevelGoal, LevelPlan
from plans.services.refusals import PlanRefusal

#: What comes from above and is not set by who answers for the level.
FROM_ABOVE = frozenset({"revenue", "margin"})
TEXTS = ("summary", "priorities", "resources", "gap_argument")


@transaction.atomic
def create_level_plan(
    level: str, year: int, *, owner: User | None = None, team: Team | None = None
) -> LevelPlan:
    """The level's plan of the year: a new one, or the one that is there.

    Raises ``ValidationError`` where it would be of nobody, or of a KAM and a team at once.
    """
    try:
        with transaction.atomic():
            found, _made = LevelPlan.objects.get_or_create(
                level=level, year=year, owner=owner, team=team
            )
    except IntegrityError as error:
        raise violation(error, LevelPlan) from error
    return found if found.archived_at is None else restore(found)


def change_level_plan(
    plan: LevelPlan, changes: Mapping[str, Any], *, base_version: int | None
) -> LevelPlan:
    """Saves the touched fields; see ``kam.editing.save_fields``. Raises ``ValidationError``."""
    for name in FROM_ABOVE & set(changes):
        value = changes[name]
        if isinstance(value, Decimal) and value < 0 and name == "revenue":
            raise ValidationError({name: _("A target is not below zero.")})
    return save_fields(plan, changes, base_version=base_version)


def answers_for(user: Any, plan: LevelPlan) -> bool:
    """Whether this person is who the target from above is given to: the KAM, the team's leader.

    No queries where the plan's team is fetched with it.
    """
    person = principal(user)
    if person is None:
        return False
    themselves = {person.pk, user.pk}  # also while they stand in for those above
    if plan.team is not None:
        return plan.team.leader_id in themselves
    return plan.owner_id in themselves


def refuse_own_target(user: Any, plan: LevelPlan, changes: Mapping[str, Any]) -> None:
    """Raises ``PlanRefusal`` where somebody would set the target from above for themselves."""
    named = FROM_ABOVE & set(changes)
    if named and answers_for(user, plan):
        words = _("The target from above is set by those above, or by a share that you accept.")
        raise PlanRefusal(dict.fromkeys(named, words))


def archive_level_plan(user: Any, plan: LevelPlan) -> LevelPlan:
    """Takes a level's plan out of use; refused to who answers for a target from above in it."""
    if answers_for(user, plan) and (plan.revenue is not None or plan.margin is not None):
        raise PlanRefusal(_("It holds the target from above: those above take it out of use."))
    return archive(plan)


@transaction.atomic
def add_level_goal(plan: LevelPlan, **fields: Any) -> LevelGoal:
    """A new goal of the level. Raises ``ValidationError``."""
    goal = LevelGoal(plan=plan, **fields)
    goal.clean_fields(exclude=["plan"])
    goal.clean()
    goal.save()
    return goal


def change_level_goal(
    goal: LevelGoal, changes: Mapping[str, Any], *, base_version: int | None
) -> LevelGoal:
    """Saves the touched fields of a goal."""
    return save_fields(goal, changes, base_version=base_version)


def archive_level_goal(goal: LevelGoal) -> LevelGoal:
    """Takes a goal out of the level's plan."""
    return archive(goal)


def restore_level_goal(goal: LevelGoal) -> LevelGoal:
    """Brings a goal back."""
    return restore(goal)
