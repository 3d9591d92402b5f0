"""Sections of a plan: made from a template, written, confirmed, kept to some readers."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kam.editing import archive, restore, save_fields
from kam.models import User
from kam.periods import company_today
from plans.library import STANDARD
from plans.models import AccountPlan, PlanTemplate, Section, SectionReader
from plans.selectors import people_who_see
from plans.services.locks import require_open_text

#: What a section takes over from its template.
SHAPE = ("kind", "title", "guidance", "position", "weight", "fresh_days", "audience")
#: Whose change says something new about the customer: freshness counts from then.
WRITTEN = frozenset({"body", "source", "source_on"})


def fill_sections(plans: Iterable[AccountPlan], template: PlanTemplate | None) -> None:
    """Gives new plans the sections of a template; the standard ones without a template."""
    if template is not None:
        shapes = [
            {name: getattr(section, name) for name in SHAPE}
            for section in template.sections.active()
        ]
    else:
        shapes = [
            {"kind": s.kind, "position": n, "weight": s.weight, "fresh_days": s.fresh_days}
            for n, s in enumerate(STANDARD)
        ]
    Section.objects.bulk_create(
        [Section(plan=plan, **shape) for plan in plans for shape in shapes], batch_size=1000
    )


@transaction.atomic
def add_section(plan: AccountPlan, **fields: Any) -> Section:
    """One more section, at the end. Raises ``PlanLocked``, ``ValidationError``."""
    require_open_text(plan)
    last = plan.sections.order_by("-position").values_list("position", flat=True).first()
    fields.setdefault("position", 0 if last is None else last + 1)
    section = Section(plan=plan, **fields)
    if section.body:
        section.confirmed_on = company_today()
    section.clean_fields(exclude=["plan"])
    section.clean()
    section.validate_constraints()
    section.save()
    return section


@transaction.atomic
def change_section(
    section: Section, changes: Mapping[str, Any], *, base_version: int | None
) -> Section:
    """Saves the touched fields of a section; new words are words of today."""
    require_open_text(section.plan)
    if WRITTEN & changes.keys():
        changes = {**changes, "confirmed_on": company_today()}
    return save_fields(section, changes, base_version=base_version)


@transaction.atomic
def confirm_section(section: Section) -> Section:
    """Says that what the section tells still holds today."""
    require_open_text(section.plan)
    if not section.body.strip():
        raise ValidationError(_("There is nothing to confirm yet: write it first."))
    return save_fields(section, {"confirmed_on": company_today()}, base_version=None)


@transaction.atomic
def archive_section(section: Section) -> Section:
    """Takes a section out of the plan; it can be brought back."""
    require_open_text(section.plan)
    return archive(section)


@transaction.atomic
def restore_section(section: Section) -> Section:
    require_open_text(section.plan)
    return restore(section)


@transaction.atomic
def move_section(section: Section, by: int) -> None:
    """Moves a section of a plan up (−1) or down (1). Raises ``PlanLocked``."""
    require_open_text(section.plan)
    moved(section, section.plan.sections.active(), by)


def moved(row: Any, siblings: Any, by: int) -> None:
    """Moves a row among its siblings by places; it stays at the end where there are no more."""
    order = list(siblings.select_for_update().order_by("position", "pk"))
    place = next((n for n, other in enumerate(order) if other.pk == row.pk), None)
    if place is None:
        return
    order.insert(max(0, min(place + by, len(order) - 1)), order.pop(place))
    for position, other in enumerate(order):
        if other.position != position:
            save_fields(other, {"position": position}, base_version=None)


@transaction.atomic
def set_readers(section: Section, people: Iterable[User]) -> None:
    """Who reads the section where it is kept to named people; they must see the account."""
    require_open_text(section.plan)
    wanted = {person.pk: person for person in people}
    seeing = set(
        people_who_see(section.plan.account).filter(pk__in=wanted).values_list("pk", flat=True)
    )
    blind = [person for pk, person in wanted.items() if pk not in seeing]
    if blind:
        raise ValidationError(
            _("%(name)s does not see %(account)s.")
            % {"name": blind[0], "account": section.plan.account}
        )
    held = {reader.user_id: reader for reader in section.readers.all()}
    for pk, reader in held.items():
        if pk in wanted and reader.archived_at is not None:
            restore(reader)
        elif pk not in wanted and reader.archived_at is None:
            archive(reader)
    for pk in wanted.keys() - held.keys():
        SectionReader.objects.create(section=section, user_id=pk)
