"""Schemes, their segments and the segments' rules."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from kam import editing, history
from kam.forms import save_new, violation
from kam.periods import company_today
from portfolio.models import Segment, SegmentRule, SegmentScheme
from portfolio.services.segments.placing import Subject, place_accounts

Thresholds = Mapping[str, tuple[Decimal | None, Decimal | None]]


def create_scheme(*, name: str, description: str = "") -> SegmentScheme:
    """A scheme without segments. Raises ``ValidationError`` by field."""
    scheme = SegmentScheme(name=name.strip(), description=description)
    return save_new(scheme)


def change_scheme(
    row: SegmentScheme,
    changes: Mapping[str, Any],
    *,
    base_version: int | None = None,
    overwrite: bool = False,
) -> SegmentScheme:
    """Saves a scheme's name or description."""
    return editing.save_fields(row, changes, base_version=base_version, overwrite=overwrite)


def archive_scheme(row: SegmentScheme) -> SegmentScheme:
    """Takes a scheme out of use; its placements end at once and stay as history."""
    with transaction.atomic():
        saved = editing.archive(row)
        place_accounts(company_today(), schemes=[saved])
    return saved


def restore_scheme(row: SegmentScheme) -> SegmentScheme:
    """Brings a scheme back; accounts are placed with the next night, or by the button."""
    return editing.restore(row)


def create_segment(
    scheme: SegmentScheme, *, name: str, rank: int, rules: Thresholds | None = None
) -> Segment:
    """One more segment with its rules (subject → at least, below)."""
    with transaction.atomic():
        segment = save_new(Segment(scheme=scheme, name=name.strip(), rank=rank))
        _set_rules(segment, rules or {})
    return segment


class RulesChanged(ValidationError):  # noqa: N818
    """Somebody else changed the segment's rules since they were read. Nothing was saved."""


class RuleExists(ValidationError):  # noqa: N818
    """The segment has a rule in use on this subject already."""


def rules_version(segment: Segment) -> str:
    """Stands for all rules of the segment as they are now: another one once one of them changes."""
    rows = segment.rules.order_by("pk").values_list("pk", "version")
    return "-".join(["rules", *(f"{pk}.{version}" for pk, version in rows)])


def change_segment(
    row: Segment,
    changes: Mapping[str, Any],
    *,
    rules: Thresholds | None = None,
    base_rules: str | None = None,
    base_version: int | None = None,
    overwrite: bool = False,
) -> Segment:
    """Saves name and rank, and, where they are given, all of the segment's rules at once.

    ``base_rules`` is the ``rules_version`` that the person saw; ``None`` means the rules as they are
    now. Raises ``EditConflict``, ``RulesChanged`` and ``ValidationError`` (nothing saved).
    """
    try:
        with transaction.atomic():
            saved = editing.save_fields(
                row, changes, base_version=base_version, overwrite=overwrite
            )
            # The segment's row is locked by now: its rules change one after the other.
            if base_rules is not None and base_rules != rules_version(saved):
                raise RulesChanged(
                    _(
                        "Somebody else changed the rules of this segment meanwhile. Nothing is saved "
                        "yet: compare, then save again."
                    )
                )
            if rules is not None:
                _set_rules(saved, rules)
    except IntegrityError as error:
        raise violation(error, Segment) from error
    return saved


def archive_segment(row: Segment) -> Segment:
    """Takes a segment out of its scheme; its accounts are placed anew with the next night."""
    return editing.archive(row)


def restore_segment(row: Segment) -> Segment:
    """Brings a segment back, if its name and rank are still free."""
    return editing.restore(row)


def _set_rules(segment: Segment, rules: Thresholds) -> None:
    """The segment has exactly these rules; a rule that is not among them is archived."""
    held = {rule.subject: rule for rule in segment.rules.select_for_update(of=("self",))}
    for subject, (at_least, below) in rules.items():
        if at_least is None and below is None:
            continue
        set_rule(segment, subject, at_least, below, held=held.get(subject))
    for subject, rule in held.items():
        if rule.archived_at is None and not any(
            edge is not None for edge in rules.get(subject, (None, None))
        ):
            editing.archive(rule)


def set_rule(
    segment: Segment,
    subject: str,
    at_least: Decimal | None,
    below: Decimal | None,
    *,
    held: SegmentRule | None = None,
) -> SegmentRule:
    """The segment's rule on this subject: made, changed, or taken into use again.

    Raises ``ValidationError`` where nothing can be both at least and below.
    """
    if at_least is not None and below is not None and below <= at_least:
        raise ValidationError(
            {
                "below": _("%(subject)s: nothing is at least %(low)s and below %(high)s.")
                % {"subject": Subject(subject).label, "low": at_least, "high": below}
            }
        )
    held = held or SegmentRule.objects.filter(segment=segment, subject=subject).first()
    if held is None:
        return save_new(
            SegmentRule(segment=segment, subject=subject, at_least=at_least, below=below)
        )
    changes = {"at_least": at_least, "below": below, "archived_at": None}
    return editing.save_fields(held, changes, base_version=None)


@transaction.atomic
def add_rule(
    segment: Segment, subject: str, at_least: Decimal | None, below: Decimal | None
) -> SegmentRule:
    """A rule on a subject on which the segment has none in use; ``RuleExists`` where it has one."""
    Segment.objects.select_for_update(of=("self",), no_key=True).get(pk=segment.pk)
    held = SegmentRule.objects.filter(segment=segment, subject=subject).first()
    if held is not None and held.archived_at is None:
        raise RuleExists(_("The segment has a rule on this subject already."))
    return set_rule(segment, subject, at_least, below, held=held)


history.restores(SegmentScheme, restore_scheme)
history.restores(Segment, restore_segment)
