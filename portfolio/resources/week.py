"""A person's week: the accounts that they work for, with the hours of that week."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, Sum

from accounts.models import Account, AccountTeamMember
from kam.models import Company, User
from kam.money import ZERO
from kam.periods import FiscalYear, fiscal_year_of
from portfolio.models import HoursSpent, PlannedHours
from portfolio.resources.planned import plain, with_plan

ACCOUNTS_A_PAGE = 50


@dataclass(slots=True)
class WeekRow:
    """An account in somebody's week: hours planned and spent this fiscal year, this and last week."""

    account: Account
    planned: Decimal | None
    year: Decimal
    last_week: Decimal | None
    row: HoursSpent | None
    archived_version: int | None = None
    typed: str | None = None
    note: str | None = None
    error: str = ""
    offered: Decimal = ZERO

    def __post_init__(self) -> None:
        if self.row is not None and self.row.archived_at is not None:
            self.archived_version, self.row = self.row.version, None

    @property
    def hours(self) -> Decimal | None:
        return self.row.hours if self.row is not None else None

    @property
    def met(self) -> Decimal:
        """How many of the hours are from meetings."""
        return self.row.from_meetings if self.row is not None else ZERO

    @property
    def version(self) -> int | None:
        """The version that a save starts from, also of hours taken away."""
        return self.row.version if self.row is not None else self.archived_version

    @property
    def shown_note(self) -> str:
        return self.note if self.note is not None else self.row.note if self.row else ""

    @property
    def initial(self) -> str:
        """Hours and note as they are stored, to tell what was touched."""
        return f"{plain(self.hours)}|{self.row.note if self.row else ''}"

    @property
    def shown(self) -> str:
        return self.typed if self.typed is not None else plain(self.hours)


@dataclass(slots=True)
class Week:
    """A page of somebody's accounts in one week."""

    monday: date
    year: FiscalYear
    rows: list[WeekRow]
    page: int
    more: bool
    elsewhere: Decimal
    total: Decimal
    last_week: Decimal


def accounts_of(person: User, year: int, since: date, absent: User | None = None) -> Any:
    """What somebody works for: own accounts and seats and those of whom they stand in for (``absent``),
    planned hours, hours since a day."""
    theirs = [person] if absent is None else [person, absent]
    keys = (
        Account.objects.filter(owner__in=theirs)
        .order_by()
        .values("pk")
        .union(
            AccountTeamMember.objects.filter(user__in=theirs, archived_at=None)
            .order_by()
            .values("account"),
            PlannedHours.objects.active()
            .filter(user=person, year=year)
            .order_by()
            .values("account"),
            HoursSpent.objects.active()
            .filter(user=person, week__gte=since)
            .order_by()
            .values("account"),
        )
    )
    return Account.objects.filter(pk__in=keys)


def week_of(user: User, monday: date, page: int = 1) -> Week:
    """One page of somebody's own week: most planned hours first (3 queries).

    Also a substitute's hours are their own, at the accounts of whom they stand in for.
    """
    company = Company.current()
    year = fiscal_year_of(monday, company.fiscal_year_start)
    before = date.fromordinal(monday.toordinal() - 7)
    since = date.fromordinal(monday.toordinal() - 56)
    mine = with_plan(accounts_of(user, year.year, since, user.acting_for), user, year.year)
    first = (page - 1) * ACCOUNTS_A_PAGE
    found = list(
        mine.visible_to(user)
        .active()
        .order_by(F("planned").desc(nulls_last=True), "name", "pk")[
            first : first + ACCOUNTS_A_PAGE + 1
        ]
    )
    shown = found[:ACCOUNTS_A_PAGE]
    hours = HoursSpent.objects.filter(user=user)  # one's own, whatever became of the account
    there = {row.account_id: row for row in hours.filter(week=monday)}
    sums = {
        pk: (in_year or ZERO, last)
        for pk, in_year, last in hours.active()
        .filter(Q(week__gte=year.first, week__lt=year.end) | Q(week=before))
        .order_by()
        .values_list("account")
        .annotate(
            in_year=Sum("hours", filter=Q(week__gte=year.first, week__lt=year.end)),
            before=Sum("hours", filter=Q(week=before)),
        )
    }
    rows = [
        WeekRow(
            account, account.planned, *sums.get(account.pk, (ZERO, None)), there.get(account.pk)
        )
        for account in shown
    ]
    here = {account.pk for account in shown}
    active = {pk: row.hours for pk, row in there.items() if row.archived_at is None}
    return Week(
        monday,
        year,
        rows,
        page,
        len(found) > ACCOUNTS_A_PAGE,
        sum((value for pk, value in active.items() if pk not in here), ZERO),
        sum(active.values(), ZERO),
        sum((last for _year, last in sums.values() if last), ZERO),
    )
