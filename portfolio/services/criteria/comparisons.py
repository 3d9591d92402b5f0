"""Weights by comparing in pairs: each person's sheet, and what all say together."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from kam import editing
from kam.models import User
from portfolio.calc import ahp
from portfolio.models import CriteriaVersion, Criterion, CriterionGroup, PairwiseComparison
from portfolio.services.criteria.refusals import HUNDRED, CriteriaRefusal, open_draft


def compared_rows(
    version: CriteriaVersion, axis: str, group: CriterionGroup | None
) -> list[CriterionGroup] | list[Criterion]:
    """What is weighed against each other: the group's criteria, or the groups of a score."""
    if group is not None:
        return list(group.criteria.active().order_by("pk"))
    return list(version.groups.active().filter(axis=axis).order_by("pk"))


@transaction.atomic
def save_comparison(
    version: CriteriaVersion,
    axis: str,
    group: CriterionGroup | None,
    person: User,
    ratios: Sequence[Decimal],
    *,
    items: Sequence[int] | None = None,
    base_version: int | None = None,
) -> PairwiseComparison:
    """Keeps one person's own sheet: a ratio of Saaty's scale for each pair, in order.

    ``items`` are the rows that the person compared; refused where the draft has others by now.
    ``base_version`` is the version of the sheet that the change began with, as for any row.
    """
    draft = open_draft(version.pk)
    if group is not None and (group.criteria_version_id != draft.pk or group.axis != axis):
        raise CriteriaRefusal({"group": _("This group belongs to another score or version.")})
    present = [row.pk for row in compared_rows(draft, axis, group)]
    if items is not None and list(items) != present:
        raise CriteriaRefusal(_("The criteria have changed in the meantime. Look at them again."))
    if not 2 <= len(present) <= ahp.MOST:
        raise CriteriaRefusal(
            _("2 to %(most)d things can be compared; here are %(count)d.")
            % {"most": ahp.MOST, "count": len(present)}
        )
    if len(ratios) != len(present) * (len(present) - 1) // 2:
        raise CriteriaRefusal({"ratios": _("Compare every pair.")})
    kept = [_on_the_scale(ratio) for ratio in ratios]
    changes: dict[str, Any] = {"items": present, "ratios": kept, "archived_at": None}
    sheet = PairwiseComparison.objects.filter(
        criteria_version=draft, axis=axis, group=group, person=person
    ).first()
    if sheet is not None:
        return editing.save_fields(sheet, changes, base_version=base_version)
    return PairwiseComparison.objects.create(
        criteria_version=draft, axis=axis, group=group, person=person, items=present, ratios=kept
    )


def _on_the_scale(ratio: Decimal) -> Decimal:
    """The ratio as it is kept; refused unless it is 1/9, 1/8, …, 1, …, 8, 9 (two decimals do)."""
    if ratio > 0:
        value = ahp.scale_value(ahp.nearest(ratio))
        if abs(value - ratio) < Decimal("0.006"):
            return value
    raise CriteriaRefusal({"ratios": _("A ratio is 1/9, 1/8, … 1/2, 1, 2, … 8 or 9.")})


@transaction.atomic
def apply_weights(
    version: CriteriaVersion, axis: str, group: CriterionGroup | None
) -> ahp.Weighing:
    """Takes the weights of all people's sheets together (geometric mean) into the draft, in percent."""
    draft = open_draft(version.pk)
    rows = compared_rows(draft, axis, group)
    present = [row.pk for row in rows]
    sheets = PairwiseComparison.objects.active().filter(
        criteria_version=draft, axis=axis, group=group, items=present
    )
    ratios = [sheet.ratios for sheet in sheets]
    if not ratios:
        raise CriteriaRefusal(_("Nobody has compared these yet."))
    weighing = ahp.weigh(len(present), ahp.combined(ratios))
    for row, weight in zip(rows, weighing.weights, strict=True):
        editing.save_fields(row, {"weight": round(weight * HUNDRED, 4)}, base_version=None)
    return weighing
