"""How far a portfolio hangs on few customers, from year to year, and what its loss would mean.

Facts are the accounts' fiscal years (``AccountYear``) at each year's budget rates; an amount whose
currency has no rate stays outside and is named. Customers under common control, the accounts under
one top of the hierarchy, count as one. Archived accounts count: what they bought was sold. All sums
are made by the database in one statement; definitions are those of ``portfolio.calc.concentration``
and ``portfolio.calc.retention``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.utils import timezone

from accounts.models import Account, AccountYear
from accounts.querysets import AccountQuerySet
from kam.money import rates_for
from portfolio.calc.retention import STEPS, Bridge, Step
from portfolio.key_accounts import Marks, marks_in
from portfolio.querysets import seen_by

ZERO = Decimal(0)
TOPS = (1, 3, 5, 10, 20, 50)
LISTED = 20
POINTS = 50
TREND = 5
KEPT_SECONDS = 30 * 3600
#: Counts on when what is kept changes its form.
FORM = 3
#: Accounts from which on results are of the last night.
LARGE = 20_000
#: New key accounts that the bridge names.
WON = 20


@dataclass(frozen=True, slots=True)
class Customer:
    """One of the largest customers: ``top`` is the id of its topmost account."""

    top: int
    revenue: Decimal
    margin: Decimal
    is_key: bool
    share: float
    running: float


@dataclass(frozen=True, slots=True)
class YearConcentration:
    """One fiscal year. Amounts in company currency, ratios 0–1; ``None``: nobody has bought.

    ``total`` is the sum of the customers with positive revenue, to which all shares refer;
    ``missing`` are amounts by currency that have no budget rate and are in no sum.
    """

    year: int
    customers: int = 0
    total: Decimal = ZERO
    zero: int = 0
    negative: int = 0
    negative_sum: Decimal = ZERO
    margin: Decimal = ZERO
    key_customers: int = 0
    key_share: float | None = None
    hhi: float | None = None
    gini: float | None = None
    makers: int = 0  # so many of the largest make 80 %
    makers_share: float = 0.0
    tops: dict[int, float] = field(default_factory=dict)
    curve: tuple[tuple[int, float], ...] = ()
    largest: tuple[Customer, ...] = ()
    missing: dict[str, Decimal] = field(default_factory=dict)

    @property
    def effective(self) -> float | None:
        """1 / HHI."""
        return 1 / self.hhi if self.hhi else None

    @property
    def largest_share(self) -> float | None:
        return self.tops.get(1)

    @property
    def net(self) -> Decimal:
        """All sales, net negative customers included."""
        return self.total + self.negative_sum


@dataclass(frozen=True, slots=True)
class Retained:
    """The bridge of all customers, and that of the key accounts; ``won`` are the accounts that
    became key accounts in the year, whoever sees them."""

    all: Bridge
    key: Bridge
    missing: dict[int, dict[str, Decimal]]
    won: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Whose facts: a person's scope, narrowed by ``accounts`` where a filter is set."""

    user: Any
    accounts: AccountQuerySet[Account] | None = None

    def facts(self, years: Sequence[int]) -> Any:
        rows = seen_by(AccountYear.objects.filter(year__in=years), self.user)
        if self.accounts is not None:
            rows = rows.filter(account__in=self.accounts.order_by().values("pk"))
        return rows.order_by().values("account_id", "year", "currency", "revenue", "cost")


_NOTHING = (
    "SELECT NULL::bigint AS account_id, NULL::int AS year, NULL::text AS currency,"
    " NULL::numeric AS revenue, NULL::numeric AS cost WHERE false"
)
_SUMS = """
WITH rates (year, currency, rate) AS (VALUES {rates}),
facts AS MATERIALIZED ({facts}),
marks (account_id, year, was, is_one) AS (
    SELECT * FROM unnest(%s::bigint[], %s::int[], %s::bool[], %s::bool[])
),
missing AS (
    SELECT f.year, f.currency, sum(f.revenue) AS amount
      FROM facts f LEFT JOIN rates r ON r.year = f.year AND r.currency = f.currency
     WHERE r.rate IS NULL GROUP BY 1, 2
),
sums AS MATERIALIZED (
    SELECT a.path[1] AS customer, f.year, sum(f.revenue * r.rate) AS revenue,
           sum((f.revenue - f.cost) * r.rate) AS margin,
           coalesce(sum(f.revenue * r.rate) FILTER (
               WHERE coalesce(m.is_one, a.is_key_account)), 0) AS key_revenue,
           bool_or(coalesce(m.was, a.is_key_account)) AS was_key,
           bool_or(coalesce(m.is_one, a.is_key_account)) AS is_key
      FROM facts f
      JOIN accounts_account a ON a.id = f.account_id
      JOIN rates r ON r.year = f.year AND r.currency = f.currency
      LEFT JOIN marks m ON m.account_id = f.account_id AND m.year = f.year
     GROUP BY 1, 2
)
"""
_CONCENTRATION = """
, ranked AS MATERIALIZED (
    SELECT s.*, s.revenue::float8 AS v,
           row_number() OVER w AS rank, sum(s.revenue::float8) OVER w AS running
      FROM sums s WHERE s.revenue > 0
    WINDOW w AS (PARTITION BY s.year ORDER BY s.revenue DESC, s.customer
                 ROWS UNBOUNDED PRECEDING)
),
totals AS (
    SELECT year, count(*) AS n, sum(revenue) AS total, sum(v * v) AS squares,
           sum(rank * v) AS weighted, sum(key_revenue) AS key_revenue,
           count(*) FILTER (WHERE is_key) AS key_customers
      FROM ranked GROUP BY year
),
others AS (
    SELECT year, count(*) FILTER (WHERE revenue = 0) AS zero,
           count(*) FILTER (WHERE revenue < 0) AS negative,
           coalesce(sum(revenue) FILTER (WHERE revenue < 0), 0) AS negative_sum,
           sum(margin) AS margin
      FROM sums GROUP BY year
),
kept AS (
    SELECT r.year,
           array_agg(r.rank ORDER BY r.rank) AS ranks,
           array_agg(r.running ORDER BY r.rank) AS running
      FROM ranked r JOIN totals t ON t.year = r.year
     WHERE r.rank <= 50 OR r.rank = t.n
        OR r.rank * %(points)s / t.n <> (r.rank - 1) * %(points)s / t.n
     GROUP BY 1
),
makers AS (
    SELECT r.year, min(r.rank) AS rank, min(r.running) AS running
      FROM ranked r JOIN totals t ON t.year = r.year
     WHERE r.running >= 0.8 * t.total::float8 GROUP BY 1
)
SELECT o.year, t.n, t.total, t.squares, t.weighted, t.key_revenue, t.key_customers,
       o.zero, o.negative, o.negative_sum, o.margin, k.ranks, k.running, m.rank, m.running,
       (SELECT array_agg(ARRAY[r.customer, r.revenue, r.margin, r.is_key::int, r.running::numeric]
                         ORDER BY r.rank)
          FROM ranked r WHERE r.year = o.year AND r.rank <= %(listed)s)
  FROM others o LEFT JOIN totals t ON t.year = o.year
  LEFT JOIN kept k ON k.year = o.year LEFT JOIN makers m ON m.year = o.year
UNION ALL
SELECT year, NULL, amount, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       ARRAY[ARRAY[ascii(currency), ascii(substr(currency, 2)), ascii(substr(currency, 3))]]::numeric[]
  FROM missing
"""
_BRIDGE = """
, pairs AS (
    SELECT customer, bool_or(was_key) AS was_key, bool_or(is_key) AS is_key,
           coalesce(sum(revenue) FILTER (WHERE year = %(before)s), 0) AS before,
           coalesce(sum(revenue) FILTER (WHERE year = %(now)s), 0) AS now
      FROM sums GROUP BY 1
)
SELECT CASE WHEN before > 0 THEN
                 CASE WHEN now <= 0 THEN 'lost' WHEN now >= before THEN 'growth' ELSE 'decline' END
            WHEN now > 0 THEN 'new' WHEN before = now THEN 'none' ELSE 'corrections' END,
       was_key, is_key, count(*), sum(before), sum(now), NULL::int
  FROM pairs GROUP BY 1, 2, 3
UNION ALL
SELECT currency, NULL, NULL, 0, amount, 0, year FROM missing
"""


def _statement(
    portfolio: Portfolio, marks: Mapping[int, Marks], then: str
) -> tuple[str, list[Any]]:
    """The statement and its positional parameters, for the years of ``marks``, which say who is a key
    account in each; the rates are read here (a query a year)."""
    years = list(marks)
    pairs: list[Any] = []
    for year in years:
        rates = rates_for(year)
        for currency, rate in [(rates.currency, Decimal(1)), *rates.known]:
            pairs += [year, currency, rate]
    values = ", ".join(["(%s::int, %s::text, %s::numeric)"] * (len(pairs) // 3))
    # The house's own queryset, compiled: its scope stays what it is.
    facts, parameters = _compiled(portfolio, years)
    changed = [
        (account, year, was, is_one)
        for year, of_year in marks.items()
        for account, was, is_one in of_year
    ]
    columns = [[row[at] for row in changed] for at in range(4)]
    return _SUMS.format(rates=values, facts=facts) + then, [*pairs, *parameters, *columns]


def _compiled(portfolio: Portfolio, years: Sequence[int]) -> tuple[str, Sequence[Any]]:
    """The facts' statement; where Django knows that there can be no row, one without rows."""
    try:
        return portfolio.facts(years).query.sql_with_params()
    except EmptyResultSet:
        return _NOTHING, ()


def _rows(sql: str, parameters: Sequence[Any]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def _named(text: str, **values: int) -> str:
    """Whole numbers of our own put into a statement; nothing from outside."""
    for name, value in values.items():
        text = text.replace(f"%({name})s", str(int(value)))
    return text


def concentration_of(portfolio: Portfolio, years: Sequence[int]) -> dict[int, YearConcentration]:
    """Each fiscal year's concentration, its key accounts those of its end or of today (one statement,
    one for the marks, one for each year's rates)."""
    then = _named(_CONCENTRATION, points=POINTS, listed=LISTED)
    marks = marks_in(years)
    found: dict[int, YearConcentration] = {}
    missing: dict[int, dict[str, Decimal]] = {}
    for row in _rows(*_statement(portfolio, marks, then)):
        if row[7] is None:  # an amount without a rate
            code = "".join(chr(int(sign)) for sign in row[15][0])
            missing.setdefault(row[0], {})[code] = row[2]
        else:
            found[row[0]] = _year(row)
    return {
        year: replace(found.get(year, YearConcentration(year)), missing=missing.get(year, {}))
        for year in years
    }


def _year(row: tuple) -> YearConcentration:
    (year, n, total, squares, weighted, key_revenue, key_customers, zero, negative, negative_sum,
     margin, ranks, running, makers, makers_sum, largest) = row  # fmt: skip
    common = {
        "year": year, "zero": zero, "negative": negative,
        "negative_sum": negative_sum, "margin": margin,
    }  # fmt: skip
    if not n:
        return YearConcentration(**common)
    whole = float(total)
    curve = dict(zip(ranks, running, strict=True))
    return YearConcentration(
        **common,
        customers=n,
        total=total,
        key_customers=key_customers,
        key_share=float(key_revenue) / whole,
        hhi=squares / whole**2,
        gini=(n + 1) / n - 2 * weighted / (n * whole),
        makers=makers or n,
        makers_share=(makers_sum or whole) / whole,
        tops={top: curve[min(top, n)] / whole for top in TOPS},
        curve=(
            (0, 0.0),
            *(
                (rank, value / whole)
                for rank, value in curve.items()
                if rank <= 10 or rank == n or rank * POINTS // n != (rank - 1) * POINTS // n
            ),
        ),
        largest=tuple(
            Customer(
                int(top),
                Decimal(revenue),
                Decimal(profit),
                bool(key),
                float(revenue) / whole,
                float(run) / whole,
            )
            for top, revenue, profit, key, run in largest
        ),
    )


def bridge_of(portfolio: Portfolio, year: int) -> Retained:
    """From the year before to ``year``: all customers, and key accounts by the history of the mark
    (a statement, one for the marks, one for each year's rates)."""
    then = _named(_BRIDGE, before=year - 1, now=year)
    marks = marks_in([year])[year]
    groups: list[Pairs] = []
    missing: dict[int, dict[str, Decimal]] = {}
    for name, was, is_one, count, before, now, in_year in _rows(
        *_statement(portfolio, {year - 1: marks, year: marks}, then)
    ):
        if in_year is not None:
            missing.setdefault(in_year, {})[name] = before
        else:
            groups.append(Pairs(name, count, before, now, was, is_one))
    return Retained(_bridge(groups), _key_bridge(groups), missing, tuple(marks.won))


@dataclass(frozen=True, slots=True)
class Pairs:
    """Customers of one step of the bridge, with their sales of both years together."""

    step: str
    count: int
    before: Decimal
    now: Decimal
    was_key: bool
    is_key: bool


def _bridge(groups: Sequence[Pairs]) -> Bridge:
    """``portfolio.calc.retention.bridge``, from sums."""
    counts, changes = dict.fromkeys(STEPS, 0), dict.fromkeys(STEPS, ZERO)
    for group in groups:
        if group.step in counts:
            counts[group.step] += group.count
            changes[group.step] += group.now - group.before
    start, end = sum((g.before for g in groups), ZERO), sum((g.now for g in groups), ZERO)
    return _told(groups, start, end, counts, changes)


def _key_bridge(groups: Sequence[Pairs]) -> Bridge:
    """``portfolio.calc.retention.key_bridge``, from sums."""
    were = [g for g in groups if g.was_key]
    counts, changes = dict.fromkeys(STEPS, 0), dict.fromkeys(STEPS, ZERO)
    for group in groups:
        step, change = "", ZERO
        if group.was_key and group.is_key:
            step, change = group.step, group.now - group.before
        elif group.is_key:
            step, change = "new", group.now
        elif group.was_key:
            step, change = "lost", -group.before
        if step in counts:
            counts[step] += group.count
            changes[step] += change
    end = sum((g.now for g in groups if g.is_key), ZERO)
    return _told(were, sum((g.before for g in were), ZERO), end, counts, changes)


def _told(
    groups: Sequence[Pairs],
    start: Decimal,
    end: Decimal,
    counts: dict[str, int],
    changes: dict[str, Decimal],
) -> Bridge:
    held = [g for g in groups if g.step in ("growth", "decline", "lost")]
    return Bridge(
        start,
        end,
        sum((g.before for g in held), ZERO),
        sum((g.now for g in held), ZERO),
        {name: Step(counts[name], changes[name]) for name in STEPS},
    )


# --- kept results: figures change only when facts, rates or accounts do ---------------------------
@dataclass(frozen=True, slots=True)
class Kept:
    """A result and when it was computed."""

    value: Any
    at: datetime


def kept(kind: str, portfolio: Portfolio, years: Sequence[int], make: Any) -> Kept:
    """The result of ``make()``, from the cache while nothing it was made from has changed.

    Every change of facts, rates or the company leaves a mark in ``accounts_staleyear`` (its sequence
    counts on); accounts carry their time of change. While marks wait, for a minute or so, the last
    result stays, and says its age. In a large company (``LARGE``), where this takes seconds, a result
    holds from one nightly run to the next, which computes the usual ones (``portfolio.nightly``).
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT last_value FROM accounts_staleyear_id_seq),"
            " EXISTS (SELECT FROM accounts_staleyear),"
            " (SELECT max(updated_at) FROM accounts_account),"
            " (SELECT max(updated_at) FROM kam_budgetrate),"
            " (SELECT max(finished_at) FROM portfolio_scoringrun"
            "   WHERE state = 'whole' AND scored >= %s)",
            [LARGE],
        )
        mark, waiting, changed, rates, night = cursor.fetchone()
    sql, parameters = _compiled(portfolio, years)
    text = repr((kind, FORM, sql, parameters, tuple(years)))
    key = "concentration:" + hashlib.blake2s(text.encode()).hexdigest()
    state = (night,) if night else (mark, changed, rates)
    held = cache.get(key)
    if held is not None and (held[0] == state or (waiting and not night)):
        return held[1]
    found = Kept(make(), timezone.now())
    cache.set(key, (None if waiting and not night else state, found), KEPT_SECONDS)
    return found


def kept_year(portfolio: Portfolio, year: int) -> Kept:
    """A fiscal year's ``YearConcentration``."""
    found = kept("year", portfolio, [year], lambda: concentration_of(portfolio, [year]))
    return Kept(found.value[year], found.at)


def kept_trend(portfolio: Portfolio, year: int) -> Kept:
    """The ``YearConcentration`` of the last years up to one, by year, newest first."""
    years = [year - back for back in range(TREND)]
    return kept("years", portfolio, years, lambda: concentration_of(portfolio, years))


def kept_bridge(portfolio: Portfolio, year: int) -> Kept:
    """The ``Retained`` from the year before to a year."""
    return kept("bridge", portfolio, [year - 1, year], lambda: bridge_of(portfolio, year))


def won(user: Any, found: Retained) -> list[Account]:
    """The accounts of the bridge that became key accounts, as far as this person sees them (at most
    one query)."""
    if not found.won:
        return []
    rows = Account.objects.visible_to(user).filter(pk__in=found.won)
    return list(rows.only("id", "name").order_by("name", "id")[:WON])


# --- names ------------------------------------------------------------------------------------------
def names_of(user: Any, tops: Sequence[int]) -> dict[int, Account]:
    """For each customer the topmost of its accounts that this person sees (one query)."""
    rows = Account.objects.visible_to(user).filter(path__overlap=list(tops))
    found: dict[int, Account] = {}
    for account in rows.only("id", "name", "path", "is_key_account").order_by("id"):
        top = account.path[0]
        if top not in found or len(account.path) < len(found[top].path):
            found[top] = account
    return found
