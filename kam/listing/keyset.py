"""Pages that are cut by key, and counts that stop."""

import base64
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q, Subquery

PAGE_SIZE = 50
COUNT_CAP = 1_000  # counting stops here: "more than 1,000"


@dataclass(frozen=True, slots=True)
class Key:
    """One part of an order. Nulls of a ``nullable`` path stand last, in both directions.

    ``few``: an order's first part that has few values, such as a year. A page mostly lies within
    one of them, and is looked for there first: so an index can serve the parts that follow.
    """

    path: str
    nullable: bool = False
    descending: bool = False
    few: bool = False

    def reversed(self) -> "Key":
        return replace(self, descending=not self.descending)

    def ordering(self, *, backward: bool) -> Any:
        """For ``order_by``; ``backward`` walks the same order from its end."""
        expression = F(self.path)
        descending = self.descending != backward
        # Without nulls no NULLS clause: then an index serves both directions.
        if not self.nullable:
            return expression.desc() if descending else expression.asc()
        if descending:
            return expression.desc(**{"nulls_first" if backward else "nulls_last": True})
        return expression.asc(**{"nulls_first" if backward else "nulls_last": True})

    def equals(self, value: Any) -> Q:
        return Q(**{f"{self.path}__isnull": True}) if value is None else Q(**{self.path: value})

    def beyond(self, value: Any, *, backward: bool) -> Q | None:
        """Rows that stand after ``value`` (before it, if ``backward``); ``None``: there are none."""
        null = Q(**{f"{self.path}__isnull": True})
        if value is None:
            return ~null if backward else None
        greater = self.descending == backward
        condition = Q(**{f"{self.path}__{'gt' if greater else 'lt'}": value})
        return condition | null if self.nullable and not backward else condition


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of an ordered list and the ways on."""

    rows: list[Any]
    previous: str | None
    next: str | None
    count: int | None = None
    capped: bool = False


def with_id(keys: Iterable[Key]) -> tuple[Key, ...]:
    """The order, made total by the id in the direction of its last part."""
    keys = tuple(keys)
    return (*keys, Key("id", descending=keys[-1].descending if keys else False))


def key_page(
    queryset: models.QuerySet,
    keys: Sequence[Key],
    *,
    after: str | None = None,
    before: str | None = None,
    size: int = PAGE_SIZE,
    fetch: Callable[[Any], Any] | None = None,
) -> Page:
    """The page after (or before) a cursor; the first page without one or with a broken one.

    With ``fetch`` the order is found from ids and keys alone, and only the page's own rows are read
    with all that ``fetch`` adds to them (one query more, and far less to sort).
    """
    marks = [f"_key{i}" for i in range(len(keys))]
    marked = queryset.annotate(**{m: F(k.path) for m, k in zip(marks, keys, strict=True)})
    backward = bool(before) and not after
    values = _decode(after or before, marked, len(keys))
    found = marked
    if values is not None:
        found = found.filter(_beyond(keys, values, backward=backward))
    else:
        backward = False
    found = found.order_by(*(k.ordering(backward=backward) for k in keys))
    rows: list[tuple[Any, list[Any]]] = []
    if keys[0].few:
        first = keys[0]
        if values is None:
            top = queryset.order_by(first.ordering(backward=backward)).values(first.path)[:1]
            within = found.filter(**{first.path: Subquery(top)})
        else:
            within = found.filter(first.equals(values[0]))
        rows = _rows(within, marks, size + 1, whole=fetch is None)
    if len(rows) <= size:
        rows = _rows(found, marks, size + 1, whole=fetch is None)
    more = len(rows) > size
    rows = rows[:size]
    if values is not None and (not rows or (backward and not more)):
        # Nothing is left there, or the beginning is near: show the first page, and show it full.
        return key_page(queryset, keys, size=size, fetch=fetch)
    if backward:
        rows.reverse()
    if not rows:
        return Page([], None, None)
    has_previous = more if backward else values is not None
    has_next = True if backward else more
    shown = [row for row, _keys in rows]
    if fetch is not None:
        full = fetch(queryset.model._default_manager.filter(pk__in=shown)).in_bulk()
        shown = [full[pk] for pk in shown if pk in full]
    return Page(
        shown,
        _encode(rows[0][1]) if has_previous else None,
        _encode(rows[-1][1]) if has_next else None,
    )


def _rows(
    found: models.QuerySet, marks: Sequence[str], limit: int, *, whole: bool
) -> list[tuple[Any, list[Any]]]:
    """Each row, or its id, with its keys."""
    if whole:
        return [(row, [getattr(row, mark) for mark in marks]) for row in found[:limit]]
    slim = found.values_list("pk", *marks)[:limit]
    return [(line[0], list(line[1:])) for line in slim]


def _beyond(keys: Sequence[Key], values: Sequence[Any], *, backward: bool) -> Q:
    condition = Q(pk__in=[])
    same = Q()
    for key, value in zip(keys, values, strict=True):
        further = key.beyond(value, backward=backward)
        if further is not None:
            condition |= same & further
        same &= key.equals(value)
    first, value = keys[0], values[0]
    if value is not None and not first.nullable and len(keys) > 1:
        # Says the same once more so that the index finds its start.
        at_least = "gte" if first.descending == backward else "lte"
        condition &= Q(**{f"{first.path}__{at_least}": value})
    return condition


def _encode(values: Sequence[Any]) -> str:
    text = json.dumps(values, default=_plain, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _decode(cursor: str | None, queryset: models.QuerySet, length: int) -> list[Any] | None:
    if not cursor:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        values = json.loads(base64.urlsafe_b64decode(padded))
        if not isinstance(values, list) or len(values) != length:
            return None
        fields = [queryset.query.annotations[f"_key{i}"].output_field for i in range(length)]
        if any(isinstance(value, dict | list) for value in values):
            return None
        parsed = [f.to_python(v) for f, v in zip(fields, values, strict=True)]
        for field, value in zip(fields, parsed, strict=True):
            if isinstance(value, int) and not -(2**63) <= value < 2**63:
                return None
            if isinstance(value, str) and "\x00" in value:
                return None
            field.get_prep_value(value)
    except (ValueError, ArithmeticError, ValidationError, RecursionError, TypeError):
        return None
    return parsed


def capped_count(queryset: models.QuerySet, cap: int = COUNT_CAP) -> tuple[int, bool]:
    """How many rows, counted no further than ``cap``; whether there are more."""
    found = queryset.order_by().values("pk")[: cap + 1].count()
    return min(found, cap), found > cap
