"""A tile's answer: its message, its picture, its rows; the same for page, PDF and workbook."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of a table: text, or a number in a unit; ``url`` leads to what it is made of."""

    value: Any
    kind: str = "text"  # text, amount, percent, signed, score, day
    url: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    label: Any
    unit: str = ""
    number: bool = True

    @property
    def head(self) -> str:
        return f"{self.label} ({self.unit})" if self.unit else str(self.label)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of ``kam.pictures``: which one, and what its tag takes."""

    kind: str  # cells, stacked, pareto, bridge
    data: Any
    words: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """One tile's answer: its rows, what they leave out, and where to go on.

    ``message`` says in a sentence what the figures say; it is the picture's title. ``age`` says how
    old they are, where they are not of the night.
    """

    title: Any
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    url: str = ""
    empty: str = ""
    message: str = ""
    age: str = ""
    picture: Picture | None = None
