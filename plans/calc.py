"""Plans in numbers (METHODS: Plans): attainment, pace, gap, forecast, margin. Pure: no database, no clock.

All amounts are in one currency and unrounded; a ratio without a base is ``None``, never an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)
CENT = Decimal("0.01")


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


def split_difference(
    approved: Decimal, approved_volume: Decimal, actual: Decimal, actual_volume: Decimal
) -> tuple[Decimal, Decimal] | None:
    """The difference of two revenues by volume and by price; both parts add up to it exactly.

    ``None`` where either volume is not above zero: then there is no price.
    """
    if approved_volume <= 0 or actual_volume <= 0:
        return None
    by_volume = ((actual_volume - approved_volume) * approved / approved_volume).quantize(
        CENT, ROUND_HALF_UP
    )
    return by_volume, actual - approved - by_volume


# --- goals that are not money, rolled up ----------------------------------------------------------


def weighted_mean(lines: Iterable[tuple[Decimal | None, Decimal | None]]) -> Decimal | None:
    """Σ value × weight / Σ weight (METHODS: plans): how an index or a share rolls up.

    Lines are (value, weight). One without a value, or with a weight that is missing or not above
    zero, has no say. ``None`` where no line has one.
    """
    heard = [(v, w) for v, w in lines if v is not None and w is not None and w > 0]
    return ratio(_sum(v * w for v, w in heard), _sum(w for _v, w in heard))


# --- sharing an amount out ------------------------------------------------------------------------


def apportioned(
    total: Decimal, weights: Sequence[Decimal], step: Decimal = Decimal("0.01")
) -> list[Decimal]:
    """``total`` shared out by weight in whole ``step``s; the parts add up to it exactly.

    Largest remainder: each part is rounded down, and the steps that are left go to those who lost
    the most by it (of equals, to the first). A weight below zero counts as zero. Raises
    ``ValueError`` where no weight is above zero or ``total`` is not in whole steps or below zero.
    """
    heard = [max(w, ZERO) for w in weights]
    base = _sum(heard)
    if base <= 0:
        raise ValueError("no weight is above zero")
    units, rest = divmod(total, step)
    if rest or total < 0:
        raise ValueError("the total is not a number of whole steps")
    exact = [units * weight / base for weight in heard]
    parts = [value // 1 for value in exact]
    left = int(units - _sum(parts))
    order = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for index in order[:left]:
        parts[index] += 1
    return [part * step for part in parts]


# --- how good forecasts were ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ForecastAccuracy:
    """How good forecasts were over some months (METHODS: opportunities and processes).

    ``errors`` are actual − forecast, month by month: above zero, too little was forecast. ``bias``
    is their mean, ``mad`` the mean of their sizes, ``mape`` the mean of |error| / actual over the
    months with an actual above zero (``without_actual`` others are left out), ``wape`` the sum of
    the sizes over the sum of the actuals. ``None`` without a month or a base.
    """

    errors: tuple[Decimal, ...]
    forecast: Decimal
    actual: Decimal
    bias: Decimal | None
    mad: Decimal | None
    mape: Decimal | None
    wape: Decimal | None
    without_actual: int

    @property
    def bias_ratio(self) -> Decimal | None:
        """The sum of the errors over the sum of the actuals: 0.1 is 10 % too little forecast."""
        return ratio(self.actual - self.forecast, self.actual)


def forecast_accuracy(months: Iterable[tuple[Decimal, Decimal]]) -> ForecastAccuracy:
    """The accuracy of (forecast, actual) pairs, one for each month."""
    pairs = list(months)
    errors = tuple(actual - forecast for forecast, actual in pairs)
    sizes = [abs(error) for error in errors]
    count = Decimal(len(pairs))
    shares = [s / a for s, (_f, a) in zip(sizes, pairs, strict=True) if a > 0]
    actual = _sum(a for _f, a in pairs)
    return ForecastAccuracy(
        errors,
        _sum(f for f, _a in pairs),
        actual,
        ratio(_sum(errors), count),
        ratio(_sum(sizes), count),
        ratio(_sum(shares), Decimal(len(shares))),
        ratio(_sum(sizes), actual),
        len(pairs) - len(shares),
    )


@dataclass(frozen=True, slots=True)
class Point:
    """Something that a plan should say: its weight, whether it is there, how fresh it is (0–1)."""

    weight: int
    there: bool
    fresh: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Quality:
    """Completeness, freshness and their product, each 0–1; freshness is ``None`` of an empty plan."""

    completeness: Decimal
    freshness: Decimal | None

    @property
    def quality(self) -> Decimal:
        return self.completeness * (self.freshness or ZERO)


def freshness_of(age: int | None, holds: int) -> Decimal:
    """1 as long as a fact of this age (days) holds, then falling evenly to 0 at twice that age.

    The product's own line; a fact without a day is not fresh at all.
    """
    if age is None:
        return ZERO
    if age <= holds:
        return Decimal(1)
    return max(ZERO, 2 - Decimal(age) / holds)


def plan_quality(points: Sequence[Point]) -> Quality:
    """Completeness × freshness over weighted points (METHODS: plan quality)."""
    whole = sum(point.weight for point in points)
    there = sum(point.weight for point in points if point.there)
    if not whole:
        return Quality(ZERO, None)
    fresh = sum((point.weight * point.fresh for point in points if point.there), ZERO)
    return Quality(Decimal(there) / whole, fresh / there if there else None)
