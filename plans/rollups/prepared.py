"""Reads the prepared figures (``plans.models.rollup``), summed by the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from kam.models import User
from kam.periods import FiscalYear
from plans.models import PortfolioCount, StaleCompany
from plans.rollups.figures import Counts, Figures
from plans.rollups.sheet import AMOUNTS, Key, Sheet, sheet_for

#: How many waiting marks are looked at to say how many portfolios wait.
MARKS_SEEN = 2_000
#: Stands for a team that holds everybody.
TOGETHER = 0
#: Stands where a team's id stands in the row that says what waits.
WAITING = -1


@dataclass(frozen=True, slots=True)
class Freshness:
    """When the figures were last computed, and how many portfolios wait to be computed anew.

    ``at_least``: more marks wait than were looked at.
    """

    computed_at: datetime | None
    waiting: int = 0
    at_least: bool = False

    @property
    def nothing_yet(self) -> bool:
        """Nothing has been computed so far, and something waits to be: no sum is a zero."""
        return self.computed_at is None and self.waiting > 0


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is known of some owners: their amounts and counts by key, and how fresh these are."""

    sheet: Sheet
    counts: Mapping[Key, Counts]
    fresh: Freshness

    def __contains__(self, key: Key) -> bool:
        return key in self.counts or key in self.sheet.amounts

    @property
    def people(self) -> set[int]:
        """Those who are parts of their own."""
        keys = {*self.sheet.amounts, *self.counts}
        return {pk for kind, pk in keys if kind == "kam" and pk is not None}


def read(
    owners: QuerySet[User],
    year: FiscalYear,
    today: date,
    under: Mapping[int, list[int]] | None,
    *,
    unowned: bool,
    whole: bool = False,
) -> Prepared:
    """The prepared figures of these owners by key: rates, months, counts (three queries).

    ``under`` gives for each team that is one part the teams that it holds; people of other teams
    and of none are parts of their own. Without ``under`` all people together are one part.
    ``whole``: they are everybody's, in one. The months of teams, and of everybody, are read as they
    are kept where these are not stale, else summed from the portfolios.
    """
    sheet = sheet_for(year, today)
    try:
        inside, params = owners.order_by().values("pk", "team_id").query.sql_with_params()
    except EmptyResultSet:
        inside, params = "SELECT NULL::bigint, NULL::bigint WHERE false", ()
    if under is None:
        inside = f"SELECT x.pk, {TOGETHER}::bigint FROM ({inside}) x(pk, team_id)"
        pairs = [(TOGETHER, TOGETHER)]
    else:
        pairs = [(team_id, part) for part, ids in under.items() for team_id in ids]
    given = [*params, [team_id for team_id, _part in pairs], [part for _team, part in pairs]]
    period = [year.shifted(-1).first, year.end]
    counts: dict[Key, Counts] = defaultdict(Counts)
    computed_at: datetime | None = None
    fresh = Freshness(None)
    with connection.cursor() as cursor:
        parts = list(under or ())
        for team_id, person, month, currency, *values in _months(
            cursor, inside, given, period, parts, unowned=unowned, whole=whole
        ):
            sheet.add(_key(team_id, person), month, currency, values)
        years = [PortfolioCount.ALWAYS, year.year]
        for team_id, person, at, *values in _counts(cursor, inside, given, years, unowned=unowned):
            if team_id == WAITING:
                fresh = Freshness(None, values[0], bool(values[0] and values[1]))
                continue
            counts[_key(team_id, person)] += Counts(*(int(value) for value in values))
            computed_at = at if computed_at is None else max(at, computed_at)
    return Prepared(sheet, dict(counts), replace(fresh, computed_at=computed_at))


def _key(team_id: int | None, person_id: int | None) -> Key:
    if team_id is not None:
        return ("team", team_id)
    return ("unowned", None) if person_id is None else ("kam", person_id)


def _sums(names: Iterable[str]) -> str:
    return ", ".join(f"sum({name})" for name in names)


def _months(
    cursor: Any,
    inside: str,
    given: list[Any],
    period: list[date],
    teams: list[int],
    *,
    unowned: bool,
    whole: bool,
) -> list[tuple[Any, ...]]:
    """Rows of (team, person, month, currency, amounts). ``teams`` are the parts that are teams."""
    branches, values = [_OF_PEOPLE], [*given, *period, *period]
    if whole:
        fresh = _FRESH.format(more="")
        branches += [_OF_COMPANY, _OF_TOGETHER]
        values += [*period, *period]
    elif teams:
        fresh = _FRESH.format(more=_NO_TEAM_STALE)
        branches += [_OF_TEAMS, _OF_TOGETHER]
        values[len(given) :] = [*period, teams, *period, teams, *period, *period]
    else:
        fresh = "SELECT false AS kept"
        branches += [_OF_TOGETHER]
        values[len(given) :] = [*period, *period]
    if unowned:
        branches.append(_OF_NOBODY + (" AND NOT (SELECT kept FROM fresh)" if whole else ""))
        values += period
    cursor.execute(
        f"WITH {_PARTS.format(inside=inside)}, fresh AS MATERIALIZED ({fresh})"
        f" {' UNION ALL '.join(branches)}",
        values,
    )
    return cursor.fetchall()


def _counts(
    cursor: Any, inside: str, given: list[Any], years: list[int], *, unowned: bool
) -> list[tuple[Any, ...]]:
    """Rows of (team, person, when counted, counts), and the row that says what waits."""
    columns = f"max(counted_at), {_sums(Counts.__slots__)}"
    nobody = (
        f"UNION ALL SELECT NULL, NULL, {columns} FROM plans_portfoliocount"
        " WHERE owner_id IS NULL AND year IN (%s, %s) HAVING count(*) > 0"
    )
    cursor.execute(
        f"""
        WITH {_PARTS.format(inside=inside)} {_MARKS}
        SELECT parts.team_id, parts.person_id, {columns}
          FROM plans_portfoliocount JOIN parts USING (owner_id) WHERE year IN (%s, %s)
         GROUP BY parts.team_id, parts.person_id
        {nobody if unowned else ""}
        {_WAITING}
        """,
        [*given, *years, *(years if unowned else []), unowned],
    )
    return cursor.fetchall()


_PARTS = """
    parts AS MATERIALIZED (
        SELECT u.pk AS owner_id, t.part AS team_id, CASE WHEN t.part IS NULL THEN u.pk END AS person_id
          FROM ({inside}) u(pk, team_id)
          LEFT JOIN unnest(%s::bigint[], %s::bigint[]) t(team_id, part) ON t.team_id = u.team_id
    )
"""
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


#: Whether the kept months are as the portfolios' are: no mark says that they are stale.
_FRESH = f"""
    SELECT NOT EXISTS (
        SELECT FROM plans_stalecompany
         WHERE (line IS NULL AND year IS NULL)
            OR (line = '{StaleCompany.MONTHS}'
                AND (key IS NULL OR (key >= (%s::date)::text AND key < (%s::date)::text)))
    ) {{more}} AS kept
"""
#: A team's kept months hold everybody below it: they are read where all of them are asked for.
_NO_TEAM_STALE = f"""
    AND NOT EXISTS (SELECT FROM plans_stalecompany WHERE line = '{StaleCompany.TEAMS}')
    AND NOT EXISTS (
        SELECT FROM kam_user u JOIN kam_team t ON t.id = u.team_id
         WHERE t.path && %s::bigint[]
           AND NOT EXISTS (SELECT FROM parts p WHERE p.owner_id = u.id AND p.team_id = ANY(t.path))
    )
"""
_AMOUNTS = ", ".join(AMOUNTS)
#: Person by person, in the order of an index.
_OF_PEOPLE = f"""
    SELECT NULL::bigint AS team_id, person_id, month, currency, {_AMOUNTS}
      FROM parts CROSS JOIN LATERAL (
        SELECT month, currency, {_AMOUNTS} FROM plans_portfoliomonth p
         WHERE p.owner_id = parts.person_id AND month >= %s AND month < %s OFFSET 0
      ) own
     WHERE person_id IS NOT NULL
"""
_OF_TOGETHER = f"""
    SELECT team_id, NULL, month, currency, {_sums(AMOUNTS)}
      FROM plans_portfoliomonth JOIN parts USING (owner_id)
     WHERE team_id IS NOT NULL AND month >= %s AND month < %s AND NOT (SELECT kept FROM fresh)
     GROUP BY team_id, month, currency
"""
_OF_TEAMS = f"""
    SELECT team_id, NULL, month, currency, {_AMOUNTS} FROM plans_teammonth
     WHERE team_id = ANY(%s) AND month >= %s AND month < %s AND (SELECT kept FROM fresh)
"""
_OF_COMPANY = f"""
    SELECT {TOGETHER}, NULL, month, currency, {_AMOUNTS} FROM plans_companymonth
     WHERE month >= %s AND month < %s AND (SELECT kept FROM fresh)
"""
_OF_NOBODY = f"""
    SELECT NULL, NULL, month, currency, {_AMOUNTS} FROM plans_portfoliomonth
     WHERE owner_id IS NULL AND month >= %s AND month < %s
"""


def sums(
    owners: QuerySet[User], year: FiscalYear, today: date, *, unowned: bool, whole: bool = False
) -> tuple[Figures, Sheet]:
    """These owners' figures in one (three queries). ``whole``: they are everybody's."""
    sheet = read(owners, year, today, None, unowned=unowned, whole=whole).sheet
    return sheet.total(), sheet
