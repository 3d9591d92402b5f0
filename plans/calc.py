"""Plans in numbers (METHODS: Plans): attainment, pace, gap, forecast, margin. Pure: no database, no clock.

All amounts are in one currency and unrounded; a ratio without a base is ``None``, never an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

ZERO = Decimal(0)


def ratio(part: Decimal | None, base: Decimal | None) -> Decimal | None:
    """``part / base``; ``None`` where either is missing or the base is not above zero."""
    if part is None or base is None or base <= 0:
        return None
    return part / base


def change(now: Decimal, before: Decimal | None) -> Decimal | None:
    """Growth as a ratio (0.12 is 12 % more); ``None`` without a positive value before."""
    return None if before is None or before <= 0 else now / before - 1


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """One month of a portfolio, team or account.

    ``closed``: the month is over. ``forecast``: what the KAMs expect of the whole month, their
    target where they gave no forecast.
    """

    month: date
    closed: bool
    actual: Decimal = ZERO
    actual_margin: Decimal = ZERO
    target: Decimal = ZERO
    target_margin: Decimal = ZERO
    forecast: Decimal = ZERO

    def __add__(self, other: MonthFigures) -> MonthFigures:
        return MonthFigures(
            self.month,
            self.closed,
            self.actual + other.actual,
            self.actual_margin + other.actual_margin,
            self.target + other.target,
            self.target_margin + other.target_margin,
            self.forecast + other.forecast,
        )


@dataclass(frozen=True, slots=True)
class YearFigures:
    """The twelve months of a fiscal year, and what follows from them."""

    months: tuple[MonthFigures, ...]

    def __add__(self, other: YearFigures) -> YearFigures:
        pairs = zip(self.months, other.months, strict=True)
        return YearFigures(tuple(mine + theirs for mine, theirs in pairs))

    @property
    def actual(self) -> Decimal:
        """Revenue of all months, the running one included."""
        return _sum(m.actual for m in self.months)

    @property
    def actual_margin(self) -> Decimal:
        """Revenue less cost of all months."""
        return _sum(m.actual_margin for m in self.months)

    @property
    def target(self) -> Decimal:
        """Target revenue of the whole year."""
        return _sum(m.target for m in self.months)

    @property
    def target_margin(self) -> Decimal:
        """Target margin of the whole year."""
        return _sum(m.target_margin for m in self.months)

    @property
    def margin_ratio(self) -> Decimal | None:
        """Margin / revenue; ``None`` without revenue."""
        return ratio(self.actual_margin, self.actual)

    @property
    def attainment(self) -> Decimal | None:
        """Actual / target of the whole year; ``None`` without a target."""
        return ratio(self.actual, self.target)

    @property
    def gap(self) -> Decimal | None:
        """Actual − target of the whole year: below zero, so much is missing."""
        return self.actual - self.target if self.target else None

    @property
    def closed_actual(self) -> Decimal:
        """Revenue of the months that are over."""
        return _sum(m.actual for m in self.months if m.closed)

    @property
    def target_to_date(self) -> Decimal:
        """Target of the months that are over: where actual should stand by the plan's own phasing."""
        return _sum(m.target for m in self.months if m.closed)

    @property
    def pace(self) -> Decimal | None:
        """Attainment of the target phased to date: actual / target, both of the closed months.

        The share of the year that has passed is measured by the plan's own phasing, not by the
        calendar. 1 is on pace. ``None`` while no month with a target is over.
        """
        return ratio(self.closed_actual, self.target_to_date)

    @property
    def forecast(self) -> Decimal:
        """Actual of the closed months + the KAMs' forecast (target where none) of those left."""
        return _sum(m.actual if m.closed else m.forecast for m in self.months)

    @property
    def forecast_attainment(self) -> Decimal | None:
        """Forecast / target of the whole year."""
        return ratio(self.forecast, self.target)

    def actual_of(self, count: int) -> Decimal:
        """Revenue of the first ``count`` months: the same part of another year, to compare with."""
        return _sum(m.actual for m in self.months[:count])


def empty_year(months: Iterable[date], closed: int) -> YearFigures:
    """A year of zeros whose first ``closed`` months are over."""
    return YearFigures(tuple(MonthFigures(m, i < closed) for i, m in enumerate(months)))


def added(years: Sequence[YearFigures], empty: YearFigures) -> YearFigures:
    """The sum of several; ``empty`` where there are none."""
    total = empty
    for year in years:
        total += year
    return total


def _sum(values: Iterable[Decimal]) -> Decimal:
    return sum(values, ZERO)
