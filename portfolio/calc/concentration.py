"""How far sales hang on few customers: shares, Lorenz curve, HHI, Gini, dependence.

Definitions as in METHODS, Concentration. A customer is whatever the caller counts as one (customers
under common control are one). Shares are of the sum of the *positive* values: a customer whose net
value is negative (more credited than sold) has no share; it is left out and counted in
``negative`` and ``negative_sum``, and customers with nothing in ``zero``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the Pareto curve: the ``customers`` largest together have ``share`` (0–1)."""

    customers: int
    share: Decimal


@dataclass(frozen=True, slots=True)
class Concentration:
    """What a set of customers' values says. Ratios are 0–1; ``None`` where nobody has bought.

    ``values`` are the positive ones, largest first; ``total`` is their sum.
    """

    values: tuple[Decimal, ...]
    total: Decimal
    zero: int
    negative: int
    negative_sum: Decimal

    @property
    def customers(self) -> int:
        """How many have a share."""
        return len(self.values)

    @property
    def net(self) -> Decimal:
        """The sum with the net negative customers: what the accounts show."""
        return self.total + self.negative_sum

    def top(self, count: int) -> Decimal | None:
        """CRn: the share of the ``count`` largest."""
        return sum(self.values[:count], ZERO) / self.total if self.values else None

    @property
    def hhi(self) -> Decimal | None:
        """Herfindahl–Hirschman index Σ s², 0–1; × 10,000 is the form that authorities print."""
        if not self.values:
            return None
        return sum((value * value for value in self.values), ZERO) / (self.total * self.total)

    @property
    def effective(self) -> Decimal | None:
        """1 / HHI: as many customers of equal size would be as concentrated."""
        return None if self.hhi is None else 1 / self.hhi

    @property
    def gini(self) -> Decimal | None:
        """2 Σ i·x₍ᵢ₎ / (n Σ x) − (n + 1) / n, x ascending, without the n / (n − 1) correction."""
        count = len(self.values)
        if not count:
            return None
        ranked = sum(
            (Decimal(count - at) * value for at, value in enumerate(self.values)), start=ZERO
        )
        return 2 * ranked / (count * self.total) - Decimal(count + 1) / count

    def makers_of(self, share: Decimal) -> int:
        """How many of the largest customers together reach ``share`` (0–1) of the total."""
        running = ZERO
        for at, value in enumerate(self.values, start=1):
            running += value
            if running >= share * self.total:
                return at
        return len(self.values)

    def curve(self, points: int = 50) -> list[Point]:
        """The Pareto curve from (0, 0) to (n, 1), at most some ``points`` and the ten largest."""
        found, running, count = [Point(0, ZERO)], ZERO, len(self.values)
        for at, value in enumerate(self.values, start=1):
            running += value
            if on_curve(at, count, points):
                found.append(Point(at, running / self.total))
        return found if count else []


def on_curve(rank: int, count: int, points: int) -> bool:
    """Whether the curve keeps this rank: the first ten, the last, and evenly between."""
    return rank <= 10 or rank == count or rank * points // count != (rank - 1) * points // count


def concentration(values: Iterable[Decimal]) -> Concentration:
    """The concentration of customers' values (one currency)."""
    taken = list(values)
    positive = sorted((value for value in taken if value > 0), reverse=True)
    negative = [value for value in taken if value < 0]
    return Concentration(
        tuple(positive),
        sum(positive, ZERO),
        len(taken) - len(positive) - len(negative),
        len(negative),
        sum(negative, ZERO),
    )


class Dependence(StrEnum):
    """How a share stands to the company's thresholds."""

    NONE = "none"
    BELOW = "below"
    NORMAL = "normal"
    ABOVE = "above"
    NOTICE = "notice"
    WARNING = "warning"


def key_account_level(
    share: Decimal | None, *, low: Decimal, high: Decimal, warning: Decimal
) -> Dependence:
    """The key accounts' share of all sales: normal from ``low`` to ``high``, warned above."""
    if share is None:
        return Dependence.NONE
    if share > warning:
        return Dependence.WARNING
    if share > high:
        return Dependence.ABOVE
    return Dependence.NORMAL if share >= low else Dependence.BELOW


def largest_level(share: Decimal | None, *, notice: Decimal, warning: Decimal) -> Dependence:
    """The largest single customer's share: a notice from ``notice``, warned above ``warning``."""
    if share is None:
        return Dependence.NONE
    if share > warning:
        return Dependence.WARNING
    return Dependence.NOTICE if share >= notice else Dependence.NORMAL


def shares_of(values: Sequence[Decimal]) -> list[Decimal | None]:
    """Each value's share of the positive ones' sum; ``None`` for those that have none."""
    total = sum((value for value in values if value > 0), ZERO)
    return [value / total if value > 0 else None for value in values]
