"""The levels of the roll-up: the company, a team, a portfolio; each with the parts below it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet

from kam.models import Team, User
from kam.money import Rates
from kam.periods import FiscalYear
from kam.scoping import Role
from plans.rollups.figures import Counts, Figures
from plans.rollups.prepared import Freshness, Prepared, read
from plans.rollups.sheet import Key


@dataclass(frozen=True, slots=True)
class Part:
    """One line of a roll-up's table: what stands below, with its figures."""

    kind: str
    pk: int | None
    label: str
    note: str
    figures: Figures
    counts: Counts


@dataclass(frozen=True, slots=True)
class Node:
    """A level of the roll-up, the sum of its parts. ``above``: (team id, name) from the top."""

    kind: str
    pk: int | None
    label: str
    note: str
    fiscal_year: FiscalYear
    currency: str
    figures: Figures
    counts: Counts
    parts: tuple[Part, ...]
    fresh: Freshness
    rates: Mapping[int, Rates]
    above: tuple[tuple[int, str], ...] = ()


def top(
    owners: QuerySet[User],
    teams: QuerySet[Team],
    year: FiscalYear,
    today: date,
    *,
    whole_company: bool,
    label: str,
) -> Node:
    """The top teams among ``teams``, people outside all of them, and accounts without an owner.

    ``whole_company`` adds the accounts without an owner. Four queries: rates, teams, months, counts;
    one more for the names of people outside the teams, where there are any.
    """
    tree = _tree(teams)
    tops = [row for row in tree.values() if row.parent_id not in tree]
    found = read(owners, year, today, _under(tops, tree.values()), unowned=whole_company)
    people = found.people
    named = dict(owners.filter(pk__in=people).values_list("pk", "name")) if people else {}
    parts = _team_parts(tops, found)
    parts += _by_label(_part(("kam", pk), named.get(pk, f"{pk}"), "", found) for pk in people)
    if whole_company and ("unowned", None) in found:
        parts.append(_part(("unowned", None), "", "", found))
    return _node("company" if whole_company else "own", None, label, "", found, parts)


def team(
    pk: int, owners: QuerySet[User], teams: QuerySet[Team], year: FiscalYear, today: date
) -> Node:
    """One team: its sub-teams (each with all below it) and its members.

    Five queries: teams, rates, months, counts, members. Raises ``Team.DoesNotExist`` for a
    team that is not among ``teams``.
    """
    tree = _tree(teams)
    if pk not in tree:
        raise Team.DoesNotExist
    here = tree[pk]
    below = [row for row in tree.values() if pk in row.path]
    subs = [row for row in below if row.parent_id == pk]
    inside = owners.filter(team__in=[row.pk for row in below])
    found = read(inside, year, today, _under(subs, below), unowned=False)
    members = [
        _part(("kam", person.pk), person.name, person.title, found)
        for person in owners.filter(team=pk).only("pk", "name", "title", "role", "is_active")
        if ("kam", person.pk) in found or (person.role == Role.KAM and person.is_active)
    ]
    parts = [*_team_parts(subs, found), *_by_label(members)]
    above = tuple((p, tree[p].name) for p in here.path[:-1] if p in tree)
    return _node("team", pk, here.name, here.leader_name or "", found, parts, above)


def portfolio(owner: User, year: FiscalYear, today: date) -> Node:
    """One KAM's accounts together (three queries); their single accounts: ``account_parts``."""
    found = read(User.objects.filter(pk=owner.pk), year, today, {}, unowned=False)
    return _node("kam", owner.pk, owner.name, owner.title, found)


def unowned(year: FiscalYear, today: date, label: str) -> Node:
    """The accounts that nobody owns, together (three queries)."""
    found = read(User.objects.none(), year, today, {}, unowned=True)
    return _node("unowned", None, label, "", found)


@dataclass(frozen=True, slots=True)
class _TeamRow:
    pk: int
    parent_id: int | None
    name: str
    path: list[int]
    archived: datetime | None
    leader_name: str | None


def _tree(teams: QuerySet[Team]) -> dict[int, _TeamRow]:
    """The teams that may be shown, by id (one query)."""
    rows = teams.order_by().values_list(
        "pk", "parent_id", "name", "path", "archived_at", "leader__name"
    )
    return {row[0]: _TeamRow(*row) for row in rows}


def _under(parts: Iterable[_TeamRow], rows: Collection[_TeamRow]) -> dict[int, list[int]]:
    """For each team that is one part, the teams that it holds (itself among them)."""
    return {part.pk: [row.pk for row in rows if part.pk in row.path] for part in parts}


def _team_parts(rows: Iterable[_TeamRow], found: Prepared) -> list[Part]:
    """Teams as parts; an archived one only where it still holds something."""
    return _by_label(
        _part(("team", row.pk), row.name, row.leader_name or "", found)
        for row in rows
        if not row.archived or ("team", row.pk) in found
    )


def _by_label(parts: Iterable[Part]) -> list[Part]:
    return sorted(parts, key=lambda part: part.label.casefold())


def _part(key: Key, label: str, note: str, found: Prepared) -> Part:
    return Part(*key, label, note, found.sheet.figures(key), found.counts.get(key, Counts()))


def _node(
    kind: str,
    pk: int | None,
    label: str,
    note: str,
    found: Prepared,
    parts: Iterable[Part] = (),
    above: tuple[tuple[int, str], ...] = (),
) -> Node:
    return Node(
        kind,
        pk,
        label,
        note,
        found.sheet.year,
        found.sheet.currency,
        found.sheet.total(),
        sum(found.counts.values(), Counts()),
        tuple(parts),
        found.fresh,
        found.sheet.rates,
        above,
    )
