"""Groups and criteria of a draft: added, changed, moved, removed, brought back, from the library."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _

from kam import editing
from portfolio.library import BY_CODE, Ready
from portfolio.models import CriteriaVersion, Criterion, CriterionGroup
from portfolio.services.criteria.refusals import CriteriaRefusal, open_draft
from portfolio.services.criteria.soundness import check


@transaction.atomic
def add_group(
    version: CriteriaVersion, axis: str, name: str, weight: Decimal = Decimal(1)
) -> CriterionGroup:
    """One more group of criteria for a score of the draft."""
    group = CriterionGroup(
        criteria_version=open_draft(version.pk), axis=axis, name=name, weight=weight
    )
    group.full_clean()
    group.save()
    return group


@transaction.atomic
def change_group(
    row: CriterionGroup, changes: Mapping[str, Any], *, base_version: int | None
) -> CriterionGroup:
    """Changes name, score or weight of a draft's group."""
    open_draft(row.criteria_version_id)
    return editing.save_fields(row, changes, base_version=base_version)


@transaction.atomic
def remove_group(row: CriterionGroup) -> CriterionGroup:
    """Takes a group with its criteria out of the draft."""
    open_draft(row.criteria_version_id)
    return editing.archive(row)


@transaction.atomic
def restore_group(row: CriterionGroup) -> CriterionGroup:
    """Brings a group with its criteria back into the draft."""
    open_draft(row.criteria_version_id)
    return editing.restore(row)


@transaction.atomic
def add_criterion(group: CriterionGroup, values: Mapping[str, Any]) -> Criterion:
    """One more criterion in a group of the draft."""
    open_draft(group.criteria_version_id)
    criterion = Criterion(group=group, position=_last(group) + 1, **values)
    criterion.full_clean()
    check(criterion)
    criterion.save()
    return criterion


@transaction.atomic
def change_criterion(
    row: Criterion, changes: Mapping[str, Any], *, base_version: int | None
) -> Criterion:
    """Changes a draft's criterion; what it becomes must still give a value."""
    open_draft(row.group.criteria_version_id)
    changed = editing.save_fields(row, changes, base_version=base_version)
    check(changed)
    return changed


@transaction.atomic
def move_criterion(
    row: Criterion,
    group: CriterionGroup,
    after: Criterion | None,
    *,
    base_version: int | None = None,
) -> Criterion:
    """Puts a criterion into a group of the same draft, behind another one or first.

    Raises ``NoDraft``, ``EditConflict``, and ``CriteriaRefusal`` by field.
    """
    draft = open_draft(row.group.criteria_version_id)
    group = CriterionGroup.objects.get(pk=group.pk)
    if group.criteria_version_id != draft.pk or group.archived_at is not None:
        raise CriteriaRefusal({"group": _("Choose a group of this draft.")})
    same = group.criteria.filter(code=row.code).exclude(pk=row.pk)
    if same.exists():
        raise CriteriaRefusal(
            {"group": _("The group has a criterion with this code already; a removed one counts.")}
        )
    others = list(group.criteria.active().exclude(pk=row.pk).order_by("position", "pk"))
    places = [other.pk for other in others]
    if after is not None and after.pk not in places:
        raise CriteriaRefusal({"after": _("Choose a criterion of that group.")})
    at = 0 if after is None else places.index(after.pk) + 1
    moved = editing.save_fields(
        row, {"group": group, "position": at + 1}, base_version=base_version
    )
    for position, other in enumerate(others, start=1):
        behind = position + (position > at)
        if other.position != behind:
            editing.save_fields(other, {"position": behind}, base_version=None)
    return moved


def _last(group: CriterionGroup) -> int:
    """The last place in use; those without a place stand before it."""
    return group.criteria.aggregate(last=models.Max("position"))["last"] or 0


@transaction.atomic
def remove_criterion(row: Criterion) -> Criterion:
    """Takes a criterion out of the draft."""
    open_draft(row.group.criteria_version_id)
    return editing.archive(row)


@transaction.atomic
def restore_criterion(row: Criterion) -> Criterion:
    """Brings a criterion back into the draft."""
    open_draft(row.group.criteria_version_id)
    return editing.restore(row)


@transaction.atomic
def add_from_library(version: CriteriaVersion, codes: Iterable[str]) -> list[Criterion]:
    """Takes ready criteria into the draft, each into its group; those that it has stay as they are.

    A new one weighs as much as those beside it do on average.
    Raises ``CriteriaRefusal`` where a code is not in the library.
    """
    codes = list(codes)
    if not codes:
        return []
    unknown = [code for code in codes if code not in BY_CODE]
    if unknown:
        raise CriteriaRefusal(
            _("The library has no criterion “%(code)s”.") % {"code": ", ".join(unknown)[:200]}
        )
    open_draft(version.pk)
    has = {
        (c.group.axis, c.code): c
        for c in Criterion.objects.filter(group__criteria_version=version).select_related("group")
    }
    added = []
    for ready in (BY_CODE[code] for code in dict.fromkeys(codes)):
        there = has.get((ready.axis, ready.code))
        if there is None:
            group = _group_of(version, ready)
            weight = _usual_weight(group.criteria.active())
            there = Criterion.objects.create(
                group=group, position=_last(group) + 1, weight=weight, **ready.fields()
            )
        elif there.archived_at is None and there.group.archived_at is None:
            continue
        else:
            if there.group.archived_at is not None:
                editing.restore(there.group)
            if there.archived_at is not None:
                there = editing.restore(there)
        added.append(there)
    return added


def _group_of(version: CriteriaVersion, ready: Ready) -> CriterionGroup:
    weight = _usual_weight(version.groups.active().filter(axis=ready.axis))
    group, made = CriterionGroup.objects.get_or_create(
        criteria_version=version,
        axis=ready.axis,
        name=str(ready.group),
        defaults={"weight": weight},
    )
    return group if made or group.archived_at is None else editing.restore(group)


def _usual_weight(rows: Any) -> Decimal:
    """What a new row weighs: as much as those beside it do on average."""
    mean = rows.order_by().aggregate(mean=models.Avg("weight"))["mean"]
    return round(mean, 4) if mean else Decimal(1)
