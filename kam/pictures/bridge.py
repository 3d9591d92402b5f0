"""A bridge (waterfall): from one total over its changes to the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from kam.pictures.scale import axis_for, exact, number, r
from kam.pictures.words import TEXT_NARROW, cut, width

WIDTH = 480.0
HEIGHT = 260.0
TOP = 24.0
BOTTOM = 26.0
RIGHT = 4.0
THICK = 0.66


@dataclass(frozen=True)
class Part:
    """A total (``total``) or a change of it; None is unknown and changes nothing."""

    label: str
    value: Decimal | None
    title: str = ""
    total: bool = False
    href: str = ""


@dataclass(frozen=True)
class Bar:
    """``style`` is 1 for a total, 3 for what came, 2 (hatched) for what went."""

    part: Part
    style: int
    x: float
    y: float
    width: float
    height: float
    middle: float
    label: str
    text: str
    text_y: float


@dataclass(frozen=True)
class Tick:
    y: float
    label: str
    zero: bool


@dataclass(frozen=True)
class BridgePicture:
    width: float
    height: float
    left: float
    right: float
    bottom: float
    ticks: tuple[Tick, ...]
    bars: tuple[Bar, ...]
    links: tuple[str, ...]  # thin lines from the end of one bar to the beginning of the next


def lay_out(
    parts: Sequence[Part],
    tick: Callable[[Decimal], str] = exact,
    label: Callable[[Decimal], str] = exact,
) -> BridgePicture:
    """``tick`` writes a value at the axis, ``label`` one over its bar (changes with their sign)."""
    spans: list[tuple[Decimal, Decimal]] = []
    level = Decimal(0)
    for part in parts:
        value = number(part.value) or Decimal(0)
        begin = Decimal(0) if part.total else level
        level = begin + value
        spans.append((begin, level))
    axis = axis_for(end for span in spans for end in span)
    texts = [tick(value) for value in axis.ticks]
    left = min(r(max(width(text, TEXT_NARROW) for text in texts) + 8), WIDTH / 3)
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    room = (right - left) / max(1, len(parts))
    bars = []
    for at, (part, (begin, end)) in enumerate(zip(parts, spans, strict=True)):
        y1, y2 = axis.at(begin, bottom, TOP), axis.at(end, bottom, TOP)
        middle = left + room * (at + 0.5)
        known = number(part.value)
        bars.append(
            Bar(
                part=part,
                style=1 if part.total else 3 if end >= begin else 2,
                x=r(middle - room * THICK / 2),
                y=min(y1, y2),
                width=r(room * THICK),
                height=r(abs(y2 - y1)),
                middle=r(middle),
                label=cut(part.label, room - 2, TEXT_NARROW),
                text="–" if known is None else cut(label(known), room, 13.0),
                text_y=r(min(y1, y2) - 5),
            )
        )
    links = tuple(
        f"M{one.x + one.width:g} {axis.at(span[1], bottom, TOP):g}H{two.x:g}"
        for (one, two), span in zip(pairwise(bars), spans, strict=False)
    )
    return BridgePicture(
        width=WIDTH,
        height=HEIGHT,
        left=left,
        right=right,
        bottom=bottom,
        ticks=tuple(
            Tick(axis.at(value, bottom, TOP), text, value == 0)
            for value, text in zip(axis.ticks, texts, strict=True)
        ),
        bars=tuple(bars),
        links=links,
    )
