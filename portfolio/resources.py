"""What is known about an account's wallet, costs and hours, and about people's time. Read only."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import Exists, F, FilteredRelation, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from accounts.models import Account, AccountTeamMember, SalesFact
from accounts.selectors import rates_of
from kam.models import Company, Role, User
from kam.money import ZERO, Rates, Total
from kam.periods import FiscalYear, add_months, company_today, fiscal_year_of, month_of
from kam.scoping import principal
from portfolio.calc.resources import (
    CellShare,
    LineFigures,
    Load,
    Move,
    Place,
    Return,
    cell_shares,
    suggested_moves,
)
from portfolio.models import (
    Capacity,
    CellText,
    Criterion,
    HoursSpent,
    Judgement,
    LineEstimate,
    PlannedHours,
    PortfolioNight,
    PortfolioSettings,
    ServiceCost,
)

#: Rows that a panel shows, and that the board reads, at most; what is left out is said.
MOST_COSTS = 60
MOST_PLACES = 2000
PEOPLE_A_PAGE = 25
ACCOUNTS_A_PAGE = 50
BOARD_A_PAGE = 25


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


# --- wallet and potential ---------------------------------------------------------------------------
@dataclass(slots=True)
class EstimateLine:
    """A product line of the account: its estimate (or none yet) and the sums made with it.

    ``figures`` are in the estimate's currency, ``own`` in the company's. ``sales`` are the lines
    that the own sales stand in: the line itself and those below it.
    """

    line: Any
    estimate: LineEstimate | None
    figures: LineFigures
    own: Total
    sales: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Estimates:
    """All lines of an account, and their sums in company currency."""

    lines: list[EstimateLine]
    without: list[EstimateLine]
    archived: list[LineEstimate]
    total: LineFigures
    improvement: Decimal | None
    period: Period
    currency: str
    missing: list[str]


def estimates_of(account: Account) -> Estimates:
    """The account's wallets and potentials against its sales of twelve closed months (3 queries)."""
    company, period = Company.current(), closed_year()
    rates = YearRates(period, company)
    rows = list(LineEstimate.objects.filter(account=account).select_related("line"))
    sales: dict[int, list[tuple[date, str, Decimal]]] = defaultdict(list)
    names: dict[int, tuple[str, list[int]]] = {}
    facts = (
        SalesFact.objects.filter(account=account)
        .in_months(period.first, period.end)
        .order_by()
        .values_list(
            "product__line", "product__line__name", "product__line__path", "month", "currency"
        )
        .annotate(Sum("revenue"))
    )
    for pk, name, path, month, currency, revenue in facts:
        names[pk] = (name, path)
        sales[pk].append((month, currency, revenue))
    lines, estimated = [], set()
    for row in rows:
        if row.archived_at is not None:
            continue
        below = [pk for pk, (_name, path) in names.items() if row.line_id in path]
        estimated |= set(below)
        amounts = [amount for pk in below for amount in sales[pk]]
        lines.append(
            EstimateLine(
                row.line,
                row,
                LineFigures(
                    rates.into(row.currency, amounts), row.wallet, row.potential, row.chance
                ),
                rates.company(amounts),
                sorted(names[pk][0] for pk in below),
            )
        )
    without = [
        EstimateLine(
            {"pk": pk, "name": names[pk][0]}, None, LineFigures(own.amount), own, [names[pk][0]]
        )
        for pk in sorted(set(names) - estimated, key=lambda pk: names[pk][0])
        for own in [rates.company(sales[pk])]
    ]
    total, improvement = _totals(lines, rates)
    return Estimates(
        lines,
        without,
        [row for row in rows if row.archived_at is not None],
        total,
        improvement,
        period,
        company.currency,
        sorted(rates.missing),
    )


def _totals(lines: list[EstimateLine], rates: YearRates) -> tuple[LineFigures, Decimal | None]:
    """Sums in company currency: wallet and own of the lines with a wallet; improvement of all."""
    own, wallet, improvement = ZERO, ZERO, ZERO
    any_wallet = any_improvement = False
    latest = rates.latest()
    for line in lines:
        figures = line.figures
        rate = latest.rate(line.estimate.currency) if line.estimate else None
        if rate is None:
            rates.missing |= {line.estimate.currency} if line.estimate else set()
            continue
        if figures.wallet is not None and figures.own is not None:
            any_wallet = True
            wallet += figures.wallet * rate
            own += figures.own * rate
        if figures.improvement is not None:
            any_improvement = True
            improvement += figures.improvement * rate
    total = LineFigures(own if any_wallet else None, wallet if any_wallet else None)
    return total, improvement if any_improvement else None


# --- judgements -------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Judged:
    """A judged criterion of the active version, and what is thought of the account by it."""

    code: str
    name: str
    guidance: str
    axes: list[str]
    judgement: Judgement | None


def judged_criteria() -> QuerySet:
    """The criteria of the active version that people judge."""
    return Criterion.objects.filter(
        kind=Criterion.Kind.JUDGED, group__criteria_version__state="active", archived_at=None
    ).select_related("group")


def judgements_of(account: Account) -> tuple[list[Judged], list[Judgement]]:
    """Criteria with their judgement, and judgements by criteria that do not count (2 queries)."""
    held = {
        row.code: row
        for row in Judgement.objects.active().filter(account=account).select_related("judged_by")
    }
    by_code: dict[str, Judged] = {}
    for criterion in judged_criteria():
        axis = str(criterion.group.get_axis_display())
        found = by_code.get(criterion.code)
        if found is None:
            by_code[criterion.code] = Judged(
                criterion.code,
                criterion.name,
                criterion.guidance,
                [axis],
                held.get(criterion.code),
            )
        elif axis not in found.axes:
            found.axes.append(axis)
    others = [row for code, row in held.items() if code not in by_code]
    return list(by_code.values()), others


# --- time and return of one account -----------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class PersonHours:
    """One person's hours on an account in a fiscal year."""

    name: str
    planned: PlannedHours | None
    spent: Decimal


@dataclass(slots=True)
class TimeAndReturn:
    """Hours of this fiscal year by person; costs and return of twelve closed months."""

    people: list[PersonHours]
    planned: Decimal
    spent: Decimal
    costs: list[ServiceCost]
    more_costs: bool
    result: Return
    period: Period
    year: FiscalYear
    currency: str
    missing: list[str]
    archived_plans: list[PlannedHours]


def time_and_return(account: Account) -> TimeAndReturn:
    """The account's hours, costs to serve and return (6 queries)."""
    company, period = Company.current(), closed_year()
    year = fiscal_year_of(company_today(company), company.fiscal_year_start)
    rates = YearRates(period, company)
    plans = list(
        PlannedHours.objects.filter(account=account, year=year.year)
        .select_related("user")
        .order_by("user__name", "pk")
    )
    in_year = Q(week__gte=year.first, week__lt=year.end)
    in_period = Q(week__gte=period.first, week__lt=period.end)
    spent = {
        pk: (name, this or ZERO, twelve or ZERO)
        for pk, name, this, twelve in HoursSpent.objects.active()
        .filter(in_year | in_period, account=account)
        .order_by()
        .values_list("user", "user__name")
        .annotate(this=Sum("hours", filter=in_year), twelve=Sum("hours", filter=in_period))
    }
    active = [row for row in plans if row.archived_at is None]
    people = [
        PersonHours(str(row.user), row, spent.get(row.user_id, ("", ZERO, ZERO))[1])
        for row in active
    ]
    planned_by = {row.user_id for row in active}
    people += [
        PersonHours(name, None, this)
        for pk, (name, this, _twelve) in sorted(spent.items(), key=lambda item: item[1][0])
        if this and pk not in planned_by
    ]
    costs = list(
        ServiceCost.objects.active()
        .filter(account=account, month__gte=period.first)
        .order_by("-month", "kind", "pk")
    )
    services = rates.company(
        (row.month, row.currency, row.amount) for row in costs if row.month < period.end
    )
    facts = list(
        SalesFact.objects.filter(account=account)
        .in_months(period.first, period.end)
        .order_by()
        .values_list("month", "currency")
        .annotate(Sum("revenue"), Sum("cost"))
    )
    result = Return(
        revenue=rates.company((m, c, revenue) for m, c, revenue, _cost in facts).amount,
        goods=rates.company((m, c, cost) for m, c, _revenue, cost in facts).amount,
        hours=sum((twelve for _name, _this, twelve in spent.values()), ZERO),
        hourly_cost=PortfolioSettings.current().hourly_cost,
        services=services.amount,
    )
    return TimeAndReturn(
        people,
        sum((row.hours for row in active), ZERO),
        sum((person.spent for person in people), ZERO),
        costs[:MOST_COSTS],
        len(costs) > MOST_COSTS,
        result,
        period,
        year,
        company.currency,
        sorted(rates.missing),
        [row for row in plans if row.archived_at is not None],
    )


def _plain(hours: Decimal | None) -> str:
    """Hours as a number input holds them; empty for none."""
    return "" if hours is None else f"{hours.normalize():f}"


# --- a person's week --------------------------------------------------------------------------------
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

    def __post_init__(self) -> None:
        if self.row is not None and self.row.archived_at is not None:
            self.archived_version, self.row = self.row.version, None

    @property
    def hours(self) -> Decimal | None:
        return self.row.hours if self.row is not None else None

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
        return f"{_plain(self.hours)}|{self.row.note if self.row else ''}"

    @property
    def shown(self) -> str:
        return self.typed if self.typed is not None else _plain(self.hours)


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


def accounts_of(person: User, year: int, since: date) -> Any:
    """What somebody works for: own accounts, seats, planned hours, hours since a day."""
    keys = (
        Account.objects.filter(owner=person)
        .order_by()
        .values("pk")
        .union(
            AccountTeamMember.objects.filter(user=person, archived_at=None)
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


def _with_plan(accounts: Any, person: User, year: int) -> Any:
    return accounts.annotate(
        plan=FilteredRelation(
            "planned_hours",
            condition=Q(
                planned_hours__user=person,
                planned_hours__year=year,
                planned_hours__archived_at__isnull=True,
            ),
        ),
        planned=F("plan__hours"),
        plan_version=F("plan__version"),
    )


def week_of(user: Any, monday: date, page: int = 1) -> Week:
    """One page of the week of whom ``user`` acts for: most planned hours first (3 queries)."""
    person = principal(user)
    assert person is not None  # noqa: S101 - the view is for those who signed in
    company = Company.current()
    year = fiscal_year_of(monday, company.fiscal_year_start)
    before = date.fromordinal(monday.toordinal() - 7)
    since = date.fromordinal(monday.toordinal() - 56)
    mine = _with_plan(accounts_of(person, year.year, since), person, year.year)
    first = (page - 1) * ACCOUNTS_A_PAGE
    found = list(
        mine.visible_to(user)
        .active()
        .order_by(F("planned").desc(nulls_last=True), "name", "pk")[
            first : first + ACCOUNTS_A_PAGE + 1
        ]
    )
    shown = found[:ACCOUNTS_A_PAGE]
    hours = HoursSpent.objects.filter(user=person)  # one's own, whatever became of the account
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


# --- everybody's load -------------------------------------------------------------------------------
def people_with_load(user: Any, year: FiscalYear) -> QuerySet:
    """Those whose portfolio ``user`` may open, with capacity, planned and spent hours of a year."""
    person = principal(user)
    of_person = {"user": OuterRef("pk"), "archived_at__isnull": True}

    def summed(rows: QuerySet) -> Coalesce:
        hours = rows.order_by().values("user").annotate(s=Sum("hours")).values("s")
        return Coalesce(Subquery(hours), ZERO)

    owns = Account.objects.filter(owner=OuterRef("pk"), archived_at__isnull=True)
    return (
        User.objects.figures_visible_to(user)
        .people()
        .filter(Q(role=Role.KAM) | Q(pk=person.pk if person else None) | Exists(owns))
        .annotate(
            capacity=Subquery(
                Capacity.objects.filter(**of_person, year=year.year).order_by().values("hours")[:1]
            ),
            planned=summed(PlannedHours.objects.filter(**of_person, year=year.year)),
            spent=summed(
                HoursSpent.objects.filter(**of_person, week__gte=year.first, week__lt=year.end)
            ),
        )
    )


def load_of(person: Any) -> Load:
    """The load of somebody from ``people_with_load``."""
    return Load(person.capacity, person.planned, person.spent)


def wanted_shares() -> dict[str, Decimal | None]:
    """What the company says about each cell's share of the hours, in the order of the cells."""
    said = dict(CellText.objects.active().values_list("cell", "resource_share"))
    return {cell: said.get(cell) for cell in CellText.Cell.values}


@dataclass(frozen=True, slots=True)
class SpentByCell:
    """Hours of twelve months by cell, as the last night found them; ``night`` is that night."""

    hours: dict[str, Decimal]
    night: date | None


def spent_by_cell(owners: QuerySet) -> SpentByCell:
    """Where the hours of these owners' accounts went, from the prepared nights (one query)."""
    newest = PortfolioNight.objects.order_by("-night").values("night")[:1]
    rows = (
        PortfolioNight.objects.filter(night=Subquery(newest), owner__in=owners)
        .order_by()
        .values_list("cell")
        .annotate(Sum("hours"), Max("night"))
    )
    hours, night = {}, None
    for cell, total, when in rows:
        hours[cell], night = total, when
    return SpentByCell(hours, night)


@dataclass(slots=True)
class BoardRow:
    """An account on somebody's board: its planned hours now, and as they are tried."""

    account: Any
    place: Place
    spent: Decimal
    then: Decimal
    may_edit: bool = False
    error: str = ""
    typed: str | None = None

    @property
    def cell(self) -> str:
        """The cell's name as a person reads it; empty where the account has none."""
        return str(dict(CellText.Cell.choices).get(self.place.cell, ""))

    @property
    def change(self) -> Decimal:
        return self.then - self.place.hours

    @property
    def initial(self) -> str:
        """Planned hours as they are stored, to tell what was touched."""
        return _plain(self.place.hours)

    @property
    def shown(self) -> str:
        return self.typed if self.typed is not None else _plain(self.then)

    @property
    def most(self) -> int:
        """Where the slider ends."""
        return int(max(self.place.hours, self.then, Decimal(50)) * 2)


@dataclass
class Board:
    """One person's planned hours of a year over their accounts, with what a change would do.

    ``cut``: the person has more accounts than the board reads.
    """

    person: Any
    year: FiscalYear
    rows: list[BoardRow]
    wanted: Mapping[str, Decimal | None]
    hourly_cost: Decimal
    cut: bool

    @cached_property
    def now(self) -> Load:
        planned = sum((row.place.hours for row in self.rows), ZERO)
        return Load(self.person.capacity, planned, self.person.spent)

    @cached_property
    def then(self) -> Load:
        planned = sum((row.then for row in self.rows), ZERO)
        return Load(self.person.capacity, planned, self.person.spent)

    @cached_property
    def cost(self) -> tuple[Decimal, Decimal]:
        """What the planned hours cost now, and then."""
        return self.now.planned * self.hourly_cost, self.then.planned * self.hourly_cost

    @cached_property
    def cells(self) -> list[tuple[CellShare, CellShare]]:
        """Each cell's planned hours now, and then."""
        now: dict[str, Decimal] = {}
        then: dict[str, Decimal] = {}
        for row in self.rows:
            cell = row.place.cell
            now[cell] = now.get(cell, ZERO) + row.place.hours
            then[cell] = then.get(cell, ZERO) + row.then
        pairs = zip(cell_shares(now, self.wanted), cell_shares(then, self.wanted), strict=True)
        return [(a, b) for a, b in pairs if a.hours or b.hours or a.should]

    @cached_property
    def moves(self) -> list[Move]:
        """Suggestions from the hours as they are planned now."""
        return suggested_moves([row.place for row in self.rows], self.wanted)

    @property
    def changed(self) -> bool:
        return any(row.change for row in self.rows)

    def try_moves(self) -> set[int]:
        """Puts the suggestions on the board, unsaved; the accounts that they touch."""
        by_id = {row.account.pk: row for row in self.rows}
        touched: set[int] = set()
        for move in self.moves:
            by_id[move.giver.key].then -= move.hours  # type: ignore[index]
            by_id[move.taker.key].then += move.hours  # type: ignore[index]
            touched |= {move.giver.key, move.taker.key}  # type: ignore[arg-type]
        return touched


def board_of(user: Any, person: Any, year: FiscalYear) -> Board:
    """The board of somebody from ``people_with_load``: the accounts that ``user`` sees (5 queries)."""
    keys = (
        Account.objects.filter(owner=person)
        .order_by()
        .values("pk")
        .union(
            PlannedHours.objects.active()
            .filter(user=person, year=year.year)
            .order_by()
            .values("account")
        )
    )
    accounts = _with_plan(Account.objects.filter(pk__in=keys), person, year.year).annotate(
        score=FilteredRelation("scores", condition=Q(scores__last_night__isnull=True)),
        cell=F("score__cell"),
        improvement=F("score__improvement"),
        contribution=F("score__contribution"),
        hours12=F("score__hours"),
    )
    found = list(
        accounts.visible_to(user)
        .active()
        .order_by(F("planned").desc(nulls_last=True), "name", "pk")[: MOST_PLACES + 1]
    )
    spent = dict(
        HoursSpent.objects.active()  # shown for accounts that the user sees
        .filter(user=person, week__gte=year.first, week__lt=year.end)
        .order_by()
        .values_list("account")
        .annotate(Sum("hours"))
    )
    rows = [
        BoardRow(account, place, spent.get(account.pk, ZERO), place.hours)
        for account in found[:MOST_PLACES]
        for place in [_place(account)]
    ]
    return Board(
        person,
        year,
        rows,
        wanted_shares(),
        PortfolioSettings.current().hourly_cost,
        len(found) > MOST_PLACES,
    )


def _place(account: Any) -> Place:
    hours, contribution = account.hours12, account.contribution
    return Place(
        account.pk,
        account.cell or "",
        account.planned or ZERO,
        contribution / hours if hours and contribution is not None else None,
        account.improvement,
    )


def mark_editable(user: Any, rows: Sequence[BoardRow]) -> None:
    """Says which of these accounts ``user`` may change (one query)."""
    asked = [row.account.pk for row in rows]
    may = set(Account.objects.editable_by(user).filter(pk__in=asked).values_list("pk", flat=True))
    for row in rows:
        row.may_edit = row.account.pk in may
