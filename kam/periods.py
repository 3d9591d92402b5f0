"""The company's calendar: fiscal years named by the calendar year in which they end."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.utils import timezone

if TYPE_CHECKING:
    from kam.models import Company


def month_of(day: date) -> date:
    """The first day of the month that ``day`` lies in."""
    return day.replace(day=1)


def add_months(month: date, count: int) -> date:
    """The first day of the month ``count`` months later (or earlier, if negative)."""
    index = month.year * 12 + month.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class FiscalYear:
    """Twelve months; ``year`` is the calendar year of the last of them."""

    year: int
    start_month: int = 1

    @property
    def first(self) -> date:
        """First month (its first day)."""
        year = self.year if self.start_month == 1 else self.year - 1
        return date(year, self.start_month, 1)

    @property
    def end(self) -> date:
        """The first day after the year."""
        return add_months(self.first, 12)

    def months(self) -> Iterator[date]:
        return (add_months(self.first, i) for i in range(12))

    def month_number(self, month: date) -> int:
        """0 for the year's first month, 11 for its last."""
        return (month.year - self.first.year) * 12 + month.month - self.first.month

    def closed_months(self, today: date) -> int:
        """How many of its months are over on ``today``: 0 to 12."""
        return max(0, min(12, self.month_number(month_of(today))))

    @property
    def label(self) -> str:
        return str(self.year) if self.start_month == 1 else f"{self.year - 1}/{self.year % 100:02d}"

    def shifted(self, years: int) -> "FiscalYear":
        return FiscalYear(self.year + years, self.start_month)


def fiscal_year_of(day: date, start_month: int) -> FiscalYear:
    """The fiscal year that ``day`` lies in."""
    late = start_month > 1 and day.month >= start_month
    return FiscalYear(day.year + 1 if late else day.year, start_month)


def company_today(company: "Company | None" = None, now: datetime | None = None) -> date:
    """The date at the company's place."""
    if company is None:
        from kam.models import Company

        company = Company.current()
    return (now or timezone.now()).astimezone(ZoneInfo(company.timezone)).date()


def company_year(year: int | None = None) -> FiscalYear:
    """A fiscal year of the company; the present one where no year is named."""
    from kam.models import Company

    company = Company.current()
    if year is None:
        return fiscal_year_of(company_today(company), company.fiscal_year_start)
    return FiscalYear(year, company.fiscal_year_start)
