"""Rows on their way into the database, and rows that are there already."""

from dataclasses import dataclass, field
from typing import Any

Key = tuple[Any, ...]


@dataclass(slots=True)
class Record:
    """One row as it shall be: values by field, ids of references, the lines that it comes from."""

    line: int
    values: dict[str, Any]
    key: Key = ()
    ids: dict[str, Any] = field(default_factory=dict)
    lines: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Stored:
    """A row as it is: its id and values by field, in the form of ``Record.values``."""

    pk: int
    values: dict[str, Any]


@dataclass(slots=True)
class Change:
    """An existing row and the fields that shall change."""

    stored: Stored
    record: Record
    fields: list[str]
