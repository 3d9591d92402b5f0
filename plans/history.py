"""By which services archived rows of this app come back.

Old values of single fields go back by the services that the pages' in-place editing names.
"""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from kam.event_readers import shows_events
from kam.history import restores
from plans.models import (
    AccountPlan,
    Activity,
    ActivityPerson,
    CascadeShare,
    Goal,
    GoalStep,
    LevelGoal,
    Need,
    PlanComment,
    PlanShare,
    ReviewPerson,
    Section,
    SectionReader,
    SharedSection,
    Strategy,
    Target,
    ValueProposition,
)
from plans.services import review_people
from plans.services.activities import restore_activity, restore_person
from plans.services.goals import restore_goal, restore_step, restore_strategy
from plans.services.levels import restore_level_goal
from plans.services.needs import restore_need, restore_proposition
from plans.services.plans import bring_back
from plans.services.sections import restore_section
from plans.services.sharing import never_restored
from plans.services.steering import steers
from plans.services.targets import restore_target

restores(AccountPlan, bring_back, may=steers)
restores(Target, restore_target)
restores(Goal, restore_goal)
restores(LevelGoal, restore_level_goal)
restores(Activity, restore_activity)
restores(PlanShare, never_restored)
restores(Need, restore_need)
restores(ValueProposition, restore_proposition)
restores(GoalStep, restore_step)
restores(Strategy, restore_strategy)
restores(ActivityPerson, restore_person)
restores(ReviewPerson, review_people.restore_person)
restores(Section, restore_section)


def _not_from_here(_row: Any) -> Any:
    raise ValidationError(
        _("This is brought back on the plan's own pages, with what belongs to it.")
    )


for _model in (SectionReader, SharedSection, CascadeShare):
    restores(_model, _not_from_here)


def _section_events(reader: Any, section: Section) -> Callable[[Any], bool]:
    """What a section said while it was kept to few is shown to those few."""
    known: dict[str, bool] = {}

    def seen(event: Any) -> bool:
        if event.audience not in known:
            rows = Section.objects.filter(pk=section.pk).read_as(reader, event.audience)
            known[event.audience] = rows.exists()
        return known[event.audience]

    return seen


shows_events(Section, _section_events)


def _comment_events(reader: Any, comment: PlanComment) -> Callable[[Any], bool]:
    """What a comment said while its section was kept to few is shown to those few: opening the
    section shows the comment as it stands, not what it said before."""
    section = comment.section
    if section is None:
        return lambda event: True
    readable = _section_events(reader, section)
    kept = section.events.order_by("pgh_id").only("audience", "pgh_created_at")  # type: ignore[attr-defined]
    audiences = list(kept)

    def seen(event: Any) -> bool:
        before = [e for e in audiences if e.pgh_created_at < event.pgh_created_at]
        same = [e for e in audiences if e.pgh_created_at == event.pgh_created_at]
        return all(readable(e) for e in [*before[-1:], *same])

    return seen


shows_events(PlanComment, _comment_events)
