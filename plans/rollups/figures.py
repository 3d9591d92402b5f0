"""What a roll-up says of one key: its year in money, its accounts and plans in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from plans.calc import YearFigures


@dataclass(frozen=True, slots=True)
class Missing:
    """An amount that is in no sum because its currency has no budget rate for the year."""

    year: int
    measure: str
    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Counts:
    """Accounts and plans in numbers. ``planned`` have a plan for the year, ``approved`` an approved one."""

    accounts: int = 0
    key_accounts: int = 0
    planned: int = 0
    approved: int = 0
    open_activities: int = 0
    late_activities: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, n) + getattr(other, n) for n in self.__slots__))

    @property
    def unplanned(self) -> int:
        """Accounts without a plan for the year."""
        return max(0, self.accounts - self.planned)

    @property
    def coverage(self) -> Decimal | None:
        """Accounts with a plan / accounts."""
        return Decimal(self.planned) / self.accounts if self.accounts else None


@dataclass(frozen=True, slots=True)
class Figures:
    """A year beside the one before it, in the company's currency."""

    year: YearFigures
    last: YearFigures
    missing: tuple[Missing, ...] = ()

    @property
    def last_to_date(self) -> Decimal:
        """Last year's revenue in as many months as are over this year."""
        return self.last.actual_of(sum(1 for m in self.year.months if m.closed))

    @property
    def is_empty(self) -> bool:
        return not self.missing and not any(
            (y.actual, y.target, y.forecast) != (0, 0, 0) for y in (self.year, self.last)
        )
