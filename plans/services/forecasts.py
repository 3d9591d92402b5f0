"""Forecasts kept month by month, and how they turned out (METHODS: opportunities and processes).

On the first of each month the forecasts of all months of plans from this one on are kept as they
stand. How good they were is computed from them by night, when the months are over.
"""

from datetime import date
from typing import Any

from django.db import connection, transaction

from kam.models import BudgetRate, Company
from kam.periods import add_months, fiscal_year_of, month_of
from plans.models import AgreedMonth, KeptForecast

#: How many months ahead accuracy is told for: kept on the first of the month so many before.
LEADS = (1, 3)
#: For how many months back outcomes are told; sales facts come in late.
MONTHS = 24
_LOCK = "hashtext('plans.forecasts')"

_KEEP = f"""
    INSERT INTO plans_keptforecast (account_id, owner_id, month, kept_on, currency, forecast, typed)
    SELECT p.account_id, a.owner_id, m.month, %(kept_on)s, {AgreedMonth.CURRENCY},
           sum({AgreedMonth.FORECAST}), bool_or(m.forecast IS NOT NULL)
      FROM plans_targetmonth m
      JOIN plans_target t ON t.id = m.target_id
      JOIN plans_accountplan p ON p.id = t.plan_id AND p.archived_at IS NULL
      JOIN accounts_account a ON a.id = p.account_id AND a.archived_at IS NULL
      {AgreedMonth.JOIN}
     WHERE m.month >= %(kept_on)s AND {AgreedMonth.COUNTS}
     GROUP BY 1, 2, 3, 5
    ON CONFLICT (account_id, month, kept_on) DO NOTHING
"""  # noqa: S608 - our own names
_OUTCOMES = """
    WITH wanted AS (
        SELECT * FROM unnest(%(months)s::date[], %(leads)s::int[], %(kept)s::date[], %(years)s::int[])
               w(month, lead, kept_on, year)
    ), rates AS (
        SELECT * FROM unnest(%(rate_years)s::int[], %(currencies)s::text[], %(rates)s::numeric[])
               r(year, currency, rate)
    ), lines AS (
        SELECT k.owner_id, k.month, w.lead, k.typed, k.forecast * r.rate AS forecast,
               CASE WHEN s.lacking THEN NULL ELSE coalesce(s.actual, 0) END AS actual
          FROM wanted w
          JOIN plans_keptforecast k ON k.month = w.month AND k.kept_on = w.kept_on
          LEFT JOIN rates r ON r.year = w.year AND r.currency = k.currency
          LEFT JOIN LATERAL (
            SELECT sum(f.revenue * fr.rate) AS actual,
                   coalesce(bool_or(fr.rate IS NULL AND f.revenue <> 0), false) AS lacking
              FROM accounts_salesfact f
              LEFT JOIN rates fr ON fr.year = w.year AND fr.currency = f.currency
             WHERE f.account_id = k.account_id AND f.month = k.month
          ) s ON true
    ), outcomes AS (
        SELECT owner_id, month, lead, count(*) AS accounts, count(*) FILTER (WHERE typed) AS typed,
               count(*) FILTER (WHERE forecast IS NULL OR actual IS NULL) AS left_out,
               coalesce(sum(forecast) FILTER (WHERE actual IS NOT NULL), 0) AS forecast,
               coalesce(sum(actual) FILTER (WHERE forecast IS NOT NULL), 0) AS actual,
               coalesce(sum(abs(actual - forecast)), 0) AS deviation
          FROM lines GROUP BY 1, 2, 3
    )
    INSERT INTO plans_forecastoutcome
           (owner_id, month, lead, accounts, typed, left_out, forecast, actual, deviation, computed_at)
    SELECT *, clock_timestamp() FROM outcomes
"""


@transaction.atomic
def keep_forecasts(day: date) -> int:
    """Keeps what is forecast on ``day`` for this month and all later ones, as of the month's first.

    Returns how many account months were kept: none where the month's were kept before, so that it
    may run each night and twice, and a first that was missed is made up for on the next night.
    """
    kept_on = month_of(day)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
        if KeptForecast.objects.filter(kept_on=kept_on).exists():
            return 0
        cursor.execute(_KEEP, {"kept_on": kept_on})
        return cursor.rowcount


@transaction.atomic
def refresh_outcomes(day: date) -> int:
    """Computes anew how the forecasts of the months that are over on ``day`` turned out.

    Returns the number of rows. All in one transaction: readers see the old ones until it commits.
    """
    months = [add_months(month_of(day), -back) for back in range(1, MONTHS + 1)]
    start = Company.current().fiscal_year_start
    wanted = [
        (month, lead, add_months(month, -lead), fiscal_year_of(month, start).year)
        for month in months
        for lead in LEADS
    ]
    rates = _rates({year for *_rest, year in wanted})
    values: dict[str, Any] = {
        "months": [row[0] for row in wanted],
        "leads": [row[1] for row in wanted],
        "kept": [row[2] for row in wanted],
        "years": [row[3] for row in wanted],
        "rate_years": [row[0] for row in rates],
        "currencies": [row[1] for row in rates],
        "rates": [row[2] for row in rates],
    }
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
        cursor.execute("SET LOCAL statement_timeout = '10min'")
        cursor.execute("DELETE FROM plans_forecastoutcome")
        cursor.execute(_OUTCOMES, values)
        return cursor.rowcount


def _rates(years: set[int]) -> list[tuple[Any, ...]]:
    """(year, currency, rate) of these years, the company's own currency among them."""
    own = Company.current().currency
    stored = BudgetRate.objects.active().filter(year__in=years).exclude(currency=own)
    return [*stored.values_list("year", "currency", "rate"), *((year, own, 1) for year in years)]
