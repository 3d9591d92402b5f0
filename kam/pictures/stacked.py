"""Horizontal bars, stacked by part, on one scale; negative parts lie left of zero."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from kam.pictures.scale import Axis, exact, number, r
from kam.pictures.words import TEXT_NARROW, cut, width

WIDTH = 480.0
ROW = 46.0
BAR = 20.0
EDGE = 2.0
STYLES = 6  # ways to fill a part, before they begin again


@dataclass(frozen=True)
class Part:
    label: str
    value: Decimal | None
    href: str = ""


@dataclass(frozen=True)
class Row:
    label: str
    parts: Sequence[Part]
    href: str = ""

    @property
    def total(self) -> Decimal | None:
        """The sum of the parts that are known; None if none is."""
        values = [value for part in self.parts if (value := number(part.value)) is not None]
        return sum(values, Decimal(0)) if values else None


@dataclass(frozen=True)
class Piece:
    """One part as drawn; ``style`` counts from 1; ``text`` is empty where it would not fit."""

    part: Part
    style: int
    x: float
    width: float
    text: str
    text_x: float
    chip_x: float  # the quiet ground under the text, so that it reads on any filling
    chip_width: float


@dataclass(frozen=True)
class Line:
    row: Row
    label: str
    total: str
    label_y: float
    bar_y: float
    text_y: float
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class StackedPicture:
    width: float
    height: float
    bar_height: float
    zero: float
    has_negative: bool
    lines: tuple[Line, ...]
    key: tuple[tuple[int, str], ...]  # style and label of each part, in order of appearance


def lay_out(rows: Sequence[Row], label: Callable[[Decimal], str] = exact) -> StackedPicture:
    """``label`` writes a value; parts of the same label have the same style in all rows."""
    styles: dict[str, int] = {}
    for row in rows:
        for part in row.parts:
            styles.setdefault(part.label, len(styles) % STYLES + 1)
    low = min((_side(row, -1) for row in rows), default=Decimal(0))
    high = max((_side(row, 1) for row in rows), default=Decimal(0))
    axis = Axis(low, high if high > low else low + 1, ())
    left, right = EDGE, WIDTH - EDGE
    zero = axis.at(Decimal(0), left, right)
    lines = []
    for index, row in enumerate(rows):
        top = index * ROW
        total = "–" if row.total is None else label(row.total)
        room = WIDTH - 2 * EDGE - width(total, TEXT_NARROW) - 12
        ends = {1: Decimal(0), -1: Decimal(0)}
        pieces = []
        for part in row.parts:
            value = number(part.value)
            if not value:
                continue
            side = 1 if value > 0 else -1
            x1 = axis.at(ends[side], left, right)
            ends[side] += value
            x2 = axis.at(ends[side], left, right)
            wide = abs(x2 - x1)
            text = label(value)
            chip = width(text, TEXT_NARROW) + 2
            if chip + 6 > wide:
                text, chip = "", 0.0
            pieces.append(
                Piece(
                    part=part,
                    style=styles[part.label],
                    x=min(x1, x2),
                    width=r(wide),
                    text=text,
                    text_x=r((x1 + x2) / 2),
                    chip_x=r((x1 + x2 - chip) / 2),
                    chip_width=r(chip),
                )
            )
        lines.append(
            Line(
                row=row,
                label=cut(row.label, room),
                total=total,
                label_y=r(top + 15),
                bar_y=r(top + 21),
                text_y=r(top + 21 + BAR / 2 + 4.5),
                pieces=tuple(pieces),
            )
        )
    return StackedPicture(
        width=WIDTH,
        height=max(ROW, len(rows) * ROW),
        bar_height=BAR,
        zero=zero,
        has_negative=low < 0,
        lines=tuple(lines),
        key=tuple((style, text) for text, style in styles.items()),
    )


def _side(row: Row, sign: int) -> Decimal:
    """The sum of the row's positive (1) or negative (-1) parts."""
    values = (number(part.value) for part in row.parts)
    return sum((value for value in values if value and value * sign > 0), Decimal(0))
