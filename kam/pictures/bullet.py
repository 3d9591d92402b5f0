"""Attainment: a bar for what is reached, a mark for the target, a mark for the pace."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from kam.pictures.scale import Axis, known, number, r


@dataclass(frozen=True)
class Bullet:
    """``pace`` is where actual should stand today: target × the share of the period passed."""

    actual: Decimal | None
    target: Decimal | None = None
    pace: Decimal | None = None

    @property
    def attainment(self) -> Decimal | None:
        """actual / target; None without either, or with a target that is not positive."""
        actual, target = number(self.actual), number(self.target)
        if actual is None or target is None or target <= 0:
            return None
        return actual / target


@dataclass(frozen=True)
class BulletPicture:
    """All positions in viewBox units; a position is None where its value is missing."""

    width: float
    height: float
    track_x: float
    track_y: float
    track_width: float
    track_height: float
    zero: float
    bar_x: float | None
    bar_width: float
    bar_y: float
    bar_height: float
    target: float | None
    pace: float | None
    pace_mark: str  # path data of a triangle that points at the bar from below


def lay_out(bullet: Bullet, *, width: float = 480.0, height: float = 34.0) -> BulletPicture:
    """The scale runs from zero (or the lowest negative) to the largest of the three."""
    edge = height / 6
    left, right = edge, width - edge
    values = [*known((bullet.actual, bullet.target, bullet.pace)), Decimal(0)]
    low, high = min(values), max(values)
    if low == high:
        high = low + 1
    axis = Axis(low, high, ())
    zero = axis.at(Decimal(0), left, right)
    actual, target, pace = map(number, (bullet.actual, bullet.target, bullet.pace))
    track_height = height * 0.5
    track_y = height * 0.17
    bar_height = track_height * 0.5
    end = None if actual is None else axis.at(actual, left, right)
    pace_x = None if pace is None else axis.at(pace, left, right)
    top = track_y + track_height
    mark = ""
    if pace_x is not None:
        half = min(edge, 5.0)
        mark = (
            f"M{pace_x:g} {r(top + 0.5):g}L{r(pace_x - half):g} {r(height - 0.5):g}"
            f"H{r(pace_x + half):g}Z"
        )
    return BulletPicture(
        width=width,
        height=height,
        track_x=r(left),
        track_y=r(track_y),
        track_width=r(right - left),
        track_height=r(track_height),
        zero=zero,
        bar_x=None if end is None else r(min(zero, end)),
        bar_width=0.0 if end is None else r(abs(end - zero)),
        bar_y=r(track_y + (track_height - bar_height) / 2),
        bar_height=r(bar_height),
        target=None if target is None else axis.at(target, left, right),
        pace=pace_x,
        pace_mark=mark,
    )
