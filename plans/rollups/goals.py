"""Goals that are not a sum of targets, rolled up from the account plans (METHODS: plans).

Amounts add up; indices and shares roll up by a stated weight, never by plain sum:

===============  ====================================================================================
revenue, margin  the level's own figures, all accounts
margin, %        margin / revenue of the level: the accounts' shares by their revenue
volume           the volume of all accounts in the year
value agreed     the sum of what the account plans' goals have reached, company currency
all others       what the account plans' goals have reached, weighted by the account's revenue
===============  ====================================================================================

What a goal has reached is what the system measures (``plans.measures``), never what somebody typed.
Of a few accounts it is measured when somebody asks; of more it is read as the night measured it
(``plans.models.MeasuredGoals``), and says of when it is. What no night has measured yet the next
minute measures; until then it has no value, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from accounts.models import Account
from kam.models import Company, User
from kam.money import Rates
from kam.periods import company_today, fiscal_year_of
from plans.calc import ratio
from plans.models import AgreedMonth, Measure, MeasuredGoals, PortfolioCount
from plans.rollups.figures import Figures
from plans.rollups.measured import measured, measured_values
from plans.rollups.statements import keys_sql

#: What the level's own figures say.
OF_FIGURES = frozenset({Measure.REVENUE, Measure.MARGIN, Measure.MARGIN_SHARE})
#: What adds up.
ADDITIVE = frozenset({Measure.REVENUE, Measure.MARGIN, Measure.VOLUME, Measure.NEEDS})
LINES_SHOWN = 200
#: Of so many accounts goals are measured while somebody waits.
MEASURED_NOW = 1_000
#: Plan years measured by night, from the present one: the last, this and the next.
NIGHTLY_YEARS = (-1, 0, 1)


@dataclass(frozen=True, slots=True)
class GoalSum:
    """What a level has reached of one measure.

    ``heard``: accounts with a value (and, where it is a mean, a weight); ``unheard``: accounts that
    have the goal and nothing to count. ``weight``: the sum of the weights, company currency.
    ``measured_at``: when the night measured it; empty where it is of now. ``preparing``: it is about
    to be measured for the first time.
    """

    value: Decimal | None
    heard: int = 0
    unheard: int = 0
    weight: Decimal | None = None
    measured_at: datetime | None = None
    preparing: bool = False


@dataclass(frozen=True, slots=True)
class GoalLine:
    """One account's part in a level's goal; ``at``: as of when the value is.

    ``weight`` is empty where the values add up; ``target`` is the version's in force.
    """

    account_id: int
    account: str
    plan_id: int
    goal: str
    target: Decimal | None
    value: Decimal | None
    weight: Decimal | None
    at: date


#: The goals of a year's account plans that are measured one by one.
ASKED_FOR = """
    plans_goal g JOIN plans_accountplan p ON p.id = g.plan_id
     WHERE p.year = %(year)s AND p.archived_at IS NULL AND g.archived_at IS NULL
       AND g.side = 'ours' AND g.measured_by <> 'volume'
"""
#: The newest goal of each account and measure, of the plans of one year, with the account's weight; and
#: what is measured of it. Of all of them, or of the heaviest.
_GOALS = """
    WITH rates AS (
        SELECT * FROM unnest(%(currencies)s::text[], %(rates)s::numeric[]) r(currency, rate)
    ) {kept} , mine AS ({mine}), goals AS MATERIALIZED (
        SELECT DISTINCT ON (p.account_id, g.measured_by)
               p.account_id, p.id AS plan_id, p.currency, g.id AS goal_id, g.measured_by
          FROM {asked_for} AND g.measured_by = ANY(%(measures)s)
           AND p.account_id IN (SELECT pk FROM mine)
         ORDER BY p.account_id, g.measured_by, g.id DESC
    ), weights AS (
        SELECT y.account_id, sum(y.revenue * r.rate) AS weight
          FROM accounts_accountyear y JOIN rates r USING (currency)
         WHERE y.year = %(year)s AND y.account_id IN (SELECT account_id FROM goals)
         GROUP BY 1
    ), asked AS MATERIALIZED (
        SELECT g.*, w.weight FROM goals g LEFT JOIN weights w USING (account_id) {heaviest}
    ) {measured} , lines AS (
        SELECT a.*, m.value, m.as_of FROM asked a LEFT JOIN measured m USING (account_id, measured_by)
    )
"""
_GOALS = _GOALS.replace("{asked_for}", ASKED_FOR)
_TOTALS = """
    sum(value), count(value), count(*),
    sum(value * weight) FILTER (WHERE weight > 0),
    sum(weight) FILTER (WHERE weight > 0 AND value IS NOT NULL),
    count(value) FILTER (WHERE weight > 0)
"""
_OF_VOLUME = """
    FROM accounts_accountyear y JOIN accounts_account x ON x.id = y.account_id
   WHERE 'volume' = ANY(%(measures)s) AND y.year = %(year)s AND y.account_id IN (SELECT pk FROM mine)
"""
_SUMS = f"""
    SELECT measured_by, {_TOTALS}, NULL::timestamptz, false FROM lines GROUP BY 1
    UNION ALL
    SELECT 'volume', sum(y.volume), count(DISTINCT y.account_id), count(DISTINCT y.account_id),
           NULL, NULL, 0, NULL, false {_OF_VOLUME}
    HAVING count(*) > 0
"""  # noqa: S608 - our own names
_BY_OWNER = f"""
    SELECT x.owner_id, l.measured_by, {_TOTALS}
      FROM lines l JOIN accounts_account x ON x.id = l.account_id GROUP BY 1, 2
    UNION ALL
    SELECT x.owner_id, 'volume', sum(y.volume), count(DISTINCT y.account_id),
           count(DISTINCT y.account_id), NULL, NULL, 0 {_OF_VOLUME}
     GROUP BY 1
"""  # noqa: S608 - our own names
_HEAVIEST = "ORDER BY w.weight DESC NULLS LAST, g.account_id LIMIT %(limit)s"
#: While a plan is amended its goal aims at what the version in force says.
_LINES = f"""
    SELECT l.account_id, x.name, l.plan_id, o.title,
           CASE WHEN v.id IS NULL THEN o.target ELSE (
               SELECT (g ->> 'target')::numeric FROM jsonb_array_elements(v.content -> 'goals') g
                WHERE (g ->> 'id')::bigint = l.goal_id
           ) END * CASE WHEN l.measured_by = 'needs' THEN r.rate ELSE 1 END,
           l.value, l.weight, coalesce(l.as_of, o.updated_at::date)
      FROM lines l
      JOIN plans_goal o ON o.id = l.goal_id
      JOIN accounts_account x ON x.id = l.account_id
      JOIN plans_accountplan p ON p.id = l.plan_id
      LEFT JOIN rates r ON r.currency = l.currency
      LEFT JOIN plans_planversion v
        ON v.plan_id = p.id AND v.number = p.in_force AND {AgreedMonth.AMENDED}
     ORDER BY l.weight DESC NULLS LAST, x.name, x.id
"""  # noqa: S608 - our own names


#: What the night measured of these owners, where they have many accounts.
_KEPT = f"""
    , owners AS MATERIALIZED ({{owners}}), size AS MATERIALIZED (
        SELECT %(by_night)s AND coalesce(sum(accounts), 0) > %(most)s AS many
          FROM plans_portfoliocount
         WHERE year = {PortfolioCount.ALWAYS}
           AND (owner_id IN (TABLE owners) OR (%(unowned)s AND owner_id IS NULL))
    ), kept AS MATERIALIZED (
        SELECT measure, {", ".join(f"sum({name})" for name in MeasuredGoals.SUMS)}, min(measured_at),
               false
          FROM plans_measuredgoals
         WHERE year = %(year)s AND measure = ANY(%(measures)s) AND (SELECT many FROM size)
           AND (owner_id IN (TABLE owners) OR (%(unowned)s AND owner_id IS NULL))
         GROUP BY 1
    )
"""  # noqa: S608 - our own names
_UNLESS_MANY = " WHERE NOT (SELECT many FROM size)"
#: And of what there is something to measure that no night has measured yet.
_OR_KEPT = f"""
    UNION ALL SELECT * FROM kept
    UNION ALL
    SELECT m.measure, NULL, 0, 0, NULL, NULL, 0, NULL, true FROM unnest(%(measures)s) m(measure)
     WHERE (SELECT many FROM size) AND m.measure NOT IN (SELECT measure FROM kept)
       AND CASE WHEN m.measure = 'volume' THEN EXISTS (
               SELECT FROM accounts_accountyear y
                WHERE y.year = %(year)s AND y.account_id IN ({{all}}))
           ELSE EXISTS (
               SELECT FROM {ASKED_FOR} AND g.measured_by = m.measure AND p.account_id IN ({{all}}))
           END
"""  # noqa: S608 - our own names


def of_figures(measure: str, figures: Figures) -> GoalSum:
    """What the level's own figures say of revenue, margin, or margin in per cent of revenue."""
    year = figures.year
    if measure == Measure.REVENUE:
        return GoalSum(year.actual)
    if measure == Measure.MARGIN:
        return GoalSum(year.actual_margin)
    share = year.margin_ratio
    return GoalSum(None if share is None else share * 100, weight=year.actual)


def goal_sums(
    measures: Iterable[str],
    accounts: QuerySet[Account],
    year: int,
    rates: Rates,
    today: date | None = None,
) -> dict[str, GoalSum]:
    """What these accounts have reached of each measure that the figures do not tell (one query).

    Each goal's value is what the system measures on ``today``; ``rates`` are those of the year.
    """
    wanted = set(measures) - OF_FIGURES - {Measure.HAND}
    if not wanted:
        return {}
    statement = _statement(wanted, "") + _SUMS
    values = _values(wanted, year, rates, today)
    return {row[0]: _sum_of(*row) for row in _rows(statement, accounts, values)}


def _sum_of(
    measure: str,
    total: Decimal | None,
    heard: int,
    count: int,
    weighted: Decimal | None,
    weight: Decimal | None,
    weighty: int,
    measured_at: datetime | None,
    preparing: bool,
) -> GoalSum:
    if preparing:
        return GoalSum(None, preparing=True)
    if measure in ADDITIVE:
        return GoalSum(total, heard, count - heard, measured_at=measured_at)
    return GoalSum(ratio(weighted, weight), weighty, count - weighty, weight, measured_at)


def level_goal_sums(
    measures: Iterable[str],
    accounts: QuerySet[Account],
    owners: QuerySet[User],
    year: int,
    rates: Rates,
    *,
    unowned: bool,
) -> dict[str, GoalSum]:
    """What a level has reached of each measure that the figures do not tell (one query).

    ``accounts`` are those of ``owners``, and with ``unowned`` nobody's as well. Of many accounts the
    night's sums are read; what is not there yet is ``preparing``.
    """
    wanted = set(measures) - OF_FIGURES - {Measure.HAND}
    if not wanted:
        return {}
    inside, names = keys_sql(owners, "owners")
    values = _values(wanted, year, rates, None) | names
    by_night = year in nightly_years(company_today())
    values |= {"unowned": unowned, "most": MEASURED_NOW, "by_night": by_night}
    statement = _statement(wanted, "", _KEPT.replace("{owners}", inside)) + _SUMS + _OR_KEPT
    return {row[0]: _sum_of(*row) for row in _rows(statement, accounts, values, _UNLESS_MANY)}


def nightly_years(today: date) -> list[int]:
    """The plan years whose goals are measured by night."""
    year = fiscal_year_of(today, Company.current().fiscal_year_start).year
    return [year + offset for offset in NIGHTLY_YEARS]


def measured_by_night() -> set[str]:
    """The measures whose sums the night keeps."""
    return {str(measure) for measure in Measure} - OF_FIGURES - {Measure.HAND}


def goal_sums_by_owner(
    accounts: QuerySet[Account], year: int, rates: Rates, today: date
) -> list[tuple[Any, ...]]:
    """(owner, measure, *``MeasuredGoals.SUMS``) of all measures of these accounts (one query)."""
    wanted = measured_by_night()
    values = _values(wanted, year, rates, today)
    return _rows(_statement(wanted, "") + _BY_OWNER, accounts, values)


def goal_lines(
    measure: str,
    accounts: QuerySet[Account],
    year: int,
    rates: Rates,
    today: date | None = None,
) -> list[GoalLine]:
    """The accounts that a level's goal consists of, the heaviest first, at most ``LINES_SHOWN``."""
    values = _values({measure}, year, rates, today) | {"limit": LINES_SHOWN}
    statement = _statement({measure}, _HEAVIEST) + _LINES
    lines = [GoalLine(*row) for row in _rows(statement, accounts, values)]
    if measure in ADDITIVE:
        return [replace(line, weight=None) for line in lines]
    return lines


def _statement(measures: set[str], heaviest: str, kept: str = "") -> str:
    parts = {"measured": measured(measures), "heaviest": heaviest, "kept": kept}
    statement = _GOALS
    for name, part in parts.items():
        statement = statement.replace(f"{{{name}}}", part)
    return statement


def _values(measures: set[str], year: int, rates: Rates, today: date | None) -> dict[str, Any]:
    known: Mapping[str, Decimal] = dict(rates.known) | {rates.currency: Decimal(1)}
    return measured_values(year, rates.currency, today or company_today()) | {
        "measures": [str(measure) for measure in measures],
        "year": year,
        "currencies": list(known),
        "rates": list(known.values()),
    }


def _rows(
    statement: str, accounts: QuerySet[Account], values: dict[str, Any], unless: str = ""
) -> list[tuple[Any, ...]]:
    inside, names = keys_sql(accounts, "scope")
    mine = f"SELECT x.pk FROM ({inside}) x(pk) {unless}"  # noqa: S608 - the scope's own statement
    with connection.cursor() as cursor:
        cursor.execute(statement.replace("{mine}", mine).replace("{all}", inside), values | names)
        return cursor.fetchall()
