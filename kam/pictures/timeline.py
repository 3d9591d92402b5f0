"""A timeline: bars from start to due over months, and what waits for what."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from kam.pictures.scale import r
from kam.pictures.words import TEXT, cut, width

WIDTH = 720.0
#: A row holds its bar at its foot; above it, where the page is narrow, the bar's name.
ROW = 30.0
THICK = 14.0
FOOT = 3.0
TOP = 26.0
BOTTOM = 6.0
NAMES = 220.0
RIGHT = 8.0
#: At least so wide is a bar: a day must be seen.
LEAST = 5.0
#: A month's name takes so much room.
MONTH = 58.0


@dataclass(frozen=True)
class Bar:
    """One line: from ``start`` to ``end`` (the same day: a point in time); ``after``: keys of others.

    ``style``: ``open``, ``late``, ``done``. Without ``end`` it has no place and stands in the table.
    """

    key: Hashable
    label: str
    start: date | None
    end: date | None
    title: str = ""
    style: str = "open"
    after: tuple[Hashable, ...] = ()
    href: str = ""


@dataclass(frozen=True)
class Shape:
    """A bar's place; its name stands beside it at the left, or from ``above_x`` on above it."""

    bar: Bar
    label: str
    above_x: float
    above_y: float
    x: float
    y: float
    width: float
    height: float
    middle: float
    text_y: float


@dataclass(frozen=True)
class MonthTick:
    x: float
    label: str


@dataclass(frozen=True)
class Arrow:
    """Path data from the end of one bar to the beginning of the next, and its head."""

    path: str
    head: str
    backwards: bool


@dataclass(frozen=True)
class TimelinePicture:
    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    ticks: tuple[MonthTick, ...]
    shapes: tuple[Shape, ...]
    arrows: tuple[Arrow, ...]
    today: float | None


def lay_out(
    bars: Sequence[Bar],
    month_name: Callable[[date], str],
    today: date | None = None,
    span: tuple[date, date] = (date(1990, 1, 1), date(2100, 12, 31)),
) -> TimelinePicture:
    """The bars with a place, in their order, over whole months that hold all of them.

    What ends outside of ``span`` has no place; what begins before it is cut there.

    An arrow goes to each bar from those that it waits for; ``backwards`` where it begins before
    they end.
    """
    placed = [bar for bar in bars if bar.end is not None and span[0] <= bar.end <= span[1]]
    days = [max(day, span[0]) for bar in placed for day in (bar.start, bar.end) if day is not None]
    left, right = NAMES, WIDTH - RIGHT
    height = TOP + ROW * len(placed) + BOTTOM
    if not days:
        return TimelinePicture(WIDTH, height, left, right, TOP, height - BOTTOM, (), (), (), None)
    first, end = min(days).replace(day=1), _next_month(max(days))
    whole = (end - first).days

    def at(day: date) -> float:
        return r(left + (right - left) * (day - first).days / whole)

    shapes = []
    for index, bar in enumerate(placed):
        assert bar.end is not None  # noqa: S101 - placed bars have one
        begin = max(min(bar.start or bar.end, bar.end), span[0])
        x = at(begin)
        width_of = max(LEAST, at(bar.end + timedelta(days=1)) - x)
        y = TOP + ROW * (index + 1) - FOOT - THICK
        x = min(x, r(right - width_of))
        label = cut(bar.label, NAMES - 8, TEXT)
        shapes.append(
            Shape(
                bar=bar,
                label=label,
                above_x=max(left, min(x, r(right - width(label, TEXT)))),
                above_y=r(y - 3),
                x=x,
                y=r(y),
                width=r(width_of),
                height=THICK,
                middle=r(y + THICK / 2),
                text_y=r(y + THICK / 2 + 4),
            )
        )
    by_key = {shape.bar.key: shape for shape in shapes}
    arrows = tuple(
        _arrow(by_key[key], shape) for shape in shapes for key in shape.bar.after if key in by_key
    )
    return TimelinePicture(
        width=WIDTH,
        height=height,
        left=left,
        right=right,
        top=TOP,
        bottom=r(height - BOTTOM),
        ticks=tuple(_ticks(first, end, at, month_name)),
        shapes=tuple(shapes),
        arrows=arrows,
        today=at(today) if today is not None and first <= today < end else None,
    )


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _ticks(
    first: date, end: date, at: Callable[[date], float], month_name: Callable[[date], str]
) -> list[MonthTick]:
    months = []
    month = first
    while month < end:
        months.append(month)
        month = _next_month(month)
    room = (WIDTH - RIGHT - NAMES) / len(months)
    step = next(n for n in (1, 2, 3, 6, 12, len(months)) if n * room >= MONTH or n == len(months))
    return [
        MonthTick(at(m), month_name(m) if index % step == 0 else "")
        for index, m in enumerate(months)
    ]


def _arrow(before: Shape, after: Shape) -> Arrow:
    """Down (or up) from the end of the first, then to the beginning of the second."""
    x1, x2 = before.x + before.width, after.x
    down = after.middle > before.middle
    y1 = before.y + before.height if down else before.y
    backwards = x2 < x1
    turn = r(min(x1 - 2, x2 - 6) if not backwards else x2 - 6)
    start = r(x1 - 2 if not backwards else before.x + 2)
    path = f"M{start:g} {r(y1):g}"
    if turn != start:
        bend = r(y1 + (4 if down else -4))
        path += f"V{bend:g}H{turn:g}"
    path += f"V{after.middle:g}H{r(x2 - 1):g}"
    head = f"M{r(x2 - 5):g} {r(after.middle - 3):g}L{r(x2):g} {after.middle:g}L{r(x2 - 5):g} {r(after.middle + 3):g}Z"
    return Arrow(path, head, backwards)
