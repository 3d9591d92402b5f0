"""Finding anything by a few letters: the kinds are registered by the apps, each in its `search.py`.

A kind gives at most eight rows with one query, through ``visible_to``. Letters are compared without
case and accents (``kam_fold`` in the database: ``Skåne`` is found by ``skane``), first from the
beginning of the name, then by each word anywhere in it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Exists, F, Func, Q, QuerySet, Value
from django.utils.text import Truncator

AT_MOST = 8  # hits of one kind
LONGEST = 100  # letters of the text looked for; the rest is left aside
WORDS = 6
_CANDIDATES = 40  # rows read of those that hold the words somewhere
_PLAIN = re.compile(r"^[\u0000-\u024f\u1e00-\u1eff]*$")  # Latin letters: short words need an anchor


class Fold(Func):
    """Text without case and accents, as the search indexes hold it."""

    function = "kam_fold"
    output_field = models.TextField()


@dataclass(frozen=True, slots=True)
class Hit:
    """One found row: where it is, its name, and a few words that tell it from others."""

    url: str
    title: str
    note: str = ""
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    label: Any
    hits: Sequence[Hit]


@dataclass(frozen=True, slots=True)
class Source:
    """One searchable kind. ``find(user, text)`` gives its best hits with one query."""

    kind: str
    label: Any
    find: Callable[[Any, str], Sequence[Hit]]
    order: int = 50


_sources: dict[str, Source] = {}


def register(source: Source) -> None:
    """Adds a kind; called while the apps are loaded."""
    _sources[source.kind] = source


def cleaned(text: str) -> str:
    """The text looked for: one line, single spaces, no control characters, at most 100 letters."""
    printable = "".join(c if c.isprintable() else " " for c in text[: LONGEST * 4])
    return " ".join(printable.split())[:LONGEST].strip()


def search(user: Any, text: str) -> list[Group]:
    """What ``user`` may see that matches ``text``, by kind; kinds without hits are left out."""
    wanted = cleaned(text)
    if not wanted:
        return []
    found = []
    for source in sorted(_sources.values(), key=lambda s: (s.order, s.kind)):
        hits = source.find(user, wanted)[:AT_MOST]
        if hits:
            found.append(Group(source.label, hits))
    return found


def candidates(queryset: QuerySet, text: str, paths: Sequence[str]) -> QuerySet:
    """Keys of rows of a scoped ``queryset`` that match ``text`` in one of ``paths``, a few dozen.

    Where enough rows begin with the text in the first path, which are shown first, the database
    does not look further.
    """
    marked = queryset.order_by().annotate(**{f"_fold{i}": Fold(F(p)) for i, p in enumerate(paths)})
    begins = [
        marked.filter(**{f"_fold{i}__startswith": Fold(Value(text))}).values("pk")
        for i in range(len(paths))
    ]
    holds = Q()
    for word in text.split()[:WORDS]:
        holds &= _holds(word, paths)
    further = ~Exists(begins[0][AT_MOST - 1 : AT_MOST])
    return begins[0][:AT_MOST].union(
        *(found.filter(further)[:AT_MOST] for found in begins[1:]),
        marked.filter(holds).filter(further).values("pk")[:_CANDIDATES],
    )


def best(queryset: QuerySet, text: str, paths: Sequence[str], *related: str) -> list[Any]:
    """The best rows of a scoped ``queryset``: those that begin with ``text`` first."""
    keys = candidates(queryset, text, paths)
    rows = queryset.model._default_manager.filter(pk__in=keys).annotate(
        _rank=models.Case(
            models.When(_begins(paths[0], text), then=Value(0)),
            default=Value(1),
            output_field=models.IntegerField(),
        )
    )
    return list(rows.select_related(*related).order_by("_rank", paths[0], "pk")[:AT_MOST])


def _begins(path: str, text: str) -> Any:
    from django.db.models.lookups import StartsWith

    return StartsWith(Fold(F(path)), Fold(Value(text)))


def _holds(word: str, paths: Sequence[str]) -> Q:
    found = Q()
    for i, path in enumerate(paths):
        if len(word) >= 3:
            found |= Q(**{f"_fold{i}__contains": Fold(Value(word))})
        elif _PLAIN.match(word):
            # Too short for the index anywhere in the name: at the beginning of a word.
            found |= Q(**{f"_fold{i}__startswith": Fold(Value(word))})
            found |= Q(**{f"_fold{i}__contains": Fold(Value(f" {word}"))})
        else:
            found |= Q(**{f"{path}__contains": word})
    return found


def note(*parts: Any) -> str:
    """A hit's few words, joined and kept short."""
    return Truncator(" · ".join(str(part) for part in parts if part)).chars(60)
