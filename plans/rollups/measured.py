"""What the system measures of goals (``plans.measures``), for any number of accounts in one statement.

The same definitions as there, said in SQL: a test holds that both read the same. Only what is asked for
is in the statement. It builds on a table ``asked`` of goals (account, plan, its currency, the measure), one
for each account and measure.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from kam.models import Company
from kam.periods import add_months, fiscal_year_of, month_of
from plans.attainment import COVERED
from plans.measures import AGREED, SATISFACTION
from plans.models import Measure

_YEAR = (
    "(date_part('year', f.month)::int"
    " + (%(start)s > 1 AND date_part('month', f.month) >= %(start)s)::int)"
)
_FX = """
    , fx AS MATERIALIZED (
        SELECT year::int, currency, rate FROM kam_budgetrate
         WHERE archived_at IS NULL AND currency <> %(own)s AND year = ANY(%(fx_years)s)
        UNION ALL SELECT y, %(own)s, 1 FROM unnest(%(fx_years)s::int[]) y
    )
"""
#: Measure → the statement's parts that give (account_id, measured_by, value, as_of) in ``measured_…``.
_PARTS = {
    Measure.WALLET: f"""
    , wallets AS MATERIALIZED (
        SELECT a.account_id, a.currency, e.line_id, e.as_of,
               e.wallet * CASE WHEN e.currency = a.currency THEN 1 ELSE fe.rate / fa.rate END AS wallet
          FROM asked a
          JOIN portfolio_lineestimate e ON e.account_id = a.account_id
           AND e.archived_at IS NULL AND e.wallet IS NOT NULL
          LEFT JOIN fx fe ON fe.year = %(last_fx)s AND fe.currency = e.currency
          LEFT JOIN fx fa ON fa.year = %(last_fx)s AND fa.currency = a.currency
         WHERE a.measured_by = 'wallet'
           AND (e.currency = a.currency OR (fe.rate IS NOT NULL AND fa.rate IS NOT NULL))
    ), sold AS (
        SELECT w.account_id, sum(f.revenue * CASE WHEN f.currency = w.currency THEN 1
                                                  ELSE ff.rate / fa.rate END) AS own
          FROM wallets w
          JOIN accounts_salesfact f ON f.account_id = w.account_id
           AND f.month >= %(since)s AND f.month < %(until)s
          JOIN accounts_product pr ON pr.id = f.product_id
          JOIN accounts_productline l ON l.id = pr.line_id AND w.line_id = ANY(l.path)
          LEFT JOIN fx ff ON ff.year = {_YEAR} AND ff.currency = f.currency
          LEFT JOIN fx fa ON fa.year = {_YEAR} AND fa.currency = w.currency
         GROUP BY 1
    ), measured_wallet AS (
        SELECT w.account_id, 'wallet' AS measured_by,
               CASE WHEN sum(w.wallet) > 0 THEN 100 * coalesce(s.own, 0) / sum(w.wallet) END AS value,
               min(w.as_of) AS as_of
          FROM wallets w LEFT JOIN sold s USING (account_id) GROUP BY w.account_id, s.own
    )
    """,  # noqa: S608 - our own names
    Measure.CROSS_SELL: """
    , measured_cross_sell AS (
        SELECT a.account_id, 'cross_sell' AS measured_by, b.lines::numeric AS value,
               %(last_day)s::date AS as_of
          FROM asked a
          CROSS JOIN LATERAL (  -- account by account: few rows each, in the order of an index
            SELECT count(DISTINCT line_id) AS lines FROM (
                SELECT pr.line_id
                  FROM accounts_salesfact f JOIN accounts_product pr ON pr.id = f.product_id
                 WHERE f.account_id = a.account_id
                   AND f.month >= %(since)s AND f.month < %(until)s
                 GROUP BY pr.line_id, f.month, f.currency HAVING sum(f.revenue) > 0
            ) bought
          ) b
         WHERE a.measured_by = 'cross_sell'
    )
    """,
    Measure.RELATIONS: """
    , measured_relations AS (
        SELECT a.account_id, 'relations' AS measured_by,
               100 * sum(c.influence * v.share) FILTER (WHERE c.influence > 0)
                   / nullif(sum(c.influence) FILTER (WHERE c.influence > 0), 0) AS value,
               max(c.last_contact_on) AS as_of
          FROM asked a
          JOIN accounts_contact c ON c.account_id = a.account_id AND c.archived_at IS NULL
          JOIN unnest(%(coverages)s::text[], %(covered)s::numeric[]) v(coverage, share)
            ON v.coverage = c.coverage
         WHERE a.measured_by = 'relations' GROUP BY 1
    )
    """,
    Measure.SATISFACTION: """
    , measured_satisfaction AS (
        SELECT DISTINCT ON (a.account_id) a.account_id, 'satisfaction' AS measured_by,
               j.value::numeric AS value, j.judged_on AS as_of
          FROM asked a
          JOIN portfolio_judgement j ON j.account_id = a.account_id AND j.archived_at IS NULL
           AND j.code = %(satisfaction)s
         WHERE a.measured_by = 'satisfaction'
         ORDER BY a.account_id, j.judged_on DESC NULLS LAST, j.id DESC
    )
    """,
    # In company currency: the plans' own may differ.
    Measure.NEEDS: """
    , measured_needs AS (
        SELECT a.account_id, 'needs' AS measured_by,
               coalesce(sum(n.value), 0) * max(fa.rate) AS value, max(n.agreed_on) AS as_of
          FROM asked a
          LEFT JOIN plans_need n ON n.plan_id = a.plan_id AND n.archived_at IS NULL
           AND n.state = ANY(%(agreed)s)
          LEFT JOIN fx fa ON fa.year = %(year)s AND fa.currency = a.currency
         WHERE a.measured_by = 'needs' GROUP BY a.account_id, a.plan_id
    )
    """,
}
_NONE = "SELECT NULL::bigint, NULL::text, NULL::numeric, NULL::date WHERE false"


def measured(measures: Iterable[str]) -> str:
    """The tables that end in ``measured`` (account_id, measured_by, value, as_of) of ``asked``.

    Relations, wallets: per cent; satisfaction: 1 to 5; lines: their number; needs: company currency.
    """
    wanted = [measure for measure in _PARTS if measure in set(measures)]
    union = " UNION ALL ".join(
        f"SELECT account_id, measured_by, value, as_of FROM measured_{m}"  # noqa: S608
        for m in wanted
    )
    parts = "".join(_PARTS[measure] for measure in wanted)
    return f"{_FX} {parts} , measured(account_id, measured_by, value, as_of) AS ({union or _NONE})"


def measured_values(year: int, currency: str, today: date) -> dict[str, Any]:
    """The values that ``measured`` names; ``currency`` is the company's."""
    start, until = Company.current().fiscal_year_start, month_of(today)
    since = add_months(until, -12)
    last = fiscal_year_of(add_months(until, -1), start).year
    years = {year, last, fiscal_year_of(since, start).year}
    return {
        "own": currency,
        "year": year,
        "start": start,
        "since": since,
        "until": until,
        "last_day": until - timedelta(days=1),
        "last_fx": last,
        "fx_years": sorted(years),
        "coverages": list(COVERED),
        "covered": list(COVERED.values()),
        "satisfaction": SATISFACTION,
        "agreed": [str(state) for state in AGREED],
    }
