"""Amounts by month and currency, and the years that they make in the company's currency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from kam.models import BudgetRate, Company
from kam.money import Rates
from kam.periods import FiscalYear
from plans.calc import MonthFigures, YearFigures, empty_year
from plans.rollups.figures import Figures, Missing

AMOUNTS = (
    "actual_revenue",
    "actual_margin",
    "target_revenue",
    "target_margin",
    "forecast_revenue",
)
#: What is told apart where a rate is missing.
MEASURES = {"actual_revenue": "actual", "target_revenue": "target", "forecast_revenue": "forecast"}
#: A key of a group of rows: ("team", id), ("kam", id), ("unowned", None), ("account", id).
Key = tuple[str, int | None]


@dataclass(slots=True)
class Sheet:
    """Collects amounts by key, month and currency, and turns them into years."""

    year: FiscalYear
    closed: int
    rates: Mapping[int, Rates]
    amounts: dict[Key, dict[tuple[date, str], list[Decimal]]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def add(self, key: Key, month: date, currency: str, values: Sequence[Decimal]) -> None:
        cells = self.amounts[key]
        held = cells.get((month, currency))
        if held is None:
            cells[month, currency] = list(values)
        else:
            for index, value in enumerate(values):
                held[index] += value

    @property
    def currency(self) -> str:
        return self.rates[self.year.year].currency

    def figures(self, key: Key) -> Figures:
        return self._figures([self.amounts.get(key, {})])

    def total(self) -> Figures:
        return self._figures(list(self.amounts.values()))

    def _figures(self, groups: Sequence[Mapping[tuple[date, str], list[Decimal]]]) -> Figures:
        last = self.year.shifted(-1)
        empty = {
            self.year.year: empty_year(self.year.months(), self.closed),
            last.year: empty_year(last.months(), 12),
        }
        sums = {y: [list(_values(m)) for m in e.months] for y, e in empty.items()}
        missing: dict[tuple[int, str, str], Decimal] = defaultdict(Decimal)
        for cells in groups:
            for (month, currency), values in cells.items():
                fiscal = self.year if month >= self.year.first else last
                rate = self.rates[fiscal.year].rate(currency)
                if rate is None:
                    for name, value in zip(AMOUNTS, values, strict=True):
                        if value and name in MEASURES:
                            missing[fiscal.year, MEASURES[name], currency] += value
                    continue
                row = sums[fiscal.year][fiscal.month_number(month)]
                for index, value in enumerate(values):
                    row[index] += value * rate
        years = {
            y: YearFigures(
                tuple(
                    MonthFigures(m.month, m.closed, *row)
                    for m, row in zip(empty[y].months, sums[y], strict=True)
                )
            )
            for y in empty
        }
        gaps = tuple(Missing(*key, amount) for key, amount in sorted(missing.items()) if amount)
        return Figures(years[self.year.year], years[last.year], gaps)


def _values(month: MonthFigures) -> tuple[Decimal, ...]:
    return (
        month.actual,
        month.actual_margin,
        month.target,
        month.target_margin,
        month.forecast,
    )


def sheet_for(year: FiscalYear, today: date) -> Sheet:
    """An empty sheet with the rates of the year and the one before (one query)."""
    currency = Company.current().currency
    rates: dict[int, dict[str, Decimal]] = {year.year: {}, year.year - 1: {}}
    stored = BudgetRate.objects.active().filter(year__in=rates)
    for of_year, code, rate in stored.values_list("year", "currency", "rate"):
        rates[of_year][code] = rate
    return Sheet(
        year, year.closed_months(today), {y: Rates(currency, held, y) for y, held in rates.items()}
    )
