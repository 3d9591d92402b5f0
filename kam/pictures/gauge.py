"""A half ring that fills from left to right; beyond full, the figure says how far."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import cos, pi, sin

from kam.pictures.scale import number, r

WIDTH = 120.0
HEIGHT = 70.0
RADIUS = 48.0
MIDDLE_X = WIDTH / 2
MIDDLE_Y = 60.0


@dataclass(frozen=True)
class Gauge:
    """``value`` and ``pace`` are ratios: 1 is full."""

    value: Decimal | None
    pace: Decimal | None = None


@dataclass(frozen=True)
class GaugePicture:
    width: float
    height: float
    track: str
    arc: str  # empty for nothing, below nothing, or unknown
    pace: str  # path data of the pace mark, or empty
    middle_x: float
    text_y: float


def lay_out(gauge: Gauge) -> GaugePicture:
    value, pace = number(gauge.value), number(gauge.pace)
    mark = ""
    if pace is not None:
        inner, outer = _point(_share(pace), RADIUS - 9), _point(_share(pace), RADIUS + 9)
        mark = f"M{inner[0]:g} {inner[1]:g}L{outer[0]:g} {outer[1]:g}"
    return GaugePicture(
        width=WIDTH,
        height=HEIGHT,
        track=_arc(1.0),
        arc="" if value is None or value <= 0 else _arc(_share(value)),
        pace=mark,
        middle_x=MIDDLE_X,
        text_y=MIDDLE_Y - 2,
    )


def _share(value: Decimal) -> float:
    return min(1.0, max(0.0, float(value)))


def _point(share: float, radius: float) -> tuple[float, float]:
    angle = pi * (1 - share)
    return r(MIDDLE_X + radius * cos(angle)), r(MIDDLE_Y - radius * sin(angle))


def _arc(share: float) -> str:
    """From the left end along the upper half; one arc is never more than half a turn."""
    start, end = _point(0, RADIUS), _point(share, RADIUS)
    return f"M{start[0]:g} {start[1]:g}A{RADIUS:g} {RADIUS:g} 0 0 1 {end[0]:g} {end[1]:g}"
