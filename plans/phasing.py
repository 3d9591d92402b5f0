"""Spreading a year's target over its months, and suggesting one: pure sums.

A year's amount is spread in whole steps (a unit of currency, or a cent where the amount has cents),
so that the twelve months add up to it exactly; what does not divide goes to the months that lost
most by rounding, the earlier first (largest remainder).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

MONTHS = 12
UNIT = Decimal(1)
CENT = Decimal("0.01")
THOUSANDTH = Decimal("0.001")
ZERO = Decimal(0)


def step_of(total: Decimal, finest: Decimal = CENT) -> Decimal:
    """The step in which a total is spread: whole units if it is whole, else ``finest``."""
    return UNIT if total == total.to_integral_value() else finest


def phased(
    total: Decimal, weights: Sequence[Decimal] | None = None, *, finest: Decimal = CENT
) -> tuple[Decimal, ...]:
    """``total`` over the months in proportion to ``weights``; their sum is ``total`` exactly.

    Without weights, or where none is above zero, the months get equal parts. A weight below zero
    (a month of credit notes) counts as zero. ``total`` is first rounded to ``finest``, half up.
    """
    total = total.quantize(finest, rounding=ROUND_HALF_UP)
    step = step_of(total, finest)
    usable = [max(ZERO, weight) for weight in weights] if weights is not None else []
    if not any(usable):
        usable = [UNIT] * (len(usable) or MONTHS)
    whole = sum(usable, ZERO)
    units = int(abs(total) / step)
    shares = [units * weight / whole for weight in usable]
    parts = [int(share) for share in shares]
    most_lost = sorted(range(len(parts)), key=lambda i: (parts[i] - shares[i], i))
    for index in most_lost[: units - sum(parts)]:
        parts[index] += 1
    sign = -1 if total < 0 else 1
    return tuple(sign * part * step for part in parts)


def grown(amount: Decimal, growth: Decimal) -> Decimal:
    """An amount changed by ``growth`` per cent, in whole units, half up: 1,000 and 4.5 → 1,045."""
    return (amount * (100 + growth) / 100).quantize(UNIT, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class LineYear:
    """One product line's sales of a year by month, in one currency. ``path``: ids from the top."""

    line: int
    path: tuple[int, ...]
    revenue: tuple[Decimal, ...]
    margin: tuple[Decimal, ...]
    volume: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A target for one line as last year's sales suggest it, by month."""

    line: int
    last_year: Decimal
    revenue: tuple[Decimal, ...]
    margin: tuple[Decimal, ...]
    volume: tuple[Decimal, ...]

    @property
    def total(self) -> Decimal:
        """The year's revenue target."""
        return sum(self.revenue, ZERO)


def covering(path: Sequence[int], targeted: Iterable[int]) -> int | None:
    """The targeted line that a sale of the line with this path counts for: the nearest above it."""
    wanted = set(targeted)
    return next((line for line in reversed(path) if line in wanted), None)


def folded(sales: Sequence[LineYear], onto: Iterable[int]) -> dict[int | None, LineYear]:
    """Sales added up on the targeted lines that cover them; ``None`` holds what none covers."""
    targeted = set(onto)
    found: dict[int | None, LineYear] = {}
    for row in sales:
        line = covering(row.path, targeted)
        before = found.get(line)
        found[line] = row if before is None else _added(before, row)
    return found


def _added(a: LineYear, b: LineYear) -> LineYear:
    def both(x: Sequence[Decimal], y: Sequence[Decimal]) -> tuple[Decimal, ...]:
        return tuple(p + q for p, q in zip(x, y, strict=True))

    return LineYear(
        a.line,
        a.path,
        both(a.revenue, b.revenue),
        both(a.margin, b.margin),
        both(a.volume, b.volume),
    )


def suggested(
    last_year: Sequence[LineYear], growth: Decimal, taken: Iterable[Sequence[int]] = ()
) -> list[Suggestion]:
    """A target per product line that was bought last year, ``growth`` per cent above it.

    The months follow last year's. Where a line and one above it were both bought from, one target
    on the upper line covers both. ``taken`` are the paths of lines that have a target already:
    lines above and below them are left out. Lines without revenue above zero are left out.
    """
    bought = {row.line for row in last_year}
    tops = {next(line for line in row.path if line in bought) for row in last_year}
    taken_lines = [tuple(path) for path in taken]
    sums = folded(last_year, tops)
    paths = {row.line: row.path for row in last_year}
    found = []
    for line, row in sums.items():
        if line is None or sum(row.revenue, ZERO) <= 0:
            continue
        if any(overlap(paths[line], path) for path in taken_lines):
            continue
        total = sum(row.revenue, ZERO)
        found.append(
            Suggestion(
                line=line,
                last_year=total,
                revenue=phased(grown(total, growth), row.revenue),
                margin=phased(grown(sum(row.margin, ZERO), growth), row.margin),
                volume=phased(grown(sum(row.volume, ZERO), growth), row.volume, finest=THOUSANDTH),
            )
        )
    return sorted(found, key=lambda suggestion: (-suggestion.last_year, suggestion.line))


def overlap(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether one of two lines stands above the other, or they are the same."""
    return one[-1] in other or other[-1] in one


# --- goals ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GoalProgress:
    """How far a goal has come.

    ``share``: with a baseline, the part of the way from it to the target that is covered; without,
    actual / target. ``None`` where a number is missing. ``direction``: ``up``, ``down`` (the target
    is below the baseline) or ``hold`` (they are the same).
    """

    share: Decimal | None
    direction: str
    reached: bool


def goal_progress(
    baseline: Decimal | None, target: Decimal | None, actual: Decimal | None
) -> GoalProgress:
    """Progress of a goal. From 40 to 20 with 25 now: down, (40 − 25) / (40 − 20) = 75 %."""
    direction = "up"
    if baseline is not None and target is not None and target <= baseline:
        direction = "down" if target < baseline else "hold"
    if target is None or actual is None:
        return GoalProgress(None, direction, False)
    reached = actual <= target if direction == "down" else actual >= target
    if direction == "hold":
        return GoalProgress(Decimal(1) if reached else None, direction, reached)
    start = baseline if baseline is not None else ZERO
    if target == start:  # no baseline, and a target of zero
        return GoalProgress(None, direction, reached)
    return GoalProgress((actual - start) / (target - start), direction, reached)
