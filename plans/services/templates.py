"""Templates: which one fits an account, and those that an installation starts with."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Account
from kam.editing import archive, restore, save_fields
from plans.library import QUESTIONS, TEMPLATES
from plans.models import PlanTemplate, TemplateSection
from plans.services.sections import moved
from portfolio.models import AccountScore, SegmentPlacement


def template_for(account: Account) -> PlanTemplate | None:
    """The template of the lowest rank that fits: its segment, its matrix cell, key accounts, all."""
    return fitting_templates(account).order_by("rank", "pk").first()


def fitting_templates(account: Account) -> Any:
    """All templates in use that fit an account (a query)."""
    placed = SegmentPlacement.objects.filter(account=account, last_night__isnull=True)
    cells = AccountScore.objects.current().filter(account=account).exclude(cell="")
    fits = Q(segment=None) | Q(segment__in=placed.order_by().values("segment"))
    fits &= Q(cell="") | Q(cell__in=cells.order_by().values("cell"))
    if not account.is_key_account:
        fits &= Q(key_accounts_only=False)
    return PlanTemplate.objects.active().filter(fits)


@transaction.atomic
def install_templates() -> int:
    """Adds the ready templates where there is none at all; returns how many were added."""
    if PlanTemplate.objects.exists():
        return 0
    for seed in TEMPLATES:
        template = PlanTemplate.objects.create(
            name=str(seed.name),
            description=str(seed.description),
            rank=seed.rank,
            cell=seed.cell,
            key_accounts_only=seed.key_accounts_only,
            customer_review_months=seed.customer_review_months,
        )
        TemplateSection.objects.bulk_create(
            [
                TemplateSection(
                    template=template,
                    kind=section.kind,
                    guidance=str(QUESTIONS[section.kind]),
                    position=number,
                    weight=section.weight,
                    fresh_days=section.fresh_days,
                )
                for number, section in enumerate(seed.sections)
            ]
        )
    return len(TEMPLATES)


@transaction.atomic
def create_template(*, copy_of: PlanTemplate | None = None, **fields: Any) -> PlanTemplate:
    """A new template, empty or with the sections of another. Raises ``ValidationError``."""
    template = PlanTemplate(**fields)
    template.full_clean()
    template.save()
    if copy_of is not None:
        for section in copy_of.sections.active():
            section.pk = None
            section._state.adding = True
            section.template = template
            section.save()
    return template


def change_template(
    template: PlanTemplate, changes: Mapping[str, Any], *, base_version: int | None
) -> PlanTemplate:
    """Saves the touched fields. Plans that were made from it stay as they are."""
    return save_fields(template, changes, base_version=base_version)


def archive_template(template: PlanTemplate) -> PlanTemplate:
    """Takes a template out of use; plans made from it stay."""
    return archive(template)


def restore_template(template: PlanTemplate) -> PlanTemplate:
    return restore(template)


@transaction.atomic
def add_template_section(template: PlanTemplate, **fields: Any) -> TemplateSection:
    """One more section, at the end. Raises ``ValidationError``."""
    last = template.sections.order_by("-position").values_list("position", flat=True).first()
    fields.setdefault("position", 0 if last is None else last + 1)
    section = TemplateSection(template=template, **fields)
    section.full_clean()
    section.save()
    return section


def change_template_section(
    section: TemplateSection, changes: Mapping[str, Any], *, base_version: int | None
) -> TemplateSection:
    return save_fields(section, changes, base_version=base_version)


def archive_template_section(section: TemplateSection) -> TemplateSection:
    return archive(section)


def restore_template_section(section: TemplateSection) -> TemplateSection:
    return restore(section)


@transaction.atomic
def move_template_section(section: TemplateSection, by: int) -> None:
    """Moves a section of a template up (−1) or down (1); see ``moved``."""
    moved(section, section.template.sections.active(), by)


def guidance_of(kind: str) -> str:
    """What a section of this kind is for, as a question."""
    return str(QUESTIONS.get(kind, _("What belongs here?")))
