"""The Pareto curve: the largest customers from left to right, the share that they make together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from kam.pictures.scale import Axis

WIDTH = 480.0
HEIGHT = 300.0
LEFT = 54.0
RIGHT = 10.0
TOP = 10.0
BOTTOM = 44.0
EDGES = tuple(Decimal(tenth) / 10 for tenth in (0, 2, 4, 6, 8, 10))


@dataclass(frozen=True)
class Point:
    """The ``customers`` largest together make ``share`` (0–1); ``title`` says so."""

    customers: int
    share: Decimal
    title: str = ""


@dataclass(frozen=True)
class Pareto:
    """``points`` rise from (0, 0) to (all, 1); ``mark`` is the one that the message is about."""

    points: Sequence[Point]
    mark: Point | None = None


@dataclass(frozen=True)
class Tick:
    at: float
    share: Decimal


@dataclass(frozen=True)
class Dot:
    point: Point
    cx: float
    cy: float


@dataclass(frozen=True)
class ParetoPicture:
    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    curve: str  # path data; empty without points
    area: str
    equal: str  # where the curve would lie if all were of one size
    dots: tuple[Dot, ...]
    mark: Dot | None
    guide: str


def lay_out(pareto: Pareto) -> ParetoPicture:
    """Both axes run from 0 to 100 %: of the customers, of the value."""
    left, right, top, bottom = LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM
    count = max((point.customers for point in pareto.points), default=0)
    axis = Axis(Decimal(0), Decimal(max(1, count)), ())
    whole = Axis(Decimal(0), Decimal(1), ())

    def dot(point: Point) -> Dot:
        return Dot(
            point,
            axis.at(Decimal(point.customers), left, right),
            whole.at(point.share, bottom, top),
        )

    dots = tuple(dot(point) for point in pareto.points) if count else ()
    curve = "".join(f"L{d.cx:g} {d.cy:g}" for d in dots)
    curve = "M" + curve[1:] if curve else ""
    mark = dot(pareto.mark) if pareto.mark and count else None
    return ParetoPicture(
        width=WIDTH,
        height=HEIGHT,
        left=left,
        right=right,
        top=top,
        bottom=bottom,
        x_ticks=tuple(Tick(whole.at(edge, left, right), edge) for edge in EDGES),
        y_ticks=tuple(Tick(whole.at(edge, bottom, top), edge) for edge in EDGES),
        curve=curve,
        area=f"{curve}V{bottom:g}H{left:g}Z" if curve else "",
        equal=f"M{left:g} {bottom:g}L{right:g} {top:g}" if curve else "",
        dots=dots,
        mark=mark,
        guide=f"M{left:g} {mark.cy:g}H{mark.cx:g}V{bottom:g}" if mark else "",
    )
