"""Bubbles on two axes of 0–100, parted into four cells, with labels that never collide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

from kam.pictures.scale import Axis, nice_step, number, r
from kam.pictures.words import TEXT, cut, width

WIDTH = 640.0
HEIGHT = 500.0
LEFT = 46.0
RIGHT = 8.0
TOP = 8.0
BOTTOM = 46.0
SMALLEST = 4.0
LARGEST = 20.0
MANY = 60  # above this many bubbles the largest becomes smaller
LINE = 13.0  # height of a label
NAME = 18.0  # size of a cell's name where the picture is narrow
HASH = 48.0  # side of the squares in which neighbours are looked for

FULL = (Decimal(0), Decimal(100))


@dataclass(frozen=True)
class Bubble:
    """One account at (x, y), or a cluster of ``count``; ``size`` gives the area.

    ``style`` (1–6) is the filling, ``strong`` a second ring. ``within`` is a cluster's own square,
    (x from, x to, y from, y to): it is drawn inside, so that clusters do not overlap.
    """

    key: Hashable
    x: Decimal
    y: Decimal
    label: str
    title: str
    size: Decimal | None = None
    style: int = 1
    count: int = 1
    href: str = ""
    strong: bool = False
    within: tuple[Decimal, Decimal, Decimal, Decimal] | None = None


@dataclass(frozen=True)
class Step:
    """Where an account was on a night; ``label`` is written beside the first and the last."""

    x: Decimal
    y: Decimal
    label: str
    title: str


@dataclass(frozen=True)
class Ground:
    """The axes' ranges, the cut-offs and the cells' names.

    ``names`` are those of (low, low), (high, low), (low, high), (high, high) in (x, y).
    """

    x_cut: Decimal
    y_cut: Decimal
    names: tuple[str, str, str, str]
    x_range: tuple[Decimal, Decimal] = FULL
    y_range: tuple[Decimal, Decimal] = FULL


@dataclass(frozen=True)
class Box:
    """A rectangle that nothing else may be written over."""

    x: float
    y: float
    width: float
    height: float

    def meets(self, other: Box) -> bool:
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


@dataclass(frozen=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True)
class CellName:
    name: str  # as it fits
    full: str
    x: float
    y: float


@dataclass(frozen=True)
class Drawn:
    """A bubble as drawn; ``label`` is empty where no place is free."""

    bubble: Bubble
    cx: float
    cy: float
    radius: float
    label: str
    label_x: float
    label_y: float
    anchor: str

    @property
    def hit(self) -> float:
        """The radius that answers to a finger."""
        return max(self.radius, 10.0)


@dataclass(frozen=True)
class Mark:
    step: Step
    cx: float
    cy: float
    radius: float


@dataclass(frozen=True)
class MatrixPicture:
    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    x_cut: float | None  # None: outside of what is shown
    y_cut: float | None
    names: tuple[CellName, ...]
    bubbles: tuple[Drawn, ...]  # largest first: the smaller ones lie above
    trail: str
    marks: tuple[Mark, ...]
    unlabelled: int = 0


@dataclass
class _Taken:
    """What is drawn already, by squares."""

    squares: dict[tuple[int, int], list[tuple[Hashable, Box]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def _around(self, box: Box) -> Iterator[tuple[int, int]]:
        for column in range(int(box.x // HASH), int((box.x + box.width) // HASH) + 1):
            for row in range(int(box.y // HASH), int((box.y + box.height) // HASH) + 1):
                yield column, row

    def add(self, key: Hashable, box: Box) -> None:
        for square in self._around(box):
            self.squares[square].append((key, box))

    def free(self, box: Box, own: Hashable) -> bool:
        return not any(
            key != own and box.meets(other)
            for square in self._around(box)
            for key, other in self.squares.get(square, ())
        )


def lay_out(bubbles: Sequence[Bubble], ground: Ground, trail: Sequence[Step] = ()) -> MatrixPicture:
    """The same bubbles give the same picture, in whatever order they come."""
    left, right, top, bottom = LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM
    x_axis, y_axis = _axis(ground.x_range), _axis(ground.y_range)
    x_cut = _inside(ground.x_cut, x_axis, left, right)
    y_cut = _inside(ground.y_cut, y_axis, bottom, top)
    names = tuple(_names(ground, x_cut, y_cut, (left, right, top, bottom)))
    ordered = sorted(bubbles, key=lambda b: (-_weight(b), b.label, str(b.key)))
    largest = max((_weight(b) for b in ordered if b.count == 1), default=Decimal(0))
    fullest = max((b.count for b in ordered), default=1)
    room = max(0.3, min(1.0, (MANY / max(1, len(ordered))) ** 0.5)) * LARGEST
    taken = _Taken()
    for cell in names:
        taken.add(("cell", cell.full), Box(cell.x, cell.y - LINE, width(cell.name, TEXT), LINE + 2))
    circles = []
    for bubble in ordered:
        radius = _radius(bubble, largest, fullest, room)
        cx, cy = x_axis.at(bubble.x, left, right), y_axis.at(bubble.y, bottom, top)
        if bubble.within:
            x1, x2, y1, y2 = bubble.within
            cx = _between(cx, x_axis.at(x1, left, right), x_axis.at(x2, left, right), radius)
            cy = _between(cy, y_axis.at(y2, bottom, top), y_axis.at(y1, bottom, top), radius)
        circles.append((bubble, cx, cy, radius))
        side = radius * 1.8  # a circle leaves its box's corners free
        taken.add(bubble.key, Box(cx - side / 2, cy - side / 2, side, side))
    path, marks = _trail(trail, x_axis, y_axis, (left, right, top, bottom))
    for mark in marks:
        taken.add(("step", mark.cx, mark.cy), Box(mark.cx - 3, mark.cy - 3, 6, 6))
    drawn, unlabelled = [], 0
    frame = Box(left, top, right - left, bottom - top)
    for bubble, cx, cy, radius in circles:
        place = None if bubble.count > 1 else _place(bubble, cx, cy, radius, taken, frame)
        unlabelled += place is None and bubble.count == 1
        text, x, y, anchor = place or ("", 0.0, 0.0, "start")
        drawn.append(Drawn(bubble, cx, cy, radius, text, x, y, anchor))
    return MatrixPicture(
        width=WIDTH,
        height=HEIGHT,
        left=left,
        right=right,
        top=top,
        bottom=bottom,
        x_ticks=_ticks(x_axis, left, right),
        y_ticks=_ticks(y_axis, bottom, top),
        x_cut=x_cut,
        y_cut=y_cut,
        names=names,
        bubbles=tuple(drawn),
        trail=path,
        marks=tuple(marks),
        unlabelled=unlabelled,
    )


def _axis(ends: tuple[Decimal, Decimal]) -> Axis:
    low, high = ends
    step = nice_step((high - low) / 5)
    ticks = tuple(low + step * i for i in range(int((high - low) / step) + 1))
    return Axis(low, high, ticks)


def _ticks(axis: Axis, start: float, end: float) -> tuple[Tick, ...]:
    return tuple(Tick(axis.at(t, start, end), f"{t.normalize():f}") for t in axis.ticks)


def _inside(value: Decimal, axis: Axis, start: float, end: float) -> float | None:
    return axis.at(value, start, end) if axis.low < value < axis.high else None


def _weight(bubble: Bubble) -> Decimal:
    """What gives the area; nothing known, nothing and less than nothing are the smallest."""
    return max(number(bubble.size) or Decimal(0), Decimal(0))


def _radius(bubble: Bubble, largest: Decimal, fullest: int, room: float) -> float:
    if bubble.count > 1:
        share = (bubble.count / max(2, fullest)) ** 0.5
        by_count = 9 + (LARGEST - 9) * share
        return r(min(LARGEST, max(by_count, width(bubble.label, TEXT) / 2 + 3)))
    if largest <= 0:
        return r(max(SMALLEST, 0.3 * room))
    return r(
        max(SMALLEST * (room / LARGEST) ** 0.5, room * float(_weight(bubble) / largest) ** 0.5)
    )


def _between(at: float, low: float, high: float, radius: float) -> float:
    """The position moved so far that the circle lies between the two."""
    if high - low <= 2 * radius:
        return r((low + high) / 2)
    return r(min(max(at, low + radius), high - radius))


def _names(
    ground: Ground, x_cut: float | None, y_cut: float | None, plot: tuple[float, ...]
) -> Iterator[CellName]:
    """Each cell's name, if the cell is in sight, at the edge of the plane: where the cut-offs cross
    it is crowded."""
    left, right, top, bottom = plot
    x_low, x_high = ground.x_range
    y_low, y_high = ground.y_range
    xs = [] if ground.x_cut <= x_low else [(0, left, x_cut or right)]
    xs += [] if ground.x_cut >= x_high else [(1, x_cut or left, right)]
    ys = [] if ground.y_cut <= y_low else [(0, y_cut or top, bottom)]
    ys += [] if ground.y_cut >= y_high else [(2, top, y_cut or bottom)]
    for column, x1, x2 in xs:
        for row, y1, y2 in ys:
            full = ground.names[column + row]
            name = cut(full, x2 - x1 - 12, NAME)
            if len(name) > 2:
                yield CellName(name, full, r(x1 + 6), r(y1 + 18 if row else y2 - 8))


def _place(
    bubble: Bubble, cx: float, cy: float, radius: float, taken: _Taken, frame: Box
) -> tuple[str, float, float, str] | None:
    """The first free place around the bubble for its label, which is taken from now on."""
    text = cut(bubble.label, 132, TEXT)
    if not text:
        return None
    wide, gap = width(text, TEXT), radius + 3
    slant = radius * 0.72 + 2
    for x, y, anchor in (
        (cx + gap, cy - LINE / 2, "start"),
        (cx - gap - wide, cy - LINE / 2, "end"),
        (cx - wide / 2, cy - gap - LINE, "middle"),
        (cx - wide / 2, cy + gap, "middle"),
        (cx + slant, cy - slant - LINE, "start"),
        (cx + slant, cy + slant, "start"),
        (cx - slant - wide, cy - slant - LINE, "end"),
        (cx - slant - wide, cy + slant, "end"),
    ):
        box = Box(x, y, wide, LINE)
        inside = (
            x >= frame.x
            and y >= frame.y
            and x + wide <= frame.x + frame.width
            and y + LINE <= frame.y + frame.height
        )
        if inside and taken.free(box, bubble.key):
            taken.add(("label", bubble.key), box)
            at = {"start": x, "middle": x + wide / 2, "end": x + wide}[anchor]
            return text, r(at), r(y + 10), anchor
    return None


def _trail(
    steps: Sequence[Step], x_axis: Axis, y_axis: Axis, plot: tuple[float, ...]
) -> tuple[str, list[Mark]]:
    left, right, top, bottom = plot
    last = len(steps) - 1
    marks = [
        Mark(
            step,
            x_axis.at(step.x, left, right),
            y_axis.at(step.y, bottom, top),
            4.5 if at == last else 2.5,
        )
        for at, step in enumerate(steps)
    ]
    path = "".join(f"L{mark.cx:g} {mark.cy:g}" for mark in marks)
    return ("M" + path[1:] if len(marks) > 1 else ""), marks


def moved(steps: Sequence[Step]) -> bool:
    """Whether the trail leads anywhere."""
    return any((a.x, a.y) != (b.x, b.y) for a, b in pairwise(steps))
