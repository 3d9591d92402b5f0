"""Who reads a section: all who see the account, its team, leaders, or named people."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kam.models import User
from plans.models import Audience, Section
from plans.services.sections import change_section, set_readers


@transaction.atomic
def keep_to(
    section: Section,
    audience: str,
    people: Iterable[User] = (),
    *,
    by: User,
    base_version: int | None = None,
) -> Section:
    """Keeps a section to an audience; ``people`` are its readers where it is kept to named people.

    Who sets it goes on reading it (nobody locks themselves out by mistake). Raises ``PlanLocked``,
    ``EditConflict``, ``ValidationError``.
    """
    changed = change_section(section, {"audience": audience}, base_version=base_version)
    changed.plan = section.plan
    if audience == Audience.NAMED:
        set_readers(changed, people)
    if not Section.objects.visible_to(by).filter(pk=section.pk).exists():
        raise ValidationError(
            _("You would no longer read it yourself. Name yourself among the readers.")
            if audience == Audience.NAMED
            else _("You would no longer read it yourself. Choose another circle.")
        )
    return changed
