"""Twelve closed months, and the budget rates of the fiscal years that they touch."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from accounts.selectors import rates_of
from kam.models import Company
from kam.money import ZERO, Rates, Total
from kam.periods import add_months, company_today, fiscal_year_of, month_of


@dataclass(frozen=True, slots=True)
class Period:
    """Twelve closed months: from ``first`` up to, not including, ``end``."""

    first: date
    end: date

    @property
    def last(self) -> date:
        return add_months(self.end, -1)


def closed_year(today: date | None = None) -> Period:
    """The last twelve months that are over on ``today`` (the company's date)."""
    end = month_of(today or company_today())
    return Period(add_months(end, -12), end)


class YearRates:
    """Budget rates of the fiscal years that a period touches (one query)."""

    def __init__(self, period: Period, company: Company) -> None:
        self.currency = company.currency
        self._start = company.fiscal_year_start
        self.last = fiscal_year_of(period.last, self._start).year
        first = fiscal_year_of(period.first, self._start).year
        self._years: dict[int, Rates] = rates_of(*range(first, self.last + 1))
        self.missing: set[str] = set()

    def of(self, month: date) -> Rates:
        return self._years[fiscal_year_of(month, self._start).year]

    def latest(self) -> Rates:
        return self._years[self.last]

    def into(self, currency: str, amounts: Iterable[tuple[date, str, Decimal]]) -> Decimal | None:
        """The sum of (month, currency, amount) in ``currency``; ``None`` where a rate is missing."""
        total = ZERO
        for month, held, amount in amounts:
            if held == currency:
                total += amount
                continue
            rates = self.of(month)
            here, there = rates.rate(held), rates.rate(currency)
            if here is None or there is None:
                self.missing.add(held if here is None else currency)
                return None
            total += amount * here / there
        return total

    def company(self, amounts: Iterable[tuple[date, str, Decimal]]) -> Total:
        """The sum in company currency, with what has no rate apart."""
        total = Total()
        for month, held, amount in amounts:
            total = total + self.of(month).total([(held, amount)])
        self.missing |= set(total.missing)
        return total
