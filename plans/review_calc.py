"""How far a goal should have come by today. Pure: no database, no clock."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Standing:
    """A goal on a day, as shares of the way from its baseline to its target."""

    attained: Decimal | None
    expected: Decimal | None

    @property
    def off_pace(self) -> bool:
        """Behind what should be reached by now; unknown is behind, once anything is expected."""
        if not self.expected:
            return False
        return self.attained is None or self.attained < self.expected


def share_passed(start: date, end: date, today: date) -> Decimal:
    """The part of a period that is over: 0 before it, 1 after it."""
    days = (end - start).days
    if days <= 0:
        return ONE if today >= end else Decimal(0)
    return max(Decimal(0), min(ONE, Decimal((today - start).days) / days))


def standing(
    *,
    baseline: Decimal | None,
    target: Decimal | None,
    actual: Decimal | None,
    start: date,
    due: date | None,
    end: date,
    today: date,
) -> Standing:
    """Attained and expected share (METHODS: pace, by the calendar from ``start`` to its day).

    Without a baseline the way begins at zero; downwards goals have a target below it. A goal without
    a target has no pace.
    """
    if target is None:
        return Standing(None, None)
    begin = baseline or Decimal(0)
    expected = share_passed(start, due or end, today)
    if actual is None:
        return Standing(None, expected)
    way = target - begin
    if not way:
        return Standing(ONE if actual >= target else Decimal(0), expected)
    return Standing((actual - begin) / way, expected)
