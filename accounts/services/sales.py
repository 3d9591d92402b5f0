"""Recording sales facts in bulk, and keeping the figures that are prepared from them."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from kam.models import Company, ImportBatch
from kam.periods import company_today, fiscal_year_of

#: What a request works off itself after its commit; the minute's tick does the rest.
AT_ONCE = 10_000
#: Marks that the tick takes into one transaction.
AT_A_TIME = 50_000
#: Accounts whose figures one statement computes.
SLICE = 20_000


@dataclass(frozen=True, slots=True)
class Counts:
    """What recording did, in facts."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0

    @property
    def total(self) -> int:
        return self.created + self.changed + self.unchanged

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.created + other.created,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
        )


_COLUMNS = ("account", "product", "month", "currency", "revenue", "cost", "volume")


def record_sales_facts(
    rows: Iterable[Mapping[str, Any]], batch: ImportBatch, *, refresh: bool = True
) -> Counts:
    """Writes facts, replacing those with the same account, product, month and currency.

    Each row has ``account`` and ``product`` (ids or rows), ``month`` (its first day), ``currency``,
    ``revenue`` (net, in that currency), and perhaps ``cost`` and ``volume`` (0 where missing). All
    are written or none; a fact that already says the same stays with its first batch. The batch
    counts what was done. The figures of a few accounts are computed anew right after the commit;
    without ``refresh`` the caller does that for all, and what it leaves the minute's tick does.

    Raises ``ValidationError`` where a key stands twice, where an account or product is unknown, or
    where a month is not a month's first day.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            CREATE TEMP TABLE IF NOT EXISTS accounts_incoming (
                account bigint, product bigint, month date, currency varchar(3),
                revenue numeric(16, 2), cost numeric(16, 2), volume numeric(16, 3)
            ) ON COMMIT DROP;
            TRUNCATE accounts_incoming
            """
        )
        cursor.copy_expert("COPY accounts_incoming FROM STDIN WITH (FORMAT csv)", _CsvReader(rows))
        _refuse_bad(cursor)
        cursor.execute(
            """
            WITH written AS (
            INSERT INTO accounts_salesfact AS f
                   (account_id, product_id, month, currency, revenue, cost, volume, batch_id)
            SELECT account, product, month, currency, revenue, cost, volume, %s
              FROM accounts_incoming
             ORDER BY account, month, product, currency
            ON CONFLICT (account_id, month, product_id, currency) DO UPDATE
               SET revenue = excluded.revenue, cost = excluded.cost, volume = excluded.volume,
                   batch_id = excluded.batch_id
             WHERE (f.revenue, f.cost, f.volume)
                   IS DISTINCT FROM (excluded.revenue, excluded.cost, excluded.volume)
            RETURNING (xmax = 0) AS is_new
            )
            SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new),
                   (SELECT count(*) FROM accounts_incoming)
              FROM written
            """,
            [batch.pk],
        )
        created, changed, total = cursor.fetchone()
        counts = Counts(created, changed, total - created - changed)
        ImportBatch.objects.filter(pk=batch.pk).update(
            created=F("created") + counts.created,
            changed=F("changed") + counts.changed,
            unchanged=F("unchanged") + counts.unchanged,
            state=ImportBatch.State.APPLIED,
            applied_at=timezone.now(),
        )
        if refresh:
            transaction.on_commit(lambda: refresh_account_years(AT_ONCE), robust=True)
    return counts


def _refuse_bad(cursor: Any) -> None:
    cursor.execute(
        """
        SELECT account, product, month, currency FROM accounts_incoming
         GROUP BY 1, 2, 3, 4 HAVING count(*) > 1 LIMIT 1
        """
    )
    if twice := cursor.fetchone():
        raise ValidationError(
            _(
                "Account %(account)s, product %(product)s, %(month)s, %(currency)s stands there twice."
            ),
            params={
                "account": twice[0],
                "product": twice[1],
                "month": f"{twice[2]:%Y-%m}",
                "currency": twice[3],
            },
        )
    for column, table, text in (
        ("account", "accounts_account", _("There is no account %(id)s.")),
        ("product", "accounts_product", _("There is no product %(id)s.")),
    ):
        cursor.execute(
            f"SELECT {column} FROM accounts_incoming i WHERE NOT EXISTS"  # noqa: S608 - our names
            f" (SELECT FROM {table} t WHERE t.id = i.{column}) LIMIT 1"
        )
        if unknown := cursor.fetchone():
            raise ValidationError(text, params={"id": unknown[0]})
    cursor.execute("SELECT month FROM accounts_incoming WHERE extract(day FROM month) <> 1 LIMIT 1")
    if wrong := cursor.fetchone():
        raise ValidationError(
            _("%(day)s is not the first day of a month."), params={"day": wrong[0].isoformat()}
        )


class _CsvReader:
    """Rows as a file for COPY, written only as fast as the database reads."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._rows = iter(rows)
        self._rest = ""

    def read(self, size: int = 8192) -> str:
        out = io.StringIO()
        out.write(self._rest)
        writer = csv.writer(out)
        for row in self._rows:
            writer.writerow([_plain(row, name) for name in _COLUMNS])
            if out.tell() >= size:
                break
        text = out.getvalue()
        self._rest = text[size:]
        return text[:size]


def _plain(row: Mapping[str, Any], name: str) -> Any:
    value = row.get(name)
    if value is None and name in ("cost", "volume"):
        return 0
    return getattr(value, "pk", value)


# --- prepared figures -----------------------------------------------------------------------------
def refresh_account_years(limit: int | None = None) -> int:
    """Computes anew what the marks of ``StaleYear`` name; returns how many marks it took.

    ``limit`` is how many marks at most. Safe to run twice, at once with others, or to be killed:
    marks are taken in the transaction that computes, and each account's figures are locked before
    the facts are read, so that the last one to write has seen every fact.
    """
    done = 0
    while limit is None or done < limit:
        take = AT_A_TIME if limit is None else min(AT_A_TIME, limit - done)
        taken = _refresh_some(take, whole_accounts=limit is None)
        done += taken
        if taken < take:
            break
    _turn_the_year()
    return done


def _refresh_some(take: int, *, whole_accounts: bool) -> int:
    start = Company.current().fiscal_year_start
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")  # the sums of many accounts stay in memory
        cursor.execute(
            """
            WITH taken AS MATERIALIZED (
                SELECT id FROM accounts_staleyear ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
            )
            DELETE FROM accounts_staleyear WHERE id IN (SELECT id FROM taken)
            RETURNING account_id, month
            """,
            [take],
        )
        marks = cursor.fetchall()
        if not marks:
            return 0
        if (None, None) in marks:
            _rebuild(cursor)
            return len(marks)
        if whole_accounts and len(marks) == take:
            marks += _more_of({account for account, _month in marks if account}, cursor)
        touched = {
            (account, fiscal_year_of(month, start).year)
            for account, month in marks
            if account is not None
        }
        _lock({account for account, _year in touched}, cursor)
        _sum_years(touched, start, cursor)
        if any(account is None for account, _month in marks):
            _convert_all(cursor)
        else:
            _convert(sorted({account for account, _year in touched}), cursor)
    return len(marks)


def _more_of(accounts: set[int], cursor: Any) -> list[tuple[int, date]]:
    """The other marks of these accounts: after a large import one account has many."""
    cursor.execute(
        """
        WITH taken AS MATERIALIZED (  -- a join: ANY would look through the list for each mark
            SELECT s.id FROM unnest(%s::bigint[]) AS a (id)
              JOIN accounts_staleyear s ON s.account_id = a.id
               FOR UPDATE OF s SKIP LOCKED
        )
        DELETE FROM accounts_staleyear WHERE id IN (SELECT id FROM taken)
        RETURNING account_id, month
        """,
        [list(accounts)],
    )
    return cursor.fetchall()


def rebuild_account_years() -> None:
    """Computes every account's years and figures anew."""
    with transaction.atomic(), connection.cursor() as cursor:
        _rebuild(cursor)


def _turn_the_year() -> None:
    """A new fiscal year has begun, or accounts are new: their "this year" is another one."""
    from accounts.models import AccountFigures

    behind = AccountFigures.objects.exclude(year=_present().year)
    while accounts := list(behind.order_by("account").values_list("account", flat=True)[:SLICE]):
        with transaction.atomic(), connection.cursor() as cursor:
            _lock(accounts, cursor)
            _convert(accounts, cursor)


def _present() -> Any:
    company = Company.current()
    return fiscal_year_of(company_today(company), company.fiscal_year_start)


def _lock(accounts: Iterable[int], cursor: Any) -> None:
    cursor.execute(
        "SELECT 1 FROM accounts_accountfigures WHERE account_id = ANY(%s)"
        " ORDER BY account_id FOR UPDATE",
        [sorted(accounts)],
    )


_STORE_YEARS = """
    , gone AS (
        DELETE FROM accounts_accountyear y USING touched t
         WHERE y.account_id = t.account_id AND y.year = t.year AND NOT EXISTS (
               SELECT FROM sums s WHERE s.account_id = y.account_id AND s.year = y.year
                  AND s.currency = y.currency)
    )
    INSERT INTO accounts_accountyear AS y (account_id, year, currency, revenue, cost, volume)
    SELECT account_id, year, currency, revenue, cost, volume FROM sums s
     WHERE NOT EXISTS (  -- a row that conflicts is locked, and that costs as much as writing it
           SELECT FROM accounts_accountyear o
            WHERE (o.account_id, o.year, o.currency) = (s.account_id, s.year, s.currency)
              AND (o.revenue, o.cost, o.volume) = (s.revenue, s.cost, s.volume))
    ON CONFLICT (account_id, year, currency) DO UPDATE
       SET revenue = excluded.revenue, cost = excluded.cost, volume = excluded.volume
     WHERE (y.revenue, y.cost, y.volume)
           IS DISTINCT FROM (excluded.revenue, excluded.cost, excluded.volume)
"""


def _sum_years(touched: set[tuple[int, int]], start: int, cursor: Any) -> None:
    if not touched:
        return
    accounts, years = zip(*sorted(touched), strict=True)
    cursor.execute(
        f"""
        WITH touched AS (
            SELECT t.account_id, t.year,
                   make_date(t.year - %(late)s, %(start)s, 1) AS first
              FROM unnest(%(accounts)s::bigint[], %(years)s::int[]) AS t (account_id, year)
              JOIN accounts_account a ON a.id = t.account_id
        ), sums AS (
            SELECT f.account_id, t.year, f.currency, sum(f.revenue) AS revenue,
                   sum(f.cost) AS cost, sum(f.volume) AS volume
              FROM touched t JOIN accounts_salesfact f ON f.account_id = t.account_id
               AND f.month >= t.first AND f.month < t.first + interval '12 months'
             GROUP BY 1, 2, 3
        ) {_STORE_YEARS}
        """,  # noqa: S608 - no value from outside
        {
            "accounts": list(accounts),
            "years": list(years),
            "start": start,
            "late": 0 if start == 1 else 1,
        },
    )


def _rebuild(cursor: Any) -> None:
    shift = (13 - Company.current().fiscal_year_start) % 12
    for accounts in _slices(cursor):
        _lock(accounts, cursor)
        cursor.execute(
            f"""
            WITH sums AS (
                SELECT f.account_id,
                       extract(year FROM f.month + make_interval(months => %(shift)s))::int AS year,
                       f.currency, sum(f.revenue) AS revenue, sum(f.cost) AS cost,
                       sum(f.volume) AS volume
                  FROM accounts_salesfact f WHERE f.account_id = ANY(%(accounts)s)
                 GROUP BY 1, 2, 3
            ), touched AS (
                SELECT DISTINCT account_id, year FROM accounts_accountyear
                 WHERE account_id = ANY(%(accounts)s)
            ) {_STORE_YEARS}
            """,  # noqa: S608 - no value from outside
            {"accounts": accounts, "shift": shift},
        )
        _convert(accounts, cursor)


def _slices(cursor: Any) -> list[list[int]]:
    cursor.execute("SELECT account_id FROM accounts_accountfigures ORDER BY 1")
    ids = [pk for (pk,) in cursor.fetchall()]
    return [ids[i : i + SLICE] for i in range(0, len(ids), SLICE)]


def _convert_all(cursor: Any) -> None:
    for accounts in _slices(cursor):
        _lock(accounts, cursor)
        _convert(accounts, cursor)


def _convert(accounts: list[int], cursor: Any) -> None:
    """The two last years of these accounts in company currency, at each year's budget rate."""
    if not accounts:
        return
    company = Company.current()
    cursor.execute(
        """
        WITH rated AS (  -- nothing here needs the rows in an order: they are joined and summed by hash
            SELECT y.account_id, y.year, y.currency, y.revenue, y.cost,
                   CASE WHEN y.currency = %(currency)s THEN 1 ELSE b.rate END AS rate
              FROM accounts_accountyear y
              LEFT JOIN kam_budgetrate b ON b.year = y.year AND b.currency = y.currency
                   AND b.archived_at IS NULL
             WHERE y.year BETWEEN %(year)s - 1 AND %(year)s
        ), sums AS (
            SELECT a.account_id,
                   round(sum(y.revenue * y.rate) FILTER (WHERE y.year = %(year)s), 2) AS revenue,
                   round(sum((y.revenue - y.cost) * y.rate)
                         FILTER (WHERE y.year = %(year)s), 2) AS margin,
                   round(sum(y.revenue * y.rate) FILTER (WHERE y.year < %(year)s), 2) AS before,
                   array_agg(y.currency)
                         FILTER (WHERE y.currency IS NOT NULL AND y.rate IS NULL) AS no_rate,
                   coalesce(min(y.currency) <> max(y.currency), false) AS mixed
              FROM unnest(%(accounts)s::bigint[]) AS a (account_id)
              LEFT JOIN rated y ON y.account_id = a.account_id
             GROUP BY 1
        ), figures AS (
            SELECT account_id, revenue, margin, before, mixed,
                   CASE WHEN no_rate IS NULL THEN '{}' ELSE
                        ARRAY(SELECT DISTINCT c FROM unnest(no_rate) AS n (c) ORDER BY c)
                    END AS no_rate
              FROM sums
        )
        UPDATE accounts_accountfigures g
           SET year = %(year)s, revenue = f.revenue, margin = f.margin, revenue_before = f.before,
               no_rate = f.no_rate, mixed = f.mixed
          FROM figures f
         WHERE g.account_id = f.account_id
           AND (g.year, g.revenue, g.margin, g.revenue_before, g.no_rate::text[], g.mixed)
               IS DISTINCT FROM
               (%(year)s, f.revenue, f.margin, f.before, f.no_rate::text[], f.mixed)
        """,
        {"accounts": accounts, "year": _present().year, "currency": company.currency},
    )
