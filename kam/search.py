"""Finding anything by a few letters: the kinds are registered by the apps, each in its `search.py`.

A kind gives at most eight rows with one query, through ``visible_to``. Letters are compared without
case and accents (``kam_fold`` in the database: ``Skåne`` is found by ``skane``), first from the
beginning of the name, then by each word anywhere in it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import models
from django.db.models import F, Func, Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.utils.text import Truncator

AT_MOST = 8  # hits of one kind
LONGEST = 100  # letters of the text looked for; the rest is left aside
WORDS = 6
_CANDIDATES = 40  # rows read of those that hold the words somewhere
#: A folded word in a pattern: its own signs of patterns are letters.
_ESCAPED = r"replace(replace(replace(kam_fold(%s), E'\\', E'\\\\'), '%%', E'\\%%'), '_', E'\\_')"
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


def candidates(queryset: QuerySet, text: str, paths: Sequence[str]) -> RawSQL:
    """Keys of rows of a scoped ``queryset`` that match ``text`` in one of ``paths``, a few dozen; for
    ``pk__in``.

    Where enough rows begin with the text in the first path, which are shown first, the database
    does not look further. Written here: the same by querysets took longer than the database does.
    """
    try:
        scope, values = queryset.order_by().values("pk", *paths).query.sql_with_params()
    except EmptyResultSet:
        return RawSQL("SELECT NULL::bigint WHERE false", [])
    columns = [f"p{i}" for i in range(len(paths))]
    params = [*values]

    def like(column: str, letters: str, way: str = "startswith") -> str:
        params.append(letters)
        if way == "as it is":
            return f"strpos({column}, %s) > 0"
        before = "'%%' || " if way == "contains" else ""
        return f"kam_fold({column}) LIKE {before}{_ESCAPED} || '%%'"

    def holds(word: str) -> str:
        found = [like(column, letters, way) for column in columns for way, letters in _ways(word)]
        return f"({' OR '.join(found)})"

    def some(where: str, most: int) -> str:
        return f"(SELECT id FROM mine WHERE {where} LIMIT {most})"  # noqa: S608 - our own names

    further = "(SELECT count(*) FROM first) < %s"
    parts = [some(like("p0", text), AT_MOST)]
    for column in columns[1:]:
        parts.append(some(f"{like(column, text)} AND {further}", AT_MOST))
        params.append(AT_MOST)
    words = " AND ".join(holds(word) for word in text.split()[:WORDS])
    parts.append(some(f"{words} AND {further}", _CANDIDATES))
    params.append(AT_MOST)
    begins, *rest = parts
    # Our own names alone: every letter that somebody typed is a parameter.
    statement = (
        f"WITH mine (id, {', '.join(columns)}) AS NOT MATERIALIZED ({scope}),"  # noqa: S608
        f" first AS MATERIALIZED {begins} SELECT id FROM first UNION ALL {' UNION ALL '.join(rest)}"
    )
    return RawSQL(statement, params)  # noqa: S611


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


def _ways(word: str) -> list[tuple[str, str]]:
    """How a word is looked for in a column: by which lookup, and which letters."""
    if len(word) >= 3:
        return [("contains", word)]
    if _PLAIN.match(word):
        # Too short for the index anywhere in the name: at the beginning of a word.
        return [("startswith", word), ("contains", f" {word}")]
    return [("as it is", word)]


def _holds(word: str, paths: Sequence[str]) -> Q:
    found = Q()
    for i, path in enumerate(paths):
        for way, letters in _ways(word):
            if way == "as it is":
                found |= Q(**{f"{path}__contains": letters})
            else:
                found |= Q(**{f"_fold{i}__{way}": Fold(Value(letters))})
    return found


def note(*parts: Any) -> str:
    """A hit's few words, joined and kept short."""
    return Truncator(" · ".join(str(part) for part in parts if part)).chars(60)
