"""The sums of the whole company and of its teams, kept from the portfolios' (``CompanyPart``,
``CompanyMonth``, ``TeamMonth``).

A company of hundreds of portfolios is read in few rows. Triggers mark which sums a change of the
portfolios (of a budget rate, of who is in which team) made stale, in the change's own transaction;
``roll_up_company`` takes the marks and sums these anew. Who reads a marked sum sums the portfolios instead, in the same snapshot
(``plans.rollups``): what is shown is never older than the portfolios, nor half of a change.
"""

import logging
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import connection, transaction

from kam.models import Company
from plans.models import StaleCompany
from plans.rollups.company import CELL, FOUND, PART_AMOUNTS
from plans.rollups.sheet import AMOUNTS

log = logging.getLogger(__name__)

_LOCK = "hashtext('plans.company')"
_KEPT = ("accounts", "planned", *PART_AMOUNTS, "lacking")
_PARTS = f"""
    WITH wanted AS MATERIALIZED (
        SELECT DISTINCT * FROM unnest({{given}}) w({{names}})
    ), rates AS (
        SELECT year, currency, rate FROM kam_budgetrate
         WHERE archived_at IS NULL AND currency <> {{own}}
        UNION ALL SELECT DISTINCT year, {{own}}, 1 FROM wanted
    ), cells AS (
        SELECT {CELL} FROM wanted JOIN plans_portfoliopart p USING ({{names}}) GROUP BY 1, 2, 3, 4
    ), found AS MATERIALIZED ({FOUND}
    ), gone AS (
        DELETE FROM plans_companypart p USING wanted w
         WHERE ({{of_part}}) = ({{of_wanted}})
           AND NOT EXISTS (SELECT 1 FROM found f
                            WHERE f.line = p.line AND f.year = p.year AND f.key = p.key)
        RETURNING 1
    ), kept AS (
        INSERT INTO plans_companypart AS p (line, year, key, {", ".join(_KEPT)})
        SELECT line, year, key, {", ".join(_KEPT)} FROM found ORDER BY 1, 2, 3
        ON CONFLICT (line, year, key) DO UPDATE
           SET {", ".join(f"{name} = excluded.{name}" for name in _KEPT)}
         WHERE ({", ".join(f"p.{name}" for name in _KEPT)})
               IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in _KEPT)})
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM kept)
"""  # noqa: S608 - our own names


def _parts(*names: str) -> str:
    arrays = {"line": "%(lines)s::text[]", "year": "%(years)s::int[]", "key": "%(keys)s::text[]"}
    return _PARTS.format(
        given=", ".join(arrays[name] for name in names),
        names=", ".join(names),
        of_part=", ".join(f"p.{name}" for name in names),
        of_wanted=", ".join(f"w.{name}" for name in names),
        own="coalesce((SELECT currency FROM kam_company WHERE id = 1), %(currency)s)",
    )


_WHOLE_LINES = _parts("line", "year")
_KEYS = _parts("line", "year", "key")
_MONTHS = """
    WITH wanted AS MATERIALIZED (
        SELECT DISTINCT month FROM unnest(%(months)s::date[]) w(month)
    ), found AS MATERIALIZED (
        SELECT {of}, {sums} FROM wanted JOIN plans_portfoliomonth p USING (month) {whose}
         GROUP BY {of}
    ), gone AS (
        DELETE FROM {table} p USING wanted w
         WHERE p.month = w.month
           AND NOT EXISTS (SELECT 1 FROM found f WHERE ({of_found}) = ({of_kept}))
        RETURNING 1
    ), kept AS (
        INSERT INTO {table} AS p ({names}, {amounts})
        SELECT {names}, {amounts} FROM found ORDER BY month
        ON CONFLICT ({names}) DO UPDATE SET {updates}
         WHERE ({held}) IS DISTINCT FROM ({new})
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM kept)
"""


def _months(table: str, whose: str = "", **more: str) -> str:
    """The months of a table; ``more``: columns beside month and currency, and what they are."""
    columns = {**more, "month": "p.month", "currency": "p.currency"}
    return _MONTHS.format(
        table=table,
        whose=whose,
        of=", ".join(columns.values()),
        names=", ".join(columns),
        of_found=", ".join(f"f.{name}" for name in columns),
        of_kept=", ".join(f"p.{name}" for name in columns),
        sums=", ".join(f"sum(p.{name}) AS {name}" for name in AMOUNTS),
        amounts=", ".join(AMOUNTS),
        updates=", ".join(f"{name} = excluded.{name}" for name in AMOUNTS),
        held=", ".join(f"p.{name}" for name in AMOUNTS),
        new=", ".join(f"excluded.{name}" for name in AMOUNTS),
    )


_OF_COMPANY = _months("plans_companymonth")
_OF_TEAMS = _months(
    "plans_teammonth",
    "JOIN kam_user u ON u.id = p.owner_id JOIN kam_team t ON t.id = u.team_id"
    " CROSS JOIN unnest(t.path) up(team_id)",
    team_id="up.team_id",
)


def roll_up_company(limit: int | None = None) -> bool:
    """Sums anew what is marked; whether nothing is left to do.

    With a ``limit`` it does so only where at most so many single keys are marked, and no whole line:
    somebody waits. Leaves it to another process that is at it. Must not run in a transaction that has
    taken a snapshot: each statement is to see what was committed before it (READ COMMITTED).
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if limit is not None:
            cursor.execute(
                "SELECT count(*), count(*) FILTER (WHERE line IS NULL OR key IS NULL)"
                " FROM (SELECT line, key FROM plans_stalecompany LIMIT %s) m",
                [limit + 1],
            )
            marks, whole = cursor.fetchone()
            if not marks:
                return True
            if marks > limit or whole:
                return False
        cursor.execute(f"SELECT pg_try_advisory_xact_lock({_LOCK})")
        if not cursor.fetchone()[0]:
            return False
        if limit is None:
            cursor.execute("SET LOCAL statement_timeout = '5min'")
        # The marks first, the sums after them: what is committed in between keeps its mark.
        cursor.execute("DELETE FROM plans_stalecompany RETURNING line, year, key")
        marked = set(cursor.fetchall())
        if marked:
            _compute(marked)
    return True


def rebuild_company() -> int:
    """Sums everything anew, within the caller's transaction; returns how many rows changed."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
        cursor.execute("DELETE FROM plans_stalecompany")
        return _compute({(None, None, None)})


def _compute(marked: set[tuple[str | None, int | None, str | None]]) -> int:
    months = {mark for mark in marked if mark[0] == StaleCompany.MONTHS}
    teams = {mark for mark in marked if mark[0] == StaleCompany.TEAMS}
    everything = (None, None, None) in marked
    marked = marked - months - teams
    lines = {(line, year) for line, year, key in marked if line is None or key is None}
    changed = 0
    if any(line is None or year is None for line, year in lines):
        lines = _known_lines(lines)
    if everything or any(key is None for *_of, key in months):
        wanted = _known_months()
    else:
        wanted = [date.fromisoformat(key or "") for *_of, key in months]
    if wanted:
        changed += _run(_OF_COMPANY, months=wanted)
    if teams:
        wanted = _known_months()
    if wanted:
        changed += _run(_OF_TEAMS, months=wanted)
    if lines:
        of_lines: list[Any] = sorted(lines)  # type: ignore[type-var]
        changed += _run(_WHOLE_LINES, lines=_column(of_lines, 0), years=_column(of_lines, 1))
    keys: list[Any] = sorted(mark for mark in marked if None not in mark and mark[:2] not in lines)  # type: ignore[type-var]
    if keys:
        changed += _run(
            _KEYS, lines=_column(keys, 0), years=_column(keys, 1), keys=_column(keys, 2)
        )
    return changed


def _column(rows: Sequence[tuple[Any, ...]], at: int) -> list[Any]:
    return [row[at] for row in rows]


def _known_lines(asked: set[tuple[str | None, int | None]]) -> set[tuple[str | None, int | None]]:
    """Each line and year that there is, for those where one of them is empty."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT line, year FROM plans_portfoliopart"
            " UNION SELECT DISTINCT line, year FROM plans_companypart"
        )
        known = set(cursor.fetchall())
    return {
        (line, year)
        for line, year in known
        if any(a in (None, line) and b in (None, year) for a, b in asked)
    }


def _known_months() -> list[date]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT month FROM plans_portfoliomonth"
            " UNION SELECT DISTINCT month FROM plans_companymonth"
            " UNION SELECT DISTINCT month FROM plans_teammonth"
        )
        return [row[0] for row in cursor.fetchall()]


def _run(statement: str, **values: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values | {"currency": Company.current().currency})
        return int(cursor.fetchone()[0])


__all__ = ["rebuild_company", "roll_up_company"]
