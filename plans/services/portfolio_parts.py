"""The portfolios' sums along other lines than the team tree, and what single accounts with targets
have reached to date, computed from the rows.

Part of the refresh of the portfolios (``plans.services.portfolios``): in the same transaction and
under the same locks, so that the sums along all lines are of the same moment.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import connection

from kam.models import Company
from kam.periods import FiscalYear, month_of
from plans.models import AgreedMonth

_AMOUNTS = (
    "actual",
    "actual_margin",
    "target",
    "target_margin",
    "forecast",
    "closed_actual",
    "target_to_date",
)
_COUNTED = ("accounts", "planned")

#: The accounts in question, and of which kind each is along each line. A group is a top account with
#: accounts in use below it; accounts that stand alone have no group.
_DIMENSIONS = """
    WITH mine AS MATERIALIZED (
        SELECT id, owner_id, industry_id, country, level, path FROM accounts_account
         WHERE archived_at IS NULL
           AND (owner_id = ANY(%(owners)s) OR (%(unowned)s AND owner_id IS NULL))
    ), dims AS MATERIALIZED (
        SELECT m.id, m.owner_id, d.line, d.key
          FROM mine m CROSS JOIN LATERAL (VALUES
            ('industry', coalesce(m.industry_id::text, '')),
            ('country', m.country),
            ('level', m.level),
            ('group', CASE WHEN cardinality(m.path) > 1 OR EXISTS (
                SELECT FROM accounts_account c WHERE c.parent_id = m.id AND c.archived_at IS NULL
             ) THEN m.path[1]::text ELSE '' END)
          ) d(line, key)
        UNION ALL
        SELECT m.id, m.owner_id, 'segment-' || s.id, coalesce(p.segment_id::text, '')
          FROM mine m
          CROSS JOIN (SELECT id FROM portfolio_segmentscheme WHERE archived_at IS NULL) s
          LEFT JOIN portfolio_segmentplacement p
            ON p.account_id = m.id AND p.scheme_id = s.id AND p.last_night IS NULL
    )
"""
_STORE = """
    , gone AS (
        DELETE FROM plans_portfoliopart p
         WHERE (p.owner_id = ANY(%(owners)s) OR (%(unowned)s AND p.owner_id IS NULL))
           AND {in_question}
           AND NOT EXISTS (
               SELECT 1 FROM parts f
                WHERE coalesce(f.owner_id, 0) = coalesce(p.owner_id, 0) AND f.line = p.line
                  AND f.key = p.key AND f.year = p.year AND f.currency = p.currency)
        RETURNING 1
    ), kept AS (
        INSERT INTO plans_portfoliopart AS p
               (owner_id, line, key, year, currency, {names}, {others}, closed_on)
        SELECT owner_id, line, key, year, currency, {names}, {zeros}, %(this_month)s FROM parts
         ORDER BY line, year, owner_id  -- what is read together lies together
        ON CONFLICT (line, year, owner_id, key, currency) DO UPDATE
           SET {updates}, closed_on = excluded.closed_on
         WHERE (p.closed_on, {held}) IS DISTINCT FROM (excluded.closed_on, {new})
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM kept) {more}
"""
#: The months that are over of the accounts that have a target in one of them.
_TO_DATE = """
    , reached AS MATERIALIZED (
        SELECT owner_id, id AS account_id, year, currency, asked > 0 AS asked,
               target_to_date AS target, closed_actual AS actual
          FROM (SELECT *, sum(asked) OVER (PARTITION BY id, year) AS ever FROM by_account) b
         WHERE ever > 0
    ), reached_gone AS (
        DELETE FROM plans_accounttodate p
         WHERE (p.owner_id = ANY(%(owners)s) OR (%(unowned)s AND p.owner_id IS NULL))
           AND {in_question}
           AND NOT EXISTS (
               SELECT 1 FROM reached f
                WHERE coalesce(f.owner_id, 0) = coalesce(p.owner_id, 0) AND f.year = p.year
                  AND f.account_id = p.account_id AND f.currency = p.currency)
        RETURNING 1
    ), reached_kept AS (
        INSERT INTO plans_accounttodate AS p (owner_id, account_id, year, currency, asked, target, actual)
        SELECT owner_id, account_id, year, currency, asked, target, actual FROM reached
        ON CONFLICT (owner_id, year, account_id, currency) DO UPDATE
           SET asked = excluded.asked, target = excluded.target, actual = excluded.actual
         WHERE (p.asked, p.target, p.actual)
               IS DISTINCT FROM (excluded.asked, excluded.target, excluded.actual)
        RETURNING 1
    )
"""
_TO_DATE_CHANGED = "+ (SELECT count(*) FROM reached_gone) + (SELECT count(*) FROM reached_kept)"


def _store(
    names: tuple[str, ...], others: tuple[str, ...], in_question: str, more: str = ""
) -> str:
    return _STORE.format(
        more=more,
        in_question=in_question,
        names=", ".join(names),
        others=", ".join(others),
        zeros=", ".join("0" for _name in others),
        updates=", ".join(f"{name} = excluded.{name}" for name in names),
        held=", ".join(f"p.{name}" for name in names),
        new=", ".join(f"excluded.{name}" for name in names),
    )


_YEAR = (
    "(date_part('year', {m})::int + (%(start)s > 1 AND date_part('month', {m}) >= %(start)s)::int)"
)
_CELLS = f"""
    , cells AS MATERIALIZED (
        SELECT id, owner_id, line_id, year, currency, sum(asked) AS asked,
               {", ".join(f"sum({n}) AS {n}" for n in _AMOUNTS)}
          FROM (
            -- Each kind is summed by itself first: millions of rows, few sums of each.
            SELECT m.id, m.owner_id, pr.line_id, {_YEAR.format(m="f.month")} AS year, f.currency,
                   sum(f.revenue) AS actual, sum(f.revenue - f.cost) AS actual_margin,
                   0 AS target, 0 AS target_margin,
                   coalesce(sum(f.revenue) FILTER (WHERE f.month < %(this_month)s), 0) AS forecast,
                   coalesce(sum(f.revenue) FILTER (WHERE f.month < %(this_month)s), 0)
                        AS closed_actual,
                   0 AS target_to_date, 0 AS asked
              FROM mine m
              JOIN accounts_salesfact f ON f.account_id = m.id {{facts_range}}
              JOIN accounts_product pr ON pr.id = f.product_id
             GROUP BY 1, 2, 3, 4, 5
            UNION ALL
            SELECT a.id, a.owner_id, t.line_id, {_YEAR.format(m="m.month")}, {AgreedMonth.CURRENCY}, 0, 0,
                   sum({AgreedMonth.REVENUE}), sum({AgreedMonth.MARGIN}),
                   coalesce(sum({AgreedMonth.FORECAST})
                            FILTER (WHERE m.month >= %(this_month)s), 0),
                   0, coalesce(sum({AgreedMonth.REVENUE})
                               FILTER (WHERE m.month < %(this_month)s), 0),
                   count(*) FILTER (WHERE m.month < %(this_month)s)
              FROM mine a
              JOIN plans_accountplan p ON p.account_id = a.id AND p.archived_at IS NULL
              JOIN plans_target t ON t.plan_id = p.id
              JOIN plans_targetmonth m ON m.target_id = t.id {{targets_range}}
              {AgreedMonth.JOIN}
             WHERE {AgreedMonth.COUNTS}
             GROUP BY 1, 2, 3, 4, 5
          ) sums
         GROUP BY 1, 2, 3, 4, 5
    ), by_account AS MATERIALIZED (
        SELECT id, owner_id, year, currency, sum(asked) AS asked,
               {", ".join(f"sum({n}) AS {n}" for n in _AMOUNTS)}
          FROM cells GROUP BY 1, 2, 3, 4
    ), parts AS MATERIALIZED (
        SELECT d.owner_id, d.line, d.key, c.year, c.currency,
               {", ".join(f"sum(c.{n}) AS {n}" for n in _AMOUNTS)}
          FROM by_account c JOIN dims d ON d.id = c.id
         GROUP BY 1, 2, 3, 4, 5
        UNION ALL
        SELECT owner_id, 'product', line_id::text, year, currency,
               {", ".join(f"sum({n})" for n in _AMOUNTS)}
          FROM cells GROUP BY 1, 3, 4, 5
    )
"""  # noqa: S608 - our own names
_ALL_YEARS = (
    _DIMENSIONS
    + _CELLS.format(facts_range="", targets_range="")
    + _TO_DATE.format(in_question="true")
    + _store(_AMOUNTS, _COUNTED, "p.currency <> ''", _TO_DATE_CHANGED)
)
_SOME_YEARS = (
    _DIMENSIONS
    + _CELLS.format(
        facts_range="AND f.month >= %(first)s AND f.month < %(end)s",
        targets_range="AND m.month >= %(first)s AND m.month < %(end)s",
    )
    + _TO_DATE.format(in_question="p.year BETWEEN %(from_year)s AND %(to_year)s")
    + _store(
        _AMOUNTS,
        _COUNTED,
        "p.currency <> '' AND p.year BETWEEN %(from_year)s AND %(to_year)s",
        _TO_DATE_CHANGED,
    )
)
_COUNTS = (
    _DIMENSIONS  # noqa: S608 - our own names
    + """
    , parts AS MATERIALIZED (
        SELECT owner_id, line, key, 0 AS year, '' AS currency, count(*) AS accounts, 0 AS planned
          FROM dims GROUP BY 1, 2, 3
        UNION ALL
        SELECT d.owner_id, d.line, d.key, p.year, '', 0, count(*)
          FROM dims d JOIN plans_accountplan p ON p.account_id = d.id AND p.archived_at IS NULL
         GROUP BY 1, 2, 3, 4
    )
    """
    + _store(_COUNTED, _AMOUNTS, "p.currency = ''")
)


def compute_parts(owners: Iterable[int], today: date, years: Iterable[int] | None = None) -> int:
    """Sums these owners' amounts along all lines anew, in these fiscal years (all without).

    Months before ``today``'s are over. 0 stands for the accounts without an owner. Returns how many
    rows changed.
    """
    start = Company.current().fiscal_year_start
    values: dict[str, Any] = {"start": start}
    if years is None:
        return _run(_ALL_YEARS, owners, today, values)
    wanted = sorted(years)
    first, last = FiscalYear(wanted[0], start), FiscalYear(wanted[-1], start)
    values |= {"first": first.first, "end": last.end, "from_year": first.year, "to_year": last.year}
    return _run(_SOME_YEARS, owners, today, values)


def count_parts(owners: Iterable[int], today: date) -> int:
    """Counts these owners' accounts and plans along all lines anew."""
    return _run(_COUNTS, owners, today, {})


def _run(statement: str, owners: Iterable[int], today: date, values: dict[str, Any]) -> int:
    wanted = set(owners)
    values |= {
        "owners": sorted(wanted - {0}),
        "unowned": 0 in wanted,
        "this_month": month_of(today),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0]
