"""Versions of the criteria: made, changed while they are drafts, weighed, put in force.

Every write to what a version holds locks the version first, so that nothing changes in it while it
is being activated, nor afterwards. What is taken out of a draft is archived and can come back until
the draft is activated.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, models, transaction
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from kam import editing
from kam.models import Notification, Role, User
from kam.notifications import in_language_of, notify
from kam.periods import company_today
from portfolio.calc import ahp
from portfolio.library import BY_CODE, Ready
from portfolio.measures import MEASURES
from portfolio.models import (
    Axis,
    CriteriaVersion,
    Criterion,
    CriterionGroup,
    PairwiseComparison,
)

State = CriteriaVersion.State
#: How long before the date of revision people are reminded.
REMIND_BEFORE = timedelta(days=14)
REMINDED = (Role.ADMINISTRATOR, Role.MANAGEMENT)
#: The axes that place an account in the matrix; a version without them places none.
MATRIX = (Axis.PROFITABILITY, Axis.POTENTIAL)
#: What may be said of a version that is no draft any more: it changes no score.
ALWAYS_OPEN = frozenset({"name", "note", "revise_by"})
TAKEN_OVER = (
    "code", "name", "guidance", "kind", "measure", "direction", "function", "worst", "best",
    "band_floors", "band_values", "weight", "missing", "default_value",
)  # fmt: skip
HUNDRED = Decimal(100)


class CriteriaRefusal(ValidationError):  # noqa: N818
    """A rule of the criteria stands against it. The text is meant for the reader."""

    @property
    def sentence(self) -> str:
        return " ".join(self.messages)


class NoDraft(CriteriaRefusal):
    """Only drafts change; what was in force stays as it was, so that its scores can be explained."""


# --- versions -------------------------------------------------------------------------------------
@transaction.atomic
def create_version(
    name: str,
    *,
    copy_of: CriteriaVersion | None = None,
    picks: Iterable[str] = (),
    **facts: Any,
) -> CriteriaVersion:
    """A new draft: empty, a copy of another version, or made of criteria of the library.

    ``facts`` are the note, the cut-offs and the date of revision; a copy takes over the cut-offs.
    """
    if copy_of is not None:
        facts = {
            "profitability_cut": copy_of.profitability_cut,
            "potential_cut": copy_of.potential_cut,
            **facts,
        }
    version = CriteriaVersion(name=name, **facts)
    version.full_clean()
    version.save()
    if copy_of is not None:
        _take_over(version, copy_of)
    add_from_library(version, picks)
    return version


def _take_over(version: CriteriaVersion, source: CriteriaVersion) -> None:
    groups = source.groups.active().prefetch_related(
        models.Prefetch("criteria", Criterion.objects.active().order_by("pk"))
    )
    for group in groups.order_by("pk"):
        copy = CriterionGroup.objects.create(
            criteria_version=version, axis=group.axis, name=group.name, weight=group.weight
        )
        for criterion in group.criteria.all():
            taken = {name: getattr(criterion, name) for name in TAKEN_OVER}
            Criterion.objects.create(group=copy, **taken)


@transaction.atomic
def change_version(
    row: CriteriaVersion, changes: Mapping[str, Any], *, base_version: int | None
) -> CriteriaVersion:
    """Changes a version; the cut-offs only while it is a draft."""
    if set(changes) - ALWAYS_OPEN:
        _open(row.pk)
    return editing.save_fields(row, changes, base_version=base_version)


def _open(version_pk: int) -> CriteriaVersion:
    """The draft, locked until the end of the transaction; ``NoDraft`` where it is none."""
    version = CriteriaVersion.objects.select_for_update(no_key=True).get(pk=version_pk)
    if version.state != State.DRAFT:
        facts = {"version": version, "state": version.get_state_display()}
        raise NoDraft(
            _("“%(version)s” is %(state)s: only a draft is changed. Make a copy of it.") % facts
        )
    return version


@transaction.atomic
def activate(version: CriteriaVersion, by: User, *, today: date | None = None) -> CriteriaVersion:
    """Puts a sound draft in force from ``today``; the version in force until then is archived.

    One activation at a time: of two at once the later one archives the earlier one's version.
    Raises ``PermissionDenied``, ``NoDraft``, or ``CriteriaRefusal`` with what the draft lacks.
    """
    if by.role != Role.ADMINISTRATOR:
        raise PermissionDenied
    today = today or company_today()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('portfolio:activate'))")
    draft = _open(version.pk)
    lacking = faults(draft)
    if lacking:
        raise CriteriaRefusal(lacking)
    # What was taken out of the draft never was in force.
    Criterion.objects.archived().filter(group__criteria_version=draft).delete()
    CriterionGroup.objects.archived().filter(criteria_version=draft).delete()
    for former in CriteriaVersion.objects.in_force().select_for_update(no_key=True):
        _set(former, state=State.ARCHIVED, active_to=today)
    return _set(draft, state=State.ACTIVE, active_from=today, active_to=None, activated_by=by)


@transaction.atomic
def archive_version(version: CriteriaVersion) -> CriteriaVersion:
    """Takes a draft, or the version in force, out of use. Without one in force nothing is scored."""
    row = CriteriaVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    if row.state == State.ARCHIVED:
        raise CriteriaRefusal(_("“%(version)s” is archived already.") % {"version": row})
    until = company_today() if row.state == State.ACTIVE else None
    return _set(row, state=State.ARCHIVED, active_to=until)


@transaction.atomic
def restore_version(version: CriteriaVersion) -> CriteriaVersion:
    """Makes an archived draft a draft again. What was in force is not: it is copied instead."""
    row = CriteriaVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    if row.state != State.ARCHIVED:
        raise CriteriaRefusal(_("“%(version)s” is not archived.") % {"version": row})
    if row.active_from is not None:
        raise CriteriaRefusal(
            _("“%(version)s” was in force and stays as it was. Make a copy of it.")
            % {"version": row}
        )
    return _set(row, state=State.DRAFT)


def _set(row: CriteriaVersion, **changes: Any) -> CriteriaVersion:
    return editing.save_fields(row, changes, base_version=None, validate=False)


# --- what a version must have before it comes into force ------------------------------------------
def faults(version: CriteriaVersion) -> list[str]:
    """What the version lacks, in sentences; nothing where it is sound (two queries)."""
    groups = list(
        version.groups.active().prefetch_related(
            models.Prefetch("criteria", Criterion.objects.active().order_by("pk"))
        )
    )
    found = []
    for axis in Axis:
        mine = [group for group in groups if group.axis == axis]
        weighing = [
            group
            for group in mine
            if group.weight > 0 and any(c.weight > 0 for c in group.criteria.all())
        ]
        if axis in MATRIX and not mine:
            found.append(
                _("%(axis)s has no criteria; the matrix needs some.") % {"axis": axis.label}
            )
        elif mine and not weighing:
            found.append(_("%(axis)s: nothing has a weight above zero.") % {"axis": axis.label})
        for group in mine:
            words = {"axis": axis.label, "group": group.name}
            criteria = group.criteria.all()
            if not criteria:
                found.append(
                    _("%(axis)s: the group “%(group)s” is empty. Give it criteria or remove it.")
                    % words
                )
            elif group not in weighing and weighing and group.weight > 0:
                found.append(
                    _("%(axis)s: no criterion of the group “%(group)s” has a weight.") % words
                )
    for group in groups:
        for criterion in group.criteria.all():
            for messages in shortcomings(criterion).values():
                found += [f"{criterion}: {message}" for message in messages]
    return found


def shortcomings(criterion: Criterion) -> dict[str, list[str]]:
    """What stands against turning this criterion's fact into a value, by field; no queries."""
    found: dict[str, list[str]] = {}
    c, kind, function = criterion, Criterion.Kind, Criterion.Function
    if c.kind == kind.MEASURED and c.measure not in MEASURES:
        found["measure"] = [_("Choose what is measured.")]
    if c.kind == kind.JUDGED and c.measure:
        found["measure"] = [_("A judged criterion measures nothing: leave this empty.")]
    if c.kind == kind.JUDGED and c.code in MEASURES:
        found["code"] = [_("This code belongs to a measure. Choose another one.")]
    if c.function == function.BANDS:
        floors, values = list(c.band_floors), list(c.band_values)
        if not floors or len(floors) != len(values):
            found["band_values"] = [_("Give one value for each band, and at least one band.")]
        elif any(low >= high for low, high in pairwise(floors)):
            found["band_floors"] = [_("The bands rise from the first to the last.")]
        elif any(not 0 <= value <= HUNDRED for value in values):
            found["band_values"] = [_("A value is 0 to 100.")]
    if c.function == function.LINEAR:
        if (c.worst is None) != (c.best is None):
            found["best"] = [_("Give both the worst and the best, or neither.")]
        elif c.worst is None and c.kind == kind.MEASURED:
            found["best"] = [_("A linear value needs a worst and a best that differ.")]
        elif c.worst is not None and c.best is not None:
            up = c.direction == Criterion.Direction.UP
            if c.worst == c.best:
                found["best"] = [_("A linear value needs a worst and a best that differ.")]
            elif up != (c.best > c.worst):
                found["direction"] = [
                    _("The direction says the opposite of the worst and the best.")
                ]
    if c.missing == Criterion.Missing.DEFAULT and c.default_value is None:
        found["default_value"] = [_("Say the default value.")]
    return found


def _check(criterion: Criterion) -> None:
    found = shortcomings(criterion)
    if found:
        raise CriteriaRefusal(found)


# --- groups and criteria of a draft ---------------------------------------------------------------
@transaction.atomic
def add_group(
    version: CriteriaVersion, axis: str, name: str, weight: Decimal = Decimal(1)
) -> CriterionGroup:
    """One more group of criteria for a score of the draft."""
    group = CriterionGroup(criteria_version=_open(version.pk), axis=axis, name=name, weight=weight)
    group.full_clean()
    group.save()
    return group


@transaction.atomic
def change_group(
    row: CriterionGroup, changes: Mapping[str, Any], *, base_version: int | None
) -> CriterionGroup:
    """Changes name, score or weight of a draft's group."""
    _open(row.criteria_version_id)
    return editing.save_fields(row, changes, base_version=base_version)


@transaction.atomic
def remove_group(row: CriterionGroup) -> CriterionGroup:
    """Takes a group with its criteria out of the draft."""
    _open(row.criteria_version_id)
    return editing.archive(row)


@transaction.atomic
def restore_group(row: CriterionGroup) -> CriterionGroup:
    """Brings a group with its criteria back into the draft."""
    _open(row.criteria_version_id)
    return editing.restore(row)


@transaction.atomic
def add_criterion(group: CriterionGroup, values: Mapping[str, Any]) -> Criterion:
    """One more criterion in a group of the draft."""
    _open(group.criteria_version_id)
    criterion = Criterion(group=group, **values)
    criterion.full_clean()
    _check(criterion)
    criterion.save()
    return criterion


@transaction.atomic
def change_criterion(
    row: Criterion, changes: Mapping[str, Any], *, base_version: int | None
) -> Criterion:
    """Changes a draft's criterion; what it becomes must still give a value."""
    _open(row.group.criteria_version_id)
    changed = editing.save_fields(row, changes, base_version=base_version)
    _check(changed)
    return changed


@transaction.atomic
def remove_criterion(row: Criterion) -> Criterion:
    """Takes a criterion out of the draft."""
    _open(row.group.criteria_version_id)
    return editing.archive(row)


@transaction.atomic
def restore_criterion(row: Criterion) -> Criterion:
    """Brings a criterion back into the draft."""
    _open(row.group.criteria_version_id)
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
    _open(version.pk)
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
            there = Criterion.objects.create(group=group, weight=weight, **ready.fields())
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


# --- weights from comparisons ---------------------------------------------------------------------
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
    draft = _open(version.pk)
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
    draft = _open(version.pk)
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


# --- the reminder ---------------------------------------------------------------------------------
def remind_of_revision(today: date | None = None) -> int:
    """Reminds once, two weeks before the version in force must be revised; says how many were told."""
    version = CriteriaVersion.objects.in_force().filter(revise_by__isnull=False).first()
    if version is None or version.revise_by is None:
        return 0
    today = today or company_today()
    occasion = f"criteria-revision-{version.pk}-{version.revise_by}"
    early = today < version.revise_by - REMIND_BEFORE
    if early or Notification.objects.filter(occasion=occasion).exists():
        return 0
    told = 0
    with transaction.atomic():
        for person in User.objects.people().filter(role__in=REMINDED):
            with in_language_of(person):
                facts = {
                    "version": version.name,
                    "day": date_format(version.revise_by, "SHORT_DATE_FORMAT"),
                }
                told += notify(
                    [person],
                    kind="criteria_revision",
                    occasion=occasion,
                    title=_("Revise the criteria “%(version)s” by %(day)s") % facts,
                    body=_("Do they still follow the strategy? Make a new version from a copy."),
                    url=reverse("portfolio:version_detail", args=[version.pk]),
                )
    return told
