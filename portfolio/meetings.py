"""Meetings that hours can be taken over from. The apps above name theirs here.

A source tells which of its meetings a person took part in, and what became of those that were taken
over. It reads through the scope: of what the reader may not see it says nothing.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from accounts.models import Account
from kam.models import User


@dataclass(frozen=True, slots=True)
class Meeting:
    """Something with a customer that took somebody's time on a day.

    ``hours`` are this person's; ``None`` where the meeting does not say. ``people``: how many of us
    its time was shared among.
    """

    kind: str
    source: int
    account: Account
    title: str
    url: str
    day: date
    hours: Decimal | None = None
    people: int = 1

    @property
    def key(self) -> str:
        return f"{self.kind}-{self.source}"

    @property
    def label(self) -> Any:
        """What kind of meeting it is, as people say it."""
        return label_of(self.kind)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which meetings: those of ``person`` from ``first`` until ``end`` (exclusive), and the named.

    ``user`` reads: ``person`` themselves, or who stands in for them.
    """

    user: Any
    person: User
    first: date
    end: date
    named: Collection[int] = ()


#: The row's number, and the meeting; ``None`` where a named one counts for this person no more.
Found = tuple[int, Meeting | None]


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of meetings. ``find`` answers with one query."""

    kind: str
    label: Any
    find: Callable[[Asked], Iterable[Found]]


_sources: dict[str, Source] = {}


def register(source: Source) -> None:
    """Adds a kind; called while the apps are loaded."""
    _sources[source.kind] = source


def kinds() -> list[str]:
    """The kinds of meetings that are known here."""
    return list(_sources)


def label_of(kind: str) -> Any:
    """A kind's name; the bare word of a kind that is known no more."""
    source = _sources.get(kind)
    return source.label if source else kind


def find(
    user: Any, person: User, first: date, end: date, named: Mapping[str, Collection[int]]
) -> dict[tuple[str, int], Meeting | None]:
    """All kinds' meetings of a person between two days and those ``named`` by kind (a query each).

    A named one that is missing in the answer cannot be seen by ``user``; ``None``: it counts no more.
    """
    found = {}
    for kind, source in _sources.items():
        asked = Asked(user, person, first, end, named.get(kind, ()))
        for number, meeting in source.find(asked):
            found[kind, number] = meeting
    return found


def one(user: Any, person: User, kind: str, source: int) -> Meeting | None:
    """One meeting that this person took part in and ``user`` sees."""
    if kind not in _sources:
        return None
    asked = Asked(user, person, date.max, date.max, (source,))
    return dict(_sources[kind].find(asked)).get(source)
