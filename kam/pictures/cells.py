"""Small matrices beside each other: four cells each, all on one scale of areas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt

from kam.pictures.scale import number, r
from kam.pictures.words import TEXT_NARROW, cut

WIDTH = 480.0
GAP = 28.0
EDGE = 1.0  # room for the frame's own line
HEAD = 22.0
FOOT = 10.0
#: Up to two stand large; more in rows of three.
LARGE = 200.0
SMALLEST = 2.0
#: Where a cell lies: (column, row), the lower row last.
PLACES = {"develop": (0, 0), "all": (1, 0), "retain": (0, 1), "nurture": (1, 1)}


@dataclass(frozen=True)
class Part:
    """What one cell holds: ``value`` gives the area, ``label`` is written in the corner."""

    value: Decimal | None
    label: str
    title: str
    href: str = ""


@dataclass(frozen=True)
class Multiple:
    """One small matrix: its name, and its cells by ``PLACES``; one that is missing stays empty."""

    name: str
    cells: Mapping[str, Part]


@dataclass(frozen=True)
class DrawnPart:
    part: Part
    x: float
    y: float
    cx: float
    cy: float
    radius: float


@dataclass(frozen=True)
class DrawnMultiple:
    """``name`` as it fits; ``x``, ``y``: the square's upper left corner; its middle lines."""

    multiple: Multiple
    name: str
    x: float
    y: float
    middle_x: float
    middle_y: float
    parts: tuple[DrawnPart, ...]


@dataclass(frozen=True)
class CellsPicture:
    width: float
    height: float
    side: float
    half: float
    multiples: tuple[DrawnMultiple, ...]


def lay_out(multiples: Sequence[Multiple]) -> CellsPicture:
    """The matrices in rows; areas follow the values, of which the largest fills its cell.

    A value that is missing or below zero has no area; its label stands all the same.
    """
    columns = max(1, min(len(multiples), 2 if len(multiples) < 3 else 3))
    side = min(LARGE, (WIDTH - 2 * EDGE - GAP * (columns - 1)) / columns)
    most = max(
        (v for m in multiples for p in m.cells.values() if (v := number(p.value)) and v > 0),
        default=Decimal(0),
    )
    drawn = tuple(
        _drawn(multiple, at % columns, at // columns, side, float(most))
        for at, multiple in enumerate(multiples)
    )
    rows = -(-len(multiples) // columns)
    height = rows * (HEAD + side) + max(0, rows - 1) * GAP + FOOT if rows else HEAD
    return CellsPicture(WIDTH, r(height), r(side), r(side / 2), drawn)


def _drawn(multiple: Multiple, column: int, row: int, side: float, most: float) -> DrawnMultiple:
    x = EDGE + column * (side + GAP)
    y = row * (side + HEAD + GAP) + HEAD
    half = side / 2
    parts = []
    for name, (across, down) in PLACES.items():
        part = multiple.cells.get(name)
        if part is None:
            continue
        value = number(part.value)
        left, top = x + across * half, y + down * half
        radius = 0.0
        if value is not None and value > 0 and most > 0:
            radius = max(SMALLEST, half * 0.4 * sqrt(float(value) / most))
        parts.append(
            DrawnPart(part, r(left), r(top), r(left + half / 2), r(top + half / 2 + 4), r(radius))
        )
    name = cut(multiple.name, side, TEXT_NARROW)
    return DrawnMultiple(multiple, name, r(x), r(y), r(x + half), r(y + half), tuple(parts))
