"""A line in a table cell: the run of the values, gaps where they are missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kam.pictures.scale import Axis, number, r

WIDTH = 96.0
HEIGHT = 22.0
EDGE = 3.0


@dataclass(frozen=True)
class Dot:
    x: float
    y: float


@dataclass(frozen=True)
class SparklinePicture:
    """``line`` is path data; ``dots`` values without neighbours; ``last`` the latest value.

    ``zero`` is the zero line's height, where the values lie on both sides of it.
    """

    width: float
    height: float
    line: str
    dots: tuple[Dot, ...]
    last: Dot | None
    zero: float | None


def lay_out(
    values: Sequence[Any], *, width: float = WIDTH, height: float = HEIGHT
) -> SparklinePicture:
    """The values spread evenly over the width, lowest at the bottom, equal ones in the middle."""
    numbers = [number(value) for value in values]
    there = [value for value in numbers if value is not None]
    if not there:
        return SparklinePicture(width, height, "", (), None, None)
    low, high = min(there), max(there)
    flat = low == high
    axis = Axis(low, low + 1 if flat else high, ())
    step = (width - 2 * EDGE) / max(1, len(numbers) - 1)

    def place(index: int, value: Decimal) -> Dot:
        x = width / 2 if len(numbers) == 1 else EDGE + index * step
        return Dot(r(x), r(height / 2) if flat else axis.at(value, height - EDGE, EDGE))

    runs: list[list[Dot]] = [[]]
    for index, value in enumerate(numbers):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(place(index, value))
    runs = [run for run in runs if run]
    line = "".join(
        "M" + "L".join(f"{dot.x:g} {dot.y:g}" for dot in run) for run in runs if len(run) > 1
    )
    return SparklinePicture(
        width=width,
        height=height,
        line=line,
        dots=tuple(run[0] for run in runs[:-1] if len(run) == 1),
        last=runs[-1][-1],
        zero=axis.at(Decimal(0), height - EDGE, EDGE) if low < 0 < high else None,
    )
