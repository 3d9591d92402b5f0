"""Rows of an agenda: plain data, as it is kept with the review."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from plans.calc import YearFigures
from plans.phasing import ZERO

#: How many rows of a part are kept; the rest is a number.
KEPT = 30
Row = dict[str, Any]


def part(name: str, rows: Iterable[Row]) -> Row:
    """A part with its first rows, and how many more there are."""
    found = list(rows)
    return {"part": name, "rows": found[:KEPT], "more": max(0, len(found) - KEPT)}


def figure_rows(
    whole: YearFigures,
    lines: Iterable[tuple[str, YearFigures]],
    *,
    margin: bool,
    targets: bool,
) -> Iterator[Row]:
    """Revenue and margin of the closed months against their targets, then the lines off pace.

    With the customer: what they bought, without our margin and targets. Pure.
    """
    actual = whole.closed_actual
    if not targets:
        yield figure("bought", "", actual, None, None)
        for name, line in lines:
            yield figure("bought_line", name, line.closed_actual, None, None)
        return
    yield figure("revenue", "", actual, whole.target_to_date, whole.pace)
    if margin:
        got = sum((m.actual_margin for m in whole.months if m.closed), ZERO)
        planned = sum((m.target_margin for m in whole.months if m.closed), ZERO)
        yield figure("margin", "", got, planned, got / planned if planned > 0 else None)
    for name, line in lines:
        if line.pace is not None and line.pace < 1:
            yield figure("line", name, line.closed_actual, line.target_to_date, line.pace)


def figure(
    code: str, title: str, actual: Decimal, target: Decimal | None, pace: Decimal | None
) -> Row:
    """One line of figures: what was reached, what was to be, and the pace."""
    return {
        "code": code,
        "title": title,
        "numbers": [
            number_text(actual),
            number_text(target),
            None if pace is None else f"{pace:.4f}",
        ],
    }


def number_text(number: Decimal | None) -> str | None:
    """A number as it is kept: two decimals."""
    return None if number is None else f"{number:.2f}"
