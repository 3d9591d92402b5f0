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
    ``whole``: they are everybody's, in one; read from the company's months where these are not stale.
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
            whole=whole,
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
    return Prepared(sheet, dict(counts), replace(fresh, computed_at=computed_at))


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
    whole: bool = False,
) -> list[tuple[Any, ...]]:
    """Rows of (team, person, …) summed from a table of prepared figures.

    ``whole``: of months, which the company has rows of its own of.
    """
    of_company = f"UNION ALL {_OF_COMPANY}" if whole else ""
    when += " AND NOT (SELECT kept FROM fresh)" if whole else ""
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
        ) {_MARKS if waiting else ""} {_FRESH if whole else ""}
        SELECT parts.team_id, parts.person_id, {columns}
          FROM {table} JOIN parts USING (owner_id) WHERE {when}
         GROUP BY parts.team_id, parts.person_id{by}
        {nobody if unowned else ""}
        {of_company}
        {_WAITING if waiting else ""}
        """,
        [
            *given, *(period if whole else []), *period, *(period if unowned else []),
            *(period if whole else []), *([unowned] if waiting else []),
        ],
    )  # fmt: skip
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


#: Whether the company's months are as the portfolios' are: no mark says that they are stale.
_FRESH = f"""
    , fresh AS MATERIALIZED (
        SELECT NOT EXISTS (
            SELECT FROM plans_stalecompany
             WHERE (line IS NULL AND year IS NULL)
                OR (line = '{StaleCompany.MONTHS}'
                    AND (key IS NULL OR (key >= (%s::date)::text AND key < (%s::date)::text)))
        ) AS kept
    )
"""
_OF_COMPANY = f"""
    SELECT {TOGETHER}, NULL, month, currency, {", ".join(AMOUNTS)} FROM plans_companymonth
     WHERE month >= %s AND month < %s AND (SELECT kept FROM fresh)
"""


def sums(
    owners: QuerySet[User], year: FiscalYear, today: date, *, unowned: bool
) -> tuple[Figures, Sheet]:
    """These owners' figures in one (three queries)."""
    sheet = read(owners, year, today, None, unowned=unowned).sheet
    return sheet.total(), sheet
