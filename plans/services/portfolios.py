"""Keeping the prepared figures of the portfolios true.

Triggers mark what a write made stale (``plans_staleportfolio``, in the write's own transaction). A
refresh takes marks, locks the portfolios that they mean, and computes these anew from the rows: it
never adds to what is there, so it may run twice, at the same time as others, or be killed. It
relies on READ COMMITTED: each statement after the lock sees all that was committed before it.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import OperationalError, connection, transaction

from kam.models import Company
from kam.periods import company_today, fiscal_year_of, month_of
from plans.models import AgreedMonth, PortfolioCount, StalePortfolio
from plans.services.company_sums import rebuild_company, roll_up_company
from plans.services.portfolio_parts import compute_parts, count_parts

log = logging.getLogger(__name__)

#: How many marks a web request works off itself; a bulk write leaves more, and the worker does them.
INLINE_MARKS = 200
#: How long a web request may spend on it before it leaves the marks to the worker.
INLINE_MILLISECONDS = 700
#: How many marks the worker takes into one transaction.
BATCH = 200_000
#: The marks of how many writes at most are taken together.
WRITES = 1_000
#: For how many owners one statement computes.
OWNERS_AT_ONCE = 50
#: Stands for "no owner" where the database needs a number.
NOBODY = 0

_LOCK = "hashtext('plans.portfolios')"

#: The accounts that count, of the owners asked for. ``key`` is the owner, 0 for nobody.
_MINE = """
    mine AS (
        SELECT id, owner_id, coalesce(owner_id, 0) AS key FROM accounts_account
         WHERE archived_at IS NULL
           AND (owner_id = ANY(%(owners)s) OR (%(unowned)s AND owner_id IS NULL))
    )
"""
_SUMS = """
    SELECT owner_id, month, currency,
           sum(actual_revenue) AS actual_revenue, sum(actual_margin) AS actual_margin,
           sum(target_revenue) AS target_revenue, sum(target_margin) AS target_margin,
           sum(forecast_revenue) AS forecast_revenue
      FROM (
        SELECT mine.owner_id, f.month, f.currency,
               sum(f.revenue) AS actual_revenue, sum(f.revenue - f.cost) AS actual_margin,
               0 AS target_revenue, 0 AS target_margin, 0 AS forecast_revenue
          FROM mine {facts_wanted}
          JOIN accounts_salesfact f ON f.account_id = mine.id {facts_month}
         GROUP BY 1, 2, 3
        UNION ALL
        SELECT mine.owner_id, m.month, {agreed.CURRENCY}, 0, 0,
               sum({agreed.REVENUE}), sum({agreed.MARGIN}), sum({agreed.FORECAST})
          FROM mine {facts_wanted}
          JOIN plans_accountplan p ON p.account_id = mine.id AND p.archived_at IS NULL
          JOIN plans_target t ON t.plan_id = p.id
          JOIN plans_targetmonth m ON m.target_id = t.id {target_month}
          {agreed.JOIN}
         WHERE {agreed.COUNTS}
         GROUP BY 1, 2, 3
      ) parts
     GROUP BY 1, 2, 3
"""
_AMOUNTS = (
    "actual_revenue",
    "actual_margin",
    "target_revenue",
    "target_margin",
    "forecast_revenue",
)
_STORE = f"""
    , gone AS (
        DELETE FROM plans_portfoliomonth p
         WHERE {{in_question}}
           AND NOT EXISTS (SELECT 1 FROM figures f WHERE f.owner_id IS NOT DISTINCT FROM p.owner_id
                              AND f.month = p.month AND f.currency = p.currency)
        RETURNING 1
    ), kept AS (
        INSERT INTO plans_portfoliomonth AS p (owner_id, month, currency, {", ".join(_AMOUNTS)})
        SELECT owner_id, month, currency, {", ".join(_AMOUNTS)} FROM figures
         ORDER BY month, owner_id  -- what is read together lies together
        ON CONFLICT (owner_id, month, currency) DO UPDATE
           SET {", ".join(f"{a} = excluded.{a}" for a in _AMOUNTS)}
         WHERE ({", ".join(f"p.{a}" for a in _AMOUNTS)})
               IS DISTINCT FROM ({", ".join(f"excluded.{a}" for a in _AMOUNTS)})
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM kept)
"""
_WHOLE = (
    "WITH "
    + _MINE
    + ", figures AS MATERIALIZED ("
    + _SUMS.format(agreed=AgreedMonth, facts_wanted="", facts_month="", target_month="")
    + ")"
    + _STORE.format(
        in_question="(p.owner_id = ANY(%(owners)s) OR (%(unowned)s AND p.owner_id IS NULL))"
    )
)
_MONTHS = (
    "WITH wanted AS (SELECT DISTINCT key, month FROM unnest(%(keys)s::bigint[], %(months)s::date[])"
    " AS w(key, month)), "
    + _MINE
    + ", figures AS MATERIALIZED ("
    + _SUMS.format(
        agreed=AgreedMonth,
        facts_wanted="JOIN wanted w ON w.key = mine.key",
        facts_month="AND f.month = w.month",
        target_month="AND m.month = w.month",
    )
    + ")"
    + _STORE.format(
        in_question="(coalesce(p.owner_id, 0), p.month) IN (SELECT key, month FROM wanted)"
    )
)
_COUNTED = (
    "accounts",
    "key_accounts",
    "planned",
    "approved",
    "open_activities",
    "late_activities",
)
_COUNTS = (
    "WITH "
    + _MINE
    + f""", figures AS MATERIALIZED (
        SELECT mine.owner_id, {PortfolioCount.ALWAYS} AS year, count(*) AS accounts,
               count(*) FILTER (WHERE a.is_key_account) AS key_accounts,
               0 AS planned, 0 AS approved, 0 AS open_activities, 0 AS late_activities
          FROM mine JOIN accounts_account a ON a.id = mine.id
         GROUP BY 1
        UNION ALL
        SELECT mine.owner_id, p.year, 0, 0, count(*),
               count(*) FILTER (WHERE p.status IN ('approved', 'active', 'amending', 'closed') OR p.in_force > 0),
               coalesce(sum(todo.open), 0), coalesce(sum(todo.late), 0)
          FROM mine
          JOIN plans_accountplan p ON p.account_id = mine.id AND p.archived_at IS NULL
          LEFT JOIN LATERAL (
            SELECT count(*) AS open, count(*) FILTER (WHERE c.due_on < %(today)s) AS late
              FROM plans_activity c
             WHERE c.plan_id = p.id AND c.archived_at IS NULL
               AND c.status IN ('planned', 'in_progress')
          ) todo ON true
         GROUP BY 1, 2
    ), gone AS (
        DELETE FROM plans_portfoliocount p
         WHERE (p.owner_id = ANY(%(owners)s) OR (%(unowned)s AND p.owner_id IS NULL))
           AND NOT EXISTS (SELECT 1 FROM figures f WHERE f.owner_id IS NOT DISTINCT FROM p.owner_id
                              AND f.year = p.year)
    )
    INSERT INTO plans_portfoliocount (owner_id, year, {", ".join(_COUNTED)}, counted_on, counted_at)
    SELECT owner_id, year, {", ".join(_COUNTED)}, %(today)s, clock_timestamp() FROM figures
    ON CONFLICT (owner_id, year) DO UPDATE
       SET {", ".join(f"{c} = excluded.{c}" for c in _COUNTED)},
           counted_on = excluded.counted_on, counted_at = excluded.counted_at
"""
)
_TOUCH = """
    UPDATE plans_portfoliocount SET counted_at = clock_timestamp()
     WHERE year = 0 AND (owner_id = ANY(%(owners)s) OR (%(unowned)s AND owner_id IS NULL))
"""


@dataclass
class _Stale:
    """What a set of marks means, owner by owner (0: nobody)."""

    marks: int = 0
    whole: set[int] = field(default_factory=set)
    counts: set[int] = field(default_factory=set)
    months: set[tuple[int, date]] = field(default_factory=set)

    @property
    def owners(self) -> set[int]:
        return self.whole | self.counts | {owner for owner, _month in self.months}


def refresh_portfolios(limit: int | None = None) -> int:
    """Computes anew what up to ``limit`` marks (the oldest first; all without a limit) mean.

    Returns how many marks were worked off. What one write moved is taken together (beyond ``limit``,
    where it must): a sum over the portfolios never holds an account twice or not at all. Marks of
    writes that somebody else is working off at this moment are left to them. All in one transaction:
    killed in the middle, the marks are there again. Without a limit the company's sums follow.
    """
    done = 0
    while True:
        batch = BATCH if limit is None else min(BATCH, limit - done)
        if batch <= 0:
            return done
        with transaction.atomic():
            stale = _take(batch)
            if stale.marks:
                _lock(stale.owners)
                _compute(stale)
        done += stale.marks
        if not stale.marks:
            if limit is None:
                roll_up_company()
            return done


def rebuild_portfolios() -> int:
    """Computes every portfolio anew from the rows, marked or not; returns how many cells changed.

    Memory stays flat: the sums are made in the database, owners × months × currencies of them. The
    company's sums follow from them.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
        # What is marked up to here is seen by the statements below.
        cursor.execute("SET LOCAL statement_timeout = '20min'")
        cursor.execute("DELETE FROM plans_staleportfolio")
        owners = _owners_with_figures()
        changed = _run(_WHOLE, owners)
        today = company_today()
        _run(_COUNTS, owners, today=today, fetch=False)
        for some in _batches(owners):
            changed += compute_parts(some, today)
            count_parts(some, today)
        rolled = rebuild_company()
    log.info("%s prepared figures changed, %s of the company", changed, rolled)
    return changed


def mark_portfolios(*owner_ids: int | None) -> None:
    """Marks whole portfolios by hand; ``None`` is the accounts without an owner."""
    StalePortfolio.objects.bulk_create([StalePortfolio(owner_id=owner) for owner in owner_ids])


def mark_new_day() -> int:
    """Marks what an earlier date made: activities become late by midnight, months are over."""
    today = company_today()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO plans_staleportfolio (owner_id, what) SELECT DISTINCT owner_id, 'a'"
            " FROM plans_portfoliopart WHERE closed_on < %s AND currency <> ''",
            [month_of(today)],
        )
        cursor.execute(
            "INSERT INTO plans_staleportfolio (owner_id, what) SELECT DISTINCT owner_id, 'c'"
            " FROM plans_portfoliocount WHERE counted_on < %s",
            [today],
        )
        return cursor.rowcount


_one_refresh_for_all: ContextVar[bool] = ContextVar("one_refresh_for_all", default=False)


def refresh_soon() -> None:
    """After the commit of this transaction: a little work is done at once, the rest by a worker."""
    if not _one_refresh_for_all.get():
        transaction.on_commit(_refresh_inline, robust=True)


@contextmanager
def one_refresh_for_all() -> Iterator[None]:
    """Many writes, one refresh at the end of the block instead of one after each of them."""
    token = _one_refresh_for_all.set(True)
    try:
        yield
    finally:
        _one_refresh_for_all.reset(token)
    refresh_soon()


def _refresh_inline() -> None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {INLINE_MILLISECONDS}")
            done = refresh_portfolios(INLINE_MARKS)
        # Apart from it: whoever else sums the company anew is kept waiting by nobody's portfolio.
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {INLINE_MILLISECONDS}")
            rolled = roll_up_company(INLINE_MARKS)
    except OperationalError:  # too slow for somebody who waits: the marks are back in their place
        done, rolled = INLINE_MARKS, False
    if done >= INLINE_MARKS or not rolled:
        wake_worker()


def wake_worker() -> None:
    """Asks a worker to work off the marks; without a broker the minute's tick does it."""
    from plans.tasks import refresh_marked_portfolios

    try:
        refresh_marked_portfolios.apply_async(retry=False)
    except Exception:
        log.warning("portfolios wait for the next tick: the broker does not answer")


def _take(limit: int) -> _Stale:
    """Takes marks out and says which portfolios they mean; a marked account's owner as of now."""
    stale = _Stale()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock_shared({_LOCK})")
        cursor.execute(
            """
            WITH oldest AS MATERIALIZED (  -- once: a plan may run a plain subquery for each row
                SELECT id, write FROM plans_staleportfolio ORDER BY id LIMIT %s
            ), writes AS MATERIALIZED (
                SELECT write FROM (SELECT write, min(id) FROM oldest GROUP BY 1 ORDER BY 2 LIMIT %s) w
                 WHERE pg_try_advisory_xact_lock(hashtext('plans.write'), (write %% 2147483647)::int)
            ), chosen AS MATERIALIZED (
                SELECT id FROM plans_staleportfolio
                 WHERE write IN (SELECT write FROM writes)
                   AND (what = 'a' OR id IN (SELECT id FROM oldest))
                   FOR UPDATE
            ), taken AS (
                DELETE FROM plans_staleportfolio WHERE id IN (SELECT id FROM chosen)
                RETURNING account_id, owner_id, month, what
            )
            SELECT coalesce(a.owner_id, 0) AS key, t.what, t.month, count(*)
              FROM taken t JOIN accounts_account a ON a.id = t.account_id GROUP BY 1, 2, 3
            UNION ALL
            SELECT coalesce(owner_id, 0), what, month, count(*) FROM taken
             WHERE account_id IS NULL GROUP BY 1, 2, 3
            UNION ALL
            SELECT NULL, '-', NULL, count(*) FROM taken t WHERE t.account_id IS NOT NULL
               AND NOT EXISTS (SELECT 1 FROM accounts_account a WHERE a.id = t.account_id)
            """,
            [limit, WRITES],
        )
        for key, what, month, count in cursor.fetchall():
            stale.marks += count
            if what == StalePortfolio.What.ALL:
                stale.whole.add(key)
            elif what == StalePortfolio.What.COUNTS:
                stale.counts.add(key)
            elif what == StalePortfolio.What.MONTH:
                stale.months.add((key, month))
    stale.counts |= stale.whole
    stale.months = {pair for pair in stale.months if pair[0] not in stale.whole}
    return stale


def _lock(owners: Iterable[int]) -> None:
    """One refresher at a time for each portfolio, always in the same order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('plans.portfolio'), key)"
            " FROM (SELECT unnest(%s::int[]) AS key ORDER BY 1) owners",
            [sorted(owners)],
        )


def _compute(stale: _Stale) -> None:
    """Computes what the marks mean; a few owners in one statement, so that each of them is short."""
    today = company_today()
    for some in _batches(stale.whole):
        _run(_WHOLE, some)
        compute_parts(some, today)
    if stale.months:
        start = Company.current().fiscal_year_start
        for some in _batches({owner for owner, _month in stale.months}):
            inside = set(some)
            pairs = sorted(pair for pair in stale.months if pair[0] in inside)
            _run(
                _MONTHS,
                some,
                keys=[owner for owner, _month in pairs],
                months=[month for _owner, month in pairs],
            )
            compute_parts(some, today, {fiscal_year_of(month, start).year for _o, month in pairs})
        _run(_TOUCH, {owner for owner, _month in stale.months}, fetch=False)
    for some in _batches(stale.counts):
        _run(_COUNTS, some, today=today, fetch=False)
        count_parts(some, today)


def _batches(owners: Iterable[int]) -> Iterator[list[int]]:
    """The owners in their order, ``OWNERS_AT_ONCE`` at a time."""
    in_order = sorted(owners)
    for at in range(0, len(in_order), OWNERS_AT_ONCE):
        yield in_order[at : at + OWNERS_AT_ONCE]


def _run(statement: str, owners: Iterable[int], *, fetch: bool = True, **values: Any) -> int:
    owners = set(owners)
    values |= {"owners": sorted(owners - {NOBODY}), "unowned": NOBODY in owners}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0] if fetch else cursor.rowcount


def _owners_with_figures() -> set[int]:
    """All who own an account or have prepared figures, and nobody."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT owner_id FROM accounts_account WHERE owner_id IS NOT NULL"
            " UNION SELECT owner_id FROM plans_portfoliomonth WHERE owner_id IS NOT NULL"
            " UNION SELECT owner_id FROM plans_portfoliocount WHERE owner_id IS NOT NULL"
        )
        return {row[0] for row in cursor.fetchall()} | {NOBODY}


__all__ = [
    "mark_new_day",
    "mark_portfolios",
    "one_refresh_for_all",
    "rebuild_portfolios",
    "refresh_portfolios",
    "refresh_soon",
    "wake_worker",
]
