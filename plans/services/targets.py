"""Targets: a product line's year, by month. The months are the truth; the year is their sum."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import ProductLine
from kam.editing import EditConflict, FieldConflict, archive, restore, save_fields
from kam.money import rates_for
from plans.models import AccountPlan, Target, TargetMonth
from plans.phasing import CENT, THOUSANDTH, ZERO, folded, overlap, phased, suggested
from plans.selectors import plan_year, sales_of
from plans.services.locks import require_open_aims, require_open_text
from plans.services.portfolios import refresh_soon
from plans.services.refusals import PlanRefusal

MEASURES = ("revenue", "margin", "volume", "forecast")
PHASED = ("revenue", "margin", "volume")
FINEST = {"revenue": CENT, "margin": CENT, "forecast": CENT, "volume": THOUSANDTH}
EMPTY: Mapping[str, Decimal | None] = {
    "revenue": ZERO,
    "margin": ZERO,
    "volume": ZERO,
    "forecast": None,
}


@dataclass(frozen=True, slots=True)
class CellEdit:
    """One month of one target that a person typed into.

    ``base_version`` is the version of the month's row that they saw; 0 where it had none.
    ``by_hand``: typed into this month, and not spread from the year's total.
    """

    target: int
    month: date
    value: Decimal | None
    base_version: int
    by_hand: bool = True

    @property
    def name(self) -> str:
        return cell_name(self.target, self.month)


def cell_name(target: int, month: date) -> str:
    """How a month of a target is called in forms: ``c-7-2026-03``."""
    return f"c-{target}-{month:%Y-%m}"


@transaction.atomic
def add_target(
    plan: AccountPlan,
    line: ProductLine,
    totals: Mapping[str, Decimal],
    *,
    phasing: str = Target.Phasing.EVEN,
) -> Target:
    """A target for a product line, with the year's ``totals`` (of revenue, margin, volume) phased.

    A target covers its line and the lines below it, so no line of a plan stands above or below
    another targeted one: then a sale would count twice. An archived target of the line comes back.
    """
    require_open_aims(plan)
    _lock(plan)
    _refuse_overlap(plan, line)
    target = Target.objects.filter(plan=plan, line=line).first()
    if target is None:
        target = Target(plan=plan, line=line, phasing=phasing)
        target.clean_fields()
        target.save()
    else:
        target = save_fields(target, {"archived_at": None, "phasing": phasing}, base_version=None)
    last_year = _last_year(plan, target) if phasing == Target.Phasing.LAST_YEAR else {}
    spread = {
        name: phased(total, last_year.get(name), finest=FINEST[name])
        for name, total in totals.items()
    }
    _write_months(target, spread)
    refresh_soon()
    return target


@transaction.atomic
def suggest_targets(plan: AccountPlan, growth: Decimal) -> list[Target]:
    """A target per product line that the account bought last year, ``growth`` per cent above it.

    Lines that have a target, or stand above or below one that has, are left alone. Sales in a
    currency without a budget rate are in no target (``Sales.missing`` names them).
    """
    require_open_aims(plan)
    _lock(plan)
    year = plan_year(plan).shifted(-1)
    sales = sales_of(plan.account_id, [year], plan.currency, rates_for(plan.year))[year.year]
    taken = plan.targets.active().values_list("line__path", flat=True)
    found = []
    for suggestion in suggested(sales.lines, growth, taken):
        target = Target.objects.filter(plan=plan, line=suggestion.line).first()
        if target is None:
            target = Target.objects.create(
                plan=plan, line_id=suggestion.line, phasing=Target.Phasing.LAST_YEAR
            )
        else:
            target = save_fields(
                target,
                {"archived_at": None, "phasing": Target.Phasing.LAST_YEAR},
                base_version=None,
            )
        _write_months(target, {name: getattr(suggestion, name) for name in PHASED})
        found.append(target)
    refresh_soon()
    return found


@transaction.atomic
def save_cells(plan: AccountPlan, measure: str, edits: Sequence[CellEdit]) -> list[TargetMonth]:
    """Saves the months that a person typed into, of one measure; all or none.

    Other months and measures that somebody saved meanwhile stay. Raises ``EditConflict`` naming
    each month that two people changed (by ``cell_name``), ``ValidationError`` by cell.
    """
    (require_open_text if measure == "forecast" else require_open_aims)(plan)
    targets = {t.pk: t for t in plan.targets.active().filter(pk__in={e.target for e in edits})}
    months = set(plan_year(plan).months())
    conflicts: list[FieldConflict] = []
    errors: dict[str, list[str]] = {}
    saved: list[TargetMonth] = []
    at = None
    for edit in sorted(edits, key=lambda e: (e.target, e.month)):  # one order: no deadlock
        if edit.target not in targets or edit.month not in months:
            raise PlanRefusal(_("This month of a target is not in the plan any more."))
        try:
            with transaction.atomic():
                row = _save_cell(edit, measure)
        except EditConflict as conflict:
            at = conflict.row
            conflicts += [_named(edit, field, targets[edit.target]) for field in conflict.fields]
        except ValidationError as error:
            errors[edit.name] = [f"{date_format(edit.month, 'M Y')}: {m}" for m in error.messages]
        else:
            saved.append(row)
    if errors:
        raise ValidationError(errors)
    if conflicts and at is not None:
        raise EditConflict(at, conflicts)
    if measure in PHASED:
        for pk in sorted({edit.target for edit in edits if edit.by_hand}):
            save_fields(targets[pk], {"phasing": Target.Phasing.OWN}, base_version=None)
    refresh_soon()
    return saved


def _save_cell(edit: CellEdit, measure: str) -> TargetMonth:
    row, made = TargetMonth.objects.get_or_create(target_id=edit.target, month=edit.month)
    value = edit.value if edit.value is not None or measure == "forecast" else ZERO
    base: int | None = edit.base_version
    if edit.base_version == 0 and (made or getattr(row, measure) == EMPTY[measure]):
        base = None  # the person saw an empty month, and in this measure it still is
    return save_fields(row, {measure: value}, base_version=base)


def _named(edit: CellEdit, field: FieldConflict, target: Target) -> FieldConflict:
    return FieldConflict(
        name=edit.name,
        label=f"{target.line.name}, {date_format(edit.month, 'M Y')}: {field.label}",
        before=field.before,
        theirs=field.theirs,
        yours=field.yours,
    )


def spread(
    target: Target, measure: str, total: Decimal, base_versions: Sequence[int]
) -> list[CellEdit]:
    """A target's year in one measure as edits of its months, spread by its phasing.

    Phased by hand, the months keep their proportions to each other. ``base_versions`` are the
    months' versions that the person saw.
    """
    values = phased(total, _weights(target, measure), finest=FINEST[measure])
    months = plan_year(target.plan).months()
    return [
        CellEdit(target.pk, month, value, version, by_hand=False)
        for month, value, version in zip(months, values, base_versions, strict=True)
    ]


def set_total(
    target: Target, measure: str, total: Decimal, base_versions: Sequence[int]
) -> list[TargetMonth]:
    """Sets a target's year in one measure; see ``spread``. Raises as ``save_cells``."""
    return save_cells(target.plan, measure, spread(target, measure, total, base_versions))


@transaction.atomic
def set_phasing(target: Target, phasing: str, base_versions: Sequence[int]) -> Target:
    """Spreads all of a target's years anew by another phasing; the years' totals stay."""
    require_open_aims(target.plan)
    months = list(target.months.all())
    target = save_fields(target, {"phasing": phasing}, base_version=None)
    if phasing == Target.Phasing.OWN:
        return target
    versions = list(base_versions)
    for measure in PHASED:
        total = sum((getattr(month, measure) for month in months), ZERO)
        saved = save_cells(target.plan, measure, spread(target, measure, total, versions))
        versions = [row.version for row in saved]
    return target


def _weights(target: Target, measure: str) -> Sequence[Decimal] | None:
    if target.phasing == Target.Phasing.EVEN:
        return None
    if target.phasing == Target.Phasing.LAST_YEAR:
        return _last_year(target.plan, target).get(measure)
    held = {row.month: getattr(row, measure) or ZERO for row in target.months.all()}
    return [held.get(month, ZERO) for month in plan_year(target.plan).months()]


def _last_year(plan: AccountPlan, target: Target) -> dict[str, Sequence[Decimal]]:
    """Last year's sales that the target covers, by month; the forecast follows the revenue."""
    year = plan_year(plan).shifted(-1)
    sales = sales_of(plan.account_id, [year], plan.currency, rates_for(plan.year))[year.year]
    row = folded(sales.lines, [target.line_id]).get(target.line_id)
    if row is None:
        return {}
    return {
        "revenue": row.revenue,
        "forecast": row.revenue,
        "margin": row.margin if any(m > 0 for m in row.margin) else row.revenue,
        "volume": row.volume if any(v > 0 for v in row.volume) else row.revenue,
    }


@transaction.atomic
def archive_target(target: Target) -> Target:
    """Takes a target out of the plan; its months are kept."""
    require_open_aims(target.plan)
    target = archive(target)
    refresh_soon()
    return target


@transaction.atomic
def restore_target(target: Target) -> Target:
    """Brings a target back, unless its line is covered by another one by now."""
    require_open_aims(target.plan)
    _lock(target.plan)
    _refuse_overlap(target.plan, target.line)
    target = restore(target)
    refresh_soon()
    return target


def _lock(plan: AccountPlan) -> None:
    """One at a time where the rule is about all targets of a plan together."""
    AccountPlan.objects.select_for_update(no_key=True).only("pk").get(pk=plan.pk)


def _refuse_overlap(plan: AccountPlan, line: ProductLine) -> None:
    path = ProductLine.objects.values_list("path", flat=True).get(pk=line.pk)
    for other in plan.targets.active().select_related("line"):
        if not overlap(path, other.line.path):
            continue
        names: dict[str, Any] = {"line": line.name, "other": other.line.name}
        if other.line_id == line.pk:
            words = _("The plan has a target for %(line)s already.")
        elif other.line_id in path:
            words = _(
                "%(line)s is a part of %(other)s, which has a target in this plan. A sale would "
                "count for both: plan one or the other."
            )
        else:
            words = _(
                "%(other)s is a part of %(line)s and has a target in this plan. A sale would "
                "count for both: plan one or the other."
            )
        raise PlanRefusal({"line": words % names})


def _write_months(target: Target, spread: Mapping[str, Sequence[Decimal]]) -> None:
    """Writes the months of a target that is new or comes back: two statements, each audited."""
    existing = {row.month: row for row in target.months.select_for_update()}
    made, changed = [], []
    for at, month in enumerate(plan_year(target.plan).months()):
        row = existing.get(month)
        values = {name: months[at] for name, months in spread.items()}
        if row is None:
            made.append(TargetMonth(target=target, month=month, **values))
        elif values:
            for name, value in values.items():
                setattr(row, name, value)
            changed.append(row)
    for row in [*made, *changed]:
        row.clean_fields(exclude=["target", "month"])
    TargetMonth.objects.bulk_create(made)
    if changed:
        TargetMonth.objects.bulk_update(changed, list(spread))
