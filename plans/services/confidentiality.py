"""Who reads a section: all who see the account, its team, leaders, or named people."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kam.editing import archive
from kam.models import User
from plans.models import Audience, Section, SectionReader
from plans.services.locks import require_open_text
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


@transaction.atomic
def add_reader(section: Section, person: User) -> SectionReader:
    """Names one more reader. Raises ``PlanLocked``, ``ValidationError`` for who does not see the account."""
    named = User.objects.filter(pk__in=section.readers.active().values("user"))
    set_readers(section, [*named, person])
    return SectionReader.objects.active().get(section=section, user=person)


@transaction.atomic
def remove_reader(reader: SectionReader, *, by: User) -> SectionReader:
    """Takes one reader away; nobody locks themselves out."""
    require_open_text(reader.section.plan)
    removed = archive(reader)
    if not Section.objects.visible_to(by).filter(pk=reader.section_id).exists():
        raise ValidationError(_("You would no longer read it yourself."))
    return removed
