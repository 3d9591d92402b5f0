"""The grid of a plan's targets: product lines × months, with what was sold beside it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from kam.money import Rates
from kam.periods import FiscalYear, company_today
from plans.models import AccountPlan, Target, TargetMonth
from plans.phasing import ZERO, LineYear, folded
from plans.selectors import Sales, plan_year, sales_of
from plans.services.targets import EMPTY, cell_name


@dataclass(frozen=True, slots=True)
class Cell:
    """One month of one target. ``value`` is ``None`` where nobody gave a forecast."""

    month: date
    name: str
    value: Decimal | None
    instead: Decimal | None  # what counts where there is no value


@dataclass(frozen=True, slots=True)
class Beside:
    """What was sold, by month, with the year's sum."""

    months: tuple[Decimal, ...]

    @property
    def total(self) -> Decimal:
        return sum(self.months, ZERO)


@dataclass(frozen=True, slots=True)
class GridRow:
    """One target: its months in the chosen measure, this year's and last year's sales."""

    target: Target
    cells: tuple[Cell, ...]
    versions: str
    actual: Beside
    last_year: Beside

    @property
    def total(self) -> Decimal:
        return sum((_counted(cell) for cell in self.cells), ZERO)


@dataclass(frozen=True, slots=True)
class Grid:
    """All targets of a plan in one measure. ``other``: sales of lines that have no target."""

    plan: AccountPlan
    measure: str
    months: tuple[date, ...]
    closed: int
    rows: tuple[GridRow, ...]
    archived: tuple[Target, ...]
    actual: Beside
    last_year: Beside
    other_actual: Beside
    other_last_year: Beside
    other_names: tuple[str, ...]
    missing: Mapping[str, Decimal]

    @property
    def sums(self) -> list[Decimal]:
        """The targets' sum by month."""
        return [
            sum((_counted(row.cells[at]) for row in self.rows), ZERO)
            for at in range(len(self.months))
        ]

    @property
    def total(self) -> Decimal:
        return sum(self.sums, ZERO)


def _counted(cell: Cell) -> Decimal:
    return cell.value if cell.value is not None else cell.instead or ZERO


def grid_of(plan: AccountPlan, measure: str, rates: Rates) -> Grid:
    """The grid in one measure: three queries (targets, months, sales of two years)."""
    year = plan_year(plan)
    last = year.shifted(-1)
    targets = list(plan.targets.select_related("line").order_by("line__name", "pk"))
    in_use = [target for target in targets if target.archived_at is None]
    rows = TargetMonth.objects.filter(target__in=in_use) if in_use else []
    held: dict[int, dict[date, TargetMonth]] = defaultdict(dict)
    for row in rows:
        held[row.target_id][row.month] = row
    sales = sales_of(plan.account_id, [last, year], plan.currency, rates)
    sold = "revenue" if measure == "forecast" else measure
    lines = [target.line_id for target in in_use]
    now = folded(sales[year.year].lines, lines)
    before = folded(sales[last.year].lines, lines)
    covered = set(lines)
    return Grid(
        plan=plan,
        measure=measure,
        months=tuple(year.months()),
        closed=year.closed_months(company_today()),
        rows=tuple(
            GridRow(
                target,
                _cells(target, year, held[target.pk], measure),
                ",".join(str(v) for v in versions(year, held[target.pk])),
                _beside(now.get(target.line_id), sold),
                _beside(before.get(target.line_id), sold),
            )
            for target in in_use
        ),
        archived=tuple(target for target in targets if target.archived_at is not None),
        actual=_all(now.values(), sold),
        last_year=_all(before.values(), sold),
        other_actual=_beside(now.get(None), sold),
        other_last_year=_beside(before.get(None), sold),
        other_names=_uncovered([sales[year.year], sales[last.year]], covered),
        missing={**sales[last.year].missing, **sales[year.year].missing},
    )


def versions(year: FiscalYear, held: Mapping[date, TargetMonth]) -> list[int]:
    """The versions of a target's months; 0 where there is no row yet."""
    return [held[month].version if month in held else 0 for month in year.months()]


def _cells(
    target: Target, year: FiscalYear, held: Mapping[date, TargetMonth], measure: str
) -> tuple[Cell, ...]:
    return tuple(
        Cell(
            month,
            cell_name(target.pk, month),
            getattr(held[month], measure) if month in held else EMPTY[measure],
            (held[month].revenue if month in held else ZERO) if measure == "forecast" else None,
        )
        for month in year.months()
    )


def _beside(row: LineYear | None, measure: str) -> Beside:
    return Beside(getattr(row, measure) if row is not None else (ZERO,) * 12)


def _all(rows: Iterable[LineYear], measure: str) -> Beside:
    columns = [getattr(row, measure) for row in rows]
    if not columns:
        return Beside((ZERO,) * 12)
    return Beside(tuple(sum(month, ZERO) for month in zip(*columns, strict=True)))


def _uncovered(sales: Sequence[Sales], covered: set[int]) -> tuple[str, ...]:
    names = {
        year.names[line.line]
        for year in sales
        for line in year.lines
        if not covered & set(line.path)
    }
    return tuple(sorted(names))
