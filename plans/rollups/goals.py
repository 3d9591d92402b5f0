"""Goals that are not a sum of targets, rolled up from the account plans (METHODS: plans).

Amounts add up; indices and shares roll up by a stated weight, never by plain sum:

===============  ====================================================================================
revenue, margin  the level's own figures, all accounts
margin, %        margin / revenue of the level: the accounts' shares by their revenue
volume           the volume of all accounts in the year
value agreed     the sum of what the account plans' goals have reached
all others       what the account plans' goals have reached, weighted by the account's revenue
===============  ====================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from accounts.models import Account
from kam.money import Rates
from plans.calc import ratio
from plans.models import Measure
from plans.rollups.figures import Figures

#: What the level's own figures say.
OF_FIGURES = frozenset({Measure.REVENUE, Measure.MARGIN, Measure.MARGIN_SHARE})
#: What adds up.
ADDITIVE = frozenset({Measure.REVENUE, Measure.MARGIN, Measure.VOLUME, Measure.NEEDS})
LINES_SHOWN = 200


@dataclass(frozen=True, slots=True)
class GoalSum:
    """What a level has reached of one measure.

    ``heard``: accounts with a value (and, where it is a mean, a weight); ``unheard``: accounts that
    have the goal and nothing to count. ``weight``: the sum of the weights, company currency.
    """

    value: Decimal | None
    heard: int = 0
    unheard: int = 0
    weight: Decimal | None = None


@dataclass(frozen=True, slots=True)
class GoalLine:
    """One account's part in a level's goal. ``weight`` is empty where the values add up."""

    account_id: int
    account: str
    plan_id: int
    goal: str
    target: Decimal | None
    value: Decimal | None
    weight: Decimal | None
    at: datetime


#: The newest goal of each account and measure, of the plans of one year, with the account's weight.
_GOALS = """
    WITH rates AS (
        SELECT * FROM unnest(%(currencies)s::text[], %(rates)s::numeric[]) r(currency, rate)
    ), mine AS MATERIALIZED ({mine}), goals AS MATERIALIZED (
        SELECT DISTINCT ON (p.account_id, g.measured_by)
               p.account_id, p.id AS plan_id, g.measured_by, g.title, g.target, g.updated_at,
               g.actual AS value
          FROM plans_goal g JOIN plans_accountplan p ON p.id = g.plan_id
         WHERE p.year = %(year)s AND p.archived_at IS NULL AND g.archived_at IS NULL
           AND g.side = 'ours' AND g.measured_by = ANY(%(measures)s) AND g.measured_by <> 'volume'
           AND p.account_id IN (SELECT pk FROM mine)
         ORDER BY p.account_id, g.measured_by, g.actual IS NULL, g.id DESC
    ), weights AS (
        SELECT y.account_id, sum(y.revenue * r.rate) AS weight
          FROM accounts_accountyear y JOIN rates r USING (currency)
         WHERE y.year = %(year)s AND y.account_id IN (SELECT account_id FROM goals)
         GROUP BY 1
    ), lines AS (
        SELECT g.*, w.weight FROM goals g LEFT JOIN weights w USING (account_id)
    )
"""
_SUMS = """
    SELECT measured_by, sum(value), count(value), count(*),
           sum(value * weight) FILTER (WHERE weight > 0),
           sum(weight) FILTER (WHERE weight > 0 AND value IS NOT NULL),
           count(value) FILTER (WHERE weight > 0)
      FROM lines GROUP BY 1
    UNION ALL
    SELECT 'volume', sum(volume), count(DISTINCT account_id), count(DISTINCT account_id),
           NULL, NULL, 0
      FROM accounts_accountyear
     WHERE 'volume' = ANY(%(measures)s) AND year = %(year)s
       AND account_id IN (SELECT pk FROM mine)
    HAVING count(*) > 0
"""
_LINES = """
    SELECT l.account_id, a.name, l.plan_id, l.title, l.target, l.value, l.weight, l.updated_at
      FROM lines l JOIN accounts_account a ON a.id = l.account_id
     ORDER BY l.weight DESC NULLS LAST, a.name LIMIT %(limit)s
"""


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
    measures: Iterable[str], accounts: QuerySet[Account], year: int, rates: Rates
) -> dict[str, GoalSum]:
    """What these accounts have reached of each measure that the figures do not tell (one query)."""
    wanted = set(measures) - OF_FIGURES - {Measure.HAND}
    if not wanted:
        return {}
    found: dict[str, GoalSum] = {}
    values = _values(wanted, year, rates)
    for measure, total, heard, count, weighted, weight, weighty in _rows(
        _GOALS + _SUMS, accounts, values
    ):
        if measure in ADDITIVE:
            found[measure] = GoalSum(total, heard, count - heard)
        else:
            found[measure] = GoalSum(ratio(weighted, weight), weighty, count - weighty, weight)
    return found


def goal_lines(
    measure: str, accounts: QuerySet[Account], year: int, rates: Rates
) -> list[GoalLine]:
    """The accounts that a level's goal consists of, the heaviest first, at most ``LINES_SHOWN``."""
    values = _values({measure}, year, rates) | {"limit": LINES_SHOWN}
    lines = [GoalLine(*row) for row in _rows(_GOALS + _LINES, accounts, values)]
    if measure in ADDITIVE:
        return [replace(line, weight=None) for line in lines]
    return lines


def _values(measures: set[str], year: int, rates: Rates) -> dict[str, Any]:
    known: Mapping[str, Decimal] = dict(rates.known) | {rates.currency: Decimal(1)}
    return {
        "measures": [str(measure) for measure in measures],
        "year": year,
        "currencies": list(known),
        "rates": list(known.values()),
    }


def _rows(
    statement: str, accounts: QuerySet[Account], values: dict[str, Any]
) -> list[tuple[Any, ...]]:
    try:
        mine, params = accounts.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return []
    # The scope's parameters are given by place; here each gets a name.
    names = {f"scope_{index}": value for index, value in enumerate(params)}
    mine = mine % tuple(f"%({name})s" for name in names)
    mine = f"SELECT x.pk FROM ({mine}) x(pk)"  # noqa: S608 - the scope's own statement
    with connection.cursor() as cursor:
        cursor.execute(statement.replace("{mine}", mine), values | names)
        return cursor.fetchall()
