"""Target against actual by month: bars, a stepped line, hatched forecasts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from kam.pictures.scale import axis_for, exact, number, r
from kam.pictures.words import TEXT, TEXT_NARROW, width

WIDTH = 480.0
HEIGHT = 240.0
TOP = 26.0  # room for the unit above the axis
BOTTOM = 26.0  # room for the month labels
RIGHT = 4.0


@dataclass(frozen=True)
class Month:
    """One month. ``label`` is short ("Jan"), ``name`` full ("January 2026").

    ``forecast`` is the whole month's expected value, also where part of it has come in.
    None means unknown, which is not zero.
    """

    label: str
    name: str
    actual: Decimal | None = None
    target: Decimal | None = None
    forecast: Decimal | None = None
    href: str = ""


@dataclass(frozen=True)
class Rect:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Tick:
    y: float
    label: str
    zero: bool


@dataclass(frozen=True)
class Slot:
    """A month's column: its bars, its label, and whether the label is drawn.

    ``show`` is "all", "wide" (dropped where the picture is narrow) or "never".
    """

    month: Month
    x: float
    width: float
    middle: float
    show: str
    actual: Rect | None
    forecast: Rect | None


@dataclass(frozen=True)
class MonthlyPicture:
    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    zero: float
    ticks: tuple[Tick, ...]
    slots: tuple[Slot, ...]
    target: str  # path data of the stepped line; empty without targets
    has_forecast: bool


def cumulated(months: Sequence[Month]) -> list[Month]:
    """The months with running totals.

    A month without an actual stays without (a gap), later ones count on from what is
    known. The forecast runs on from the last actual; where a month has both, its
    forecast stands for the whole month. Targets run on likewise.
    """
    actual_sum = target_sum = forecast_sum = Decimal(0)
    running = []
    for month in months:
        actual, target, forecast = map(number, (month.actual, month.target, month.forecast))
        outlook = None
        if forecast is not None:
            outlook = forecast_sum + forecast
            forecast_sum = outlook
        elif actual is not None:
            forecast_sum += actual
        actual_sum += actual or 0
        target_sum += target or 0
        running.append(
            replace(
                month,
                actual=None if actual is None else actual_sum,
                target=None if target is None else target_sum,
                forecast=outlook,
            )
        )
    return running


def lay_out(
    months: Sequence[Month],
    label: Callable[[Decimal], str] = exact,
    *,
    cumulative: bool = False,
) -> MonthlyPicture:
    """The picture's geometry; ``label`` writes a tick's value."""
    shown = cumulated(months) if cumulative else list(months)
    axis = axis_for(
        value for month in shown for value in (month.actual, month.target, month.forecast)
    )
    texts = [label(tick) for tick in axis.ticks]
    left = r(max(width(text, TEXT_NARROW) for text in texts) + 8)
    left = min(left, WIDTH / 3)
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    zero = axis.at(Decimal(0), bottom, TOP)
    ticks = tuple(
        Tick(axis.at(tick, bottom, TOP), text, tick == 0)
        for tick, text in zip(axis.ticks, texts, strict=True)
    )
    slot_width = (right - left) / max(1, len(shown))

    def bar(value: Decimal | None, middle: float, share: float) -> Rect | None:
        height = number(value)
        if height is None:
            return None
        y = axis.at(height, bottom, TOP)
        thick = slot_width * share
        return Rect(r(middle - thick / 2), min(y, zero), r(thick), r(abs(y - zero)))

    every = _every([month.label for month in shown], slot_width, TEXT)
    every_narrow = _every([month.label for month in shown], slot_width, TEXT_NARROW)
    if every_narrow % every:
        every_narrow += every - every_narrow % every
    slots = []
    for index, month in enumerate(shown):
        x = left + index * slot_width
        middle = x + slot_width / 2
        both = number(month.forecast) is not None and number(month.actual) is not None
        show = "never" if index % every else "wide" if index % every_narrow else "all"
        slots.append(
            Slot(
                month=month,
                x=r(x),
                width=r(slot_width),
                middle=r(middle),
                show=show,
                actual=bar(month.actual, middle, 0.4 if both else 0.62),
                forecast=bar(month.forecast, middle, 0.62),
            )
        )
    target = _steps(
        [
            (left + i * slot_width, left + (i + 1) * slot_width, axis.at(value, bottom, TOP))
            if (value := number(month.target)) is not None
            else None
            for i, month in enumerate(shown)
        ]
    )
    return MonthlyPicture(
        width=WIDTH,
        height=HEIGHT,
        left=left,
        right=right,
        top=TOP,
        bottom=bottom,
        zero=zero,
        ticks=ticks,
        slots=tuple(slots),
        target=target,
        has_forecast=any(slot.forecast for slot in slots),
    )


def _every(labels: Sequence[str], room: float, size: float) -> int:
    """Draw each n-th label, so that none touches the next."""
    widest = max((width(text, size) for text in labels), default=0) + 4
    every = 1
    while widest > room * every and every < max(1, len(labels)):
        every += 1
    return every


def _steps(parts: Sequence[tuple[float, float, float] | None]) -> str:
    """Path data of a stepped line; a missing part is a gap."""
    path: list[str] = []
    drawing = False
    for part in parts:
        if part is None:
            drawing = False
            continue
        x1, x2, y = part
        path.append(f"V{y:g}" if drawing else f"M{r(x1):g} {y:g}")
        path.append(f"H{r(x2):g}")
        drawing = True
    return "".join(path)
