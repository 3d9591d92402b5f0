"""The roll-up: account → KAM's portfolio → team (any depth) → company, in the company's currency.

Functions take scoped querysets (owners and teams whose figures may be shown) and a fiscal year, never
a user. Down to the portfolio they read the prepared figures (``plans.models.rollup``), so they cost the
same however many accounts there are; below it they read the facts and targets of one page of accounts.

Each amount is converted at the budget rate of the fiscal year that it lies in. What has no rate is in
no sum and is named (``Figures.missing``). A team's sum is the sum of its members and sub-teams as the
tree stands today; an account counts where its owner is today.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypedDict

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, OuterRef, QuerySet, Subquery

from accounts.models import Account
from kam.models import BudgetRate, Company, Team, User
from kam.money import Rates
from kam.periods import FiscalYear
from kam.scoping import Role
from plans.calc import MonthFigures, YearFigures, empty_year
from plans.models import AccountPlan, Activity, PortfolioCount

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

AMOUNTS = (
    "actual_revenue",
    "actual_margin",
    "target_revenue",
    "target_margin",
    "forecast_revenue",
)
#: What is told apart where a rate is missing.
MEASURES = {"actual_revenue": "actual", "target_revenue": "target", "forecast_revenue": "forecast"}
#: How many waiting marks are looked at to say how many portfolios wait.
MARKS_SEEN = 2_000
#: Stands for a team that holds everybody.
TOGETHER = 0
#: Stands where a team's id stands in the row that says what waits.
WAITING = -1
#: A key of a group of rows: ("team", id), ("kam", id), ("unowned", None), ("account", id).
Key = tuple[str, int | None]


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


@dataclass(frozen=True, slots=True)
class Part:
    """One line of a roll-up's table: what stands below, with its figures."""

    kind: str
    pk: int | None
    label: str
    note: str
    figures: Figures
    counts: Counts


@dataclass(frozen=True, slots=True)
class Freshness:
    """When the figures were last computed, and how many portfolios wait to be computed anew.

    ``at_least``: more marks wait than were looked at.
    """

    computed_at: datetime | None
    waiting: int = 0
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """A level of the roll-up, the sum of its parts. ``above``: (team id, name) from the top."""

    kind: str
    pk: int | None
    label: str
    note: str
    fiscal_year: FiscalYear
    currency: str
    figures: Figures
    counts: Counts
    parts: tuple[Part, ...]
    fresh: Freshness
    rates: Mapping[int, Rates]
    above: tuple[tuple[int, str], ...] = ()


@dataclass(slots=True)
class Sheet:
    """Collects amounts by key, month and currency, and turns them into years."""

    year: FiscalYear
    closed: int
    rates: Mapping[int, Rates]
    amounts: dict[Key, dict[tuple[date, str], list[Decimal]]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def add(self, key: Key, month: date, currency: str, values: Sequence[Decimal]) -> None:
        cells = self.amounts[key]
        held = cells.get((month, currency))
        if held is None:
            cells[month, currency] = list(values)
        else:
            for index, value in enumerate(values):
                held[index] += value

    @property
    def currency(self) -> str:
        return self.rates[self.year.year].currency

    def figures(self, key: Key) -> Figures:
        return self._figures([self.amounts.get(key, {})])

    def total(self) -> Figures:
        return self._figures(list(self.amounts.values()))

    def _figures(self, groups: Sequence[Mapping[tuple[date, str], list[Decimal]]]) -> Figures:
        last = self.year.shifted(-1)
        empty = {
            self.year.year: empty_year(self.year.months(), self.closed),
            last.year: empty_year(last.months(), 12),
        }
        sums = {y: [list(_values(m)) for m in e.months] for y, e in empty.items()}
        missing: dict[tuple[int, str, str], Decimal] = defaultdict(Decimal)
        for cells in groups:
            for (month, currency), values in cells.items():
                fiscal = self.year if month >= self.year.first else last
                rate = self.rates[fiscal.year].rate(currency)
                if rate is None:
                    for name, value in zip(AMOUNTS, values, strict=True):
                        if value and name in MEASURES:
                            missing[fiscal.year, MEASURES[name], currency] += value
                    continue
                row = sums[fiscal.year][fiscal.month_number(month)]
                for index, value in enumerate(values):
                    row[index] += value * rate
        years = {
            y: YearFigures(
                tuple(
                    MonthFigures(m.month, m.closed, *row)
                    for m, row in zip(empty[y].months, sums[y], strict=True)
                )
            )
            for y in empty
        }
        gaps = tuple(Missing(*key, amount) for key, amount in sorted(missing.items()) if amount)
        return Figures(years[self.year.year], years[last.year], gaps)


def _values(month: MonthFigures) -> tuple[Decimal, ...]:
    return (
        month.actual,
        month.actual_margin,
        month.target,
        month.target_margin,
        month.forecast,
    )


def sheet_for(year: FiscalYear, today: date) -> Sheet:
    """An empty sheet with the rates of the year and the one before (one query)."""
    currency = Company.current().currency
    rates: dict[int, dict[str, Decimal]] = {year.year: {}, year.year - 1: {}}
    stored = BudgetRate.objects.active().filter(year__in=rates)
    for of_year, code, rate in stored.values_list("year", "currency", "rate"):
        rates[of_year][code] = rate
    return Sheet(
        year, year.closed_months(today), {y: Rates(currency, held, y) for y, held in rates.items()}
    )


# --- top: the company, or all that a leader sees ---------------------------------------------------


def top(
    owners: QuerySet[User],
    teams: QuerySet[Team],
    year: FiscalYear,
    today: date,
    *,
    whole_company: bool,
    label: str,
) -> Node:
    """The top teams among ``teams``, people outside all of them, and accounts without an owner.

    ``whole_company`` adds the accounts without an owner. Four queries: rates, teams, months, counts;
    one more for the names of people outside the teams, where there are any.
    """
    tree = _Teams(teams)
    tops = {node.pk: node for node in tree.nodes.values() if node.parent_id not in tree.nodes}
    under = {pk: [node.pk for node in tree.nodes.values() if pk in node.path] for pk in tops}
    sheet, counts, fresh = _read(owners, year, today, under, unowned=whole_company)
    people = {pk for kind, pk in {*sheet.amounts, *counts} if kind == "kam" and pk is not None}
    named = dict(owners.filter(pk__in=people).values_list("pk", "name")) if people else {}
    parts = [
        _part(("team", pk), team.name, team.leader_name or "", sheet, counts)
        for pk, team in tops.items()
        if not team.archived or ("team", pk) in counts or ("team", pk) in sheet.amounts
    ]
    parts.sort(key=lambda part: part.label.casefold())
    parts += sorted(
        (_part(("kam", pk), named.get(pk, f"{pk}"), "", sheet, counts) for pk in people),
        key=lambda part: part.label.casefold(),
    )
    if whole_company and (("unowned", None) in counts or ("unowned", None) in sheet.amounts):
        parts.append(_part(("unowned", None), "", "", sheet, counts))
    return _node(
        "company" if whole_company else "own",
        None,
        label,
        "",
        sheet,
        counts,
        parts,
        fresh,
    )


def team(
    pk: int, owners: QuerySet[User], teams: QuerySet[Team], year: FiscalYear, today: date
) -> Node:
    """One team: its sub-teams (each with all below it) and its members.

    Five queries: teams, rates, months, counts, members. Raises ``Team.DoesNotExist`` for a
    team that is not among ``teams``.
    """
    tree = _Teams(teams)
    if pk not in tree.nodes:
        raise Team.DoesNotExist
    here = tree.nodes[pk]
    below = {node.pk: node for node in tree.nodes.values() if pk in node.path}
    subs = {node.pk: node for node in below.values() if node.parent_id == pk}
    inside = owners.filter(team__in=list(below))
    under = {sub: [node.pk for node in below.values() if sub in node.path] for sub in subs}
    sheet, counts, fresh = _read(inside, year, today, under, unowned=False)
    members = [
        _part(("kam", person.pk), person.name, person.title, sheet, counts)
        for person in owners.filter(team=pk).only("pk", "name", "title", "role", "is_active")
        if ("kam", person.pk) in counts
        or ("kam", person.pk) in sheet.amounts
        or (person.role == Role.KAM and person.is_active)
    ]
    parts = [
        _part(("team", node.pk), node.name, node.leader_name or "", sheet, counts)
        for node in subs.values()
        if not node.archived or ("team", node.pk) in counts or ("team", node.pk) in sheet.amounts
    ]
    parts.sort(key=lambda part: part.label.casefold())
    members.sort(key=lambda part: part.label.casefold())
    above = tuple((p, tree.nodes[p].name) for p in here.path[:-1] if p in tree.nodes)
    return _node(
        "team",
        pk,
        here.name,
        here.leader_name or "",
        sheet,
        counts,
        [*parts, *members],
        fresh,
        above,
    )


def portfolio(owner: User, year: FiscalYear, today: date) -> Node:
    """One KAM's accounts together (three queries); their single accounts: ``account_parts``."""
    owners = User.objects.filter(pk=owner.pk)
    sheet, counts, fresh = _read(owners, year, today, {}, unowned=False)
    return _node(
        "kam",
        owner.pk,
        owner.name,
        owner.title,
        sheet,
        counts,
        [],
        fresh,
    )


def unowned(year: FiscalYear, today: date, label: str) -> Node:
    """The accounts that nobody owns, together (three queries)."""
    nobody = User.objects.none()
    sheet, counts, fresh = _read(nobody, year, today, {}, unowned=True)
    return _node(
        "unowned",
        None,
        label,
        "",
        sheet,
        counts,
        [],
        fresh,
    )


def _part(key: Key, label: str, note: str, sheet: Sheet, counts: Mapping[Key, Counts]) -> Part:
    return Part(*key, label, note, sheet.figures(key), counts.get(key, Counts()))


def _node(
    kind: str,
    pk: int | None,
    label: str,
    note: str,
    sheet: Sheet,
    counts: Mapping[Key, Counts],
    parts: Iterable[Part],
    fresh: Freshness,
    above: tuple[tuple[int, str], ...] = (),
) -> Node:
    return Node(
        kind,
        pk,
        label,
        note,
        sheet.year,
        sheet.currency,
        sheet.total(),
        sum(counts.values(), Counts()),
        tuple(parts),
        fresh,
        sheet.rates,
        above,
    )


class _Teams:
    """The teams that may be shown, by id (one query)."""

    def __init__(self, teams: QuerySet[Team]) -> None:
        rows = teams.order_by().values_list(
            "pk", "parent_id", "name", "path", "archived_at", "leader__name", named=True
        )
        self.nodes = {
            row.pk: _TeamRow(
                row.pk, row.parent_id, row.name, row.path, row.archived_at, row.leader__name
            )
            for row in rows
        }


@dataclass(frozen=True, slots=True)
class _TeamRow:
    pk: int
    parent_id: int | None
    name: str
    path: list[int]
    archived: datetime | None
    leader_name: str | None


def _read(
    owners: QuerySet[User],
    year: FiscalYear,
    today: date,
    under: Mapping[int, list[int]] | None,
    *,
    unowned: bool,
) -> tuple[Sheet, dict[Key, Counts], Freshness]:
    """The prepared figures of these owners by key: rates, months, counts (three queries).

    ``under`` gives for each team that is one part the teams that it holds; people of other teams
    and of none are parts of their own. Without ``under`` all people together are one part.
    """
    sheet = sheet_for(year, today)
    try:
        inside, params = owners.order_by().values("pk", "team_id").query.sql_with_params()
    except EmptyResultSet:
        inside, params = "SELECT NULL::bigint, NULL::bigint WHERE false", ()
    if under is None:
        inside = f"SELECT x.pk, {TOGETHER}::bigint FROM ({inside}) x(pk, team_id)"
        under = {TOGETHER: [TOGETHER]}
    pairs = [(team_id, part) for part, ids in under.items() for team_id in ids]
    given = [*params, [team_id for team_id, _part in pairs], [part for _team, part in pairs]]
    names = Counts.__slots__
    counts: dict[Key, Counts] = defaultdict(Counts)
    computed_at: datetime | None = None
    fresh = Freshness(None)
    with connection.cursor() as cursor:
        for team_id, person, month, currency, *values in _grouped(
            cursor,
            f"month, currency, {_sums(AMOUNTS)}",
            "plans_portfoliomonth",
            "month >= %s AND month < %s",
            "month, currency",
            inside,
            given,
            [year.shifted(-1).first, year.end],
            unowned,
        ):
            sheet.add(_key(team_id, person), month, currency, values)
        for team_id, person, at, *values in _grouped(
            cursor,
            f"max(counted_at), {_sums(names)}",
            "plans_portfoliocount",
            "year IN (%s, %s)",
            "",
            inside,
            given,
            [PortfolioCount.ALWAYS, year.year],
            unowned,
            waiting=True,
        ):
            if team_id == WAITING:
                fresh = Freshness(None, values[0], bool(values[0] and values[1]))
                continue
            counts[_key(team_id, person)] += Counts(*(int(value) for value in values))
            computed_at = at if computed_at is None else max(at, computed_at)
    return sheet, dict(counts), replace(fresh, computed_at=computed_at)


def _key(team_id: int | None, person_id: int | None) -> Key:
    if team_id is not None:
        return ("team", team_id)
    return ("unowned", None) if person_id is None else ("kam", person_id)


def _sums(names: Iterable[str]) -> str:
    return ", ".join(f"sum({name})" for name in names)


def _grouped(
    cursor: Any,
    columns: str,
    table: str,
    when: str,
    by: str,
    inside: str,
    given: list[Any],
    period: list[Any],
    unowned: bool,
    *,
    waiting: bool = False,
) -> list[tuple[Any, ...]]:
    """Rows of (team, person, …) summed from a table of prepared figures."""
    by = f", {by}" if by else ""
    nobody = (
        f"UNION ALL SELECT NULL, NULL, {columns} FROM {table} WHERE owner_id IS NULL AND {when}"
        f" {'GROUP BY ' + by[2:] if by else 'HAVING count(*) > 0'}"
    )
    cursor.execute(
        f"""
        WITH parts AS MATERIALIZED (
            SELECT u.pk AS owner_id, t.part AS team_id, CASE WHEN t.part IS NULL THEN u.pk END AS person_id
              FROM ({inside}) u(pk, team_id)
              LEFT JOIN unnest(%s::bigint[], %s::bigint[]) t(team_id, part) ON t.team_id = u.team_id
        ) {_MARKS if waiting else ""}
        SELECT parts.team_id, parts.person_id, {columns}
          FROM {table} JOIN parts USING (owner_id) WHERE {when}
         GROUP BY parts.team_id, parts.person_id{by}
        {nobody if unowned else ""}
        {_WAITING if waiting else ""}
        """,
        [*given, *period, *(period if unowned else []), *([unowned] if waiting else [])],
    )
    return cursor.fetchall()


#: Another row of the counts: how many of these portfolios wait, and whether more marks wait than
#: were looked at. In the counts' statement, because every page asks for both.
_WAITING = f"""
    UNION ALL
    SELECT {WAITING}, NULL, NULL,
           (SELECT count(*) FROM waiting
             WHERE owner_id IN (SELECT owner_id FROM parts) OR (%s AND owner_id IS NULL)),
           (SELECT ((SELECT count(*) FROM marks) = {MARKS_SEEN})::int), 0, 0, 0, 0
"""
_MARKS = f"""
    , marks AS MATERIALIZED (
        SELECT account_id, owner_id FROM plans_staleportfolio LIMIT {MARKS_SEEN}
    ), waiting AS MATERIALIZED (
        SELECT DISTINCT coalesce(a.owner_id, m.owner_id) AS owner_id
          FROM marks m LEFT JOIN accounts_account a ON a.id = m.account_id
    )
"""


# --- below the portfolio: single accounts -----------------------------------------------------------

_ACCOUNT_MONTHS = """
    SELECT f.account_id, f.month, f.currency, sum(f.revenue), sum(f.revenue - f.cost),
           0::numeric, 0::numeric, 0::numeric
      FROM accounts_salesfact f
     WHERE f.account_id = ANY(%(accounts)s) AND f.month >= %(first)s AND f.month < %(end)s
     GROUP BY 1, 2, 3
    UNION ALL
    SELECT p.account_id, m.month, p.currency, 0, 0, sum(m.revenue), sum(m.margin),
           sum(coalesce(m.forecast, m.revenue))
      FROM plans_accountplan p
      JOIN plans_target t ON t.plan_id = p.id AND t.archived_at IS NULL
      JOIN plans_targetmonth m ON m.target_id = t.id AND m.archived_at IS NULL
     WHERE p.account_id = ANY(%(accounts)s) AND p.archived_at IS NULL
       AND m.month >= %(first)s AND m.month < %(end)s
     GROUP BY 1, 2, 3
"""


def fill_accounts(sheet: Sheet, account_ids: Sequence[int]) -> Sheet:
    """Adds the months of these accounts from their facts and targets (one query)."""
    with connection.cursor() as cursor:
        cursor.execute(
            _ACCOUNT_MONTHS,
            {
                "accounts": list(account_ids),
                "first": sheet.year.shifted(-1).first,
                "end": sheet.year.end,
            },
        )
        for account_id, month, currency, *values in cursor.fetchall():
            sheet.add(("account", account_id), month, currency, values)
    return sheet


@dataclass(frozen=True, slots=True)
class AccountPart:
    """One account in a portfolio's table; ``plan_id`` is empty where the year has no plan."""

    account: Account
    figures: Figures
    plan_id: int | None
    plan_status: str
    open_activities: int
    late_activities: int


class PlanFacts(TypedDict):
    """What ``with_plans`` adds to an account; ``None`` where there is nothing."""

    plan_id: int | None
    plan_status: str | None
    open_activities: int | None
    late_activities: int | None


def with_plans(
    accounts: QuerySet[Account], year: FiscalYear, today: date
) -> QuerySet[WithAnnotations[Account, PlanFacts]]:
    """Adds each account's plan of the year (id, state) and its open and late activities."""
    plans = AccountPlan.objects.filter(
        account=OuterRef("pk"), year=year.year, archived_at__isnull=True
    )
    activities = Activity.objects.open().filter(
        plan__account=OuterRef("pk"), plan__year=year.year, plan__archived_at__isnull=True
    )

    def count(rows: QuerySet) -> Subquery:
        grouped = rows.order_by().values("plan__account").annotate(n=Count("pk"))
        return Subquery(grouped.values("n"))

    return accounts.annotate(
        plan_id=Subquery(plans.order_by().values("pk")[:1]),
        plan_status=Subquery(plans.order_by().values("status")[:1]),
        open_activities=count(activities),
        late_activities=count(activities.filter(due_on__lt=today)),
    )


def sums(
    owners: QuerySet[User], year: FiscalYear, today: date, *, unowned: bool
) -> tuple[Figures, Sheet]:
    """These owners' figures in one (three queries)."""
    sheet, _counts, _at = _read(owners, year, today, None, unowned=unowned)
    return sheet.total(), sheet


def account_parts(
    accounts: Sequence[WithAnnotations[Account, PlanFacts]], sheet: Sheet
) -> list[AccountPart]:
    """These accounts (``with_plans``) with their own figures (one query)."""
    fill_accounts(sheet, [account.pk for account in accounts])
    return [
        AccountPart(
            account,
            sheet.figures(("account", account.pk)),
            account.plan_id,
            account.plan_status or "",
            account.open_activities or 0,
            account.late_activities or 0,
        )
        for account in accounts
    ]


@dataclass(frozen=True, slots=True)
class AccountTree:
    """An account's own figures, and the sum with its subsidiaries: never one inside the other.

    ``below``: the subsidiaries' own figures in the order of the tree, at most ``SUBSIDIARIES_SHOWN``;
    ``count``: how many there are. Archived accounts are not in.
    """

    account: Account
    currency: str
    fiscal_year: FiscalYear
    own: Figures
    together: Figures
    below: tuple[tuple[Account, Figures], ...]
    count: int


SUBSIDIARIES_SHOWN = 200


def account_tree(
    account: Account, accounts: QuerySet[Account], year: FiscalYear, today: date
) -> AccountTree:
    """The account with those of ``accounts`` that stand below it (three queries)."""
    sheet = sheet_for(year, today)
    below = list(
        accounts.filter(path__contains=[account.pk], archived_at__isnull=True)
        .exclude(pk=account.pk)
        .select_related("owner")
        .order_by("path")
    )
    fill_accounts(sheet, [account.pk, *(child.pk for child in below)])
    return AccountTree(
        account,
        sheet.currency,
        year,
        sheet.figures(("account", account.pk)),
        sheet.total(),
        tuple((c, sheet.figures(("account", c.pk))) for c in below[:SUBSIDIARIES_SHOWN]),
        len(below),
    )


__all__ = [
    "AccountPart",
    "AccountTree",
    "Counts",
    "Figures",
    "Freshness",
    "Missing",
    "Node",
    "Part",
    "Sheet",
    "account_parts",
    "account_tree",
    "fill_accounts",
    "portfolio",
    "sheet_for",
    "sums",
    "team",
    "top",
    "unowned",
    "with_plans",
]
