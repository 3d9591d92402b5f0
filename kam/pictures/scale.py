"""Axes with round numbers, and the map from values to positions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

#: Steps that people read easily, per power of ten.
STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))


def number(value: Any) -> Decimal | None:
    """The value as a finite Decimal; None if it is missing, NaN or infinite."""
    if value is None:
        return None
    found = value if isinstance(value, Decimal) else Decimal(str(value))
    return found if found.is_finite() else None


def known(values: Iterable[Any]) -> list[Decimal]:
    """The values that are there, as Decimals."""
    return [found for value in values if (found := number(value)) is not None]


def exact(value: Decimal) -> str:
    """The value in full digits, for pictures that were given no way to write it."""
    return f"{value:f}"


@dataclass(frozen=True)
class Axis:
    """A linear axis from ``low`` to ``high`` (``low < high``) with ticks on round numbers."""

    low: Decimal
    high: Decimal
    ticks: tuple[Decimal, ...]

    def ratio(self, value: Decimal) -> float:
        """Where the value lies between low (0) and high (1); values outside are clipped."""
        share = float((value - self.low) / (self.high - self.low))
        return min(1.0, max(0.0, share))

    def at(self, value: Decimal, start: float, end: float) -> float:
        """The position of the value on a line from ``start`` (low) to ``end`` (high)."""
        return r(start + (end - start) * self.ratio(value))


def axis_for(values: Iterable[Any], count: int = 5, *, zero: bool = True) -> Axis:
    """An axis that holds all values (and zero, unless told otherwise) with about ``count`` ticks.

    Without any value, or with zeros alone, it runs from 0 to 1.
    """
    numbers = known(values)
    if zero or not numbers:
        numbers.append(Decimal(0))
    low, high = min(numbers), max(numbers)
    if low == high:
        if low == 0:
            return Axis(Decimal(0), Decimal(1), (Decimal(0), Decimal(1)))
        low, high = (low, Decimal(0)) if low < 0 else (Decimal(0), high)
    step = nice_step((high - low) / max(1, count))
    first = (low / step).to_integral_value(ROUND_FLOOR)
    last = (high / step).to_integral_value(ROUND_CEILING)
    ticks = tuple(step * (first + i) for i in range(int(last - first) + 1))
    return Axis(ticks[0], ticks[-1], ticks)


def nice_step(rough: Decimal) -> Decimal:
    """The smallest of 1, 2, 2.5, 5, 10 × 10ⁿ that is not below ``rough`` (> 0)."""
    power = Decimal(1).scaleb(rough.adjusted())
    for step in STEPS:
        if step * power >= rough:
            return step * power
    return 10 * power


def r(position: float) -> float:
    """A coordinate rounded to hundredths, without a negative zero."""
    return round(position, 2) + 0.0
