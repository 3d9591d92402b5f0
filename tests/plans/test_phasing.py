"""Spreading a year over months: the months always add up to the year, exactly."""

from decimal import Decimal as D  # noqa: N817

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans.phasing import (
    LineYear,
    covering,
    folded,
    goal_progress,
    grown,
    overlap,
    phased,
    suggested,
)


def year(*values: int) -> tuple[D, ...]:
    return tuple(D(v) for v in values) + (D(0),) * (12 - len(values))


@pytest.mark.parametrize(
    ("total", "weights", "expected"),
    [
        ("1200", None, ["100"] * 12),
        # 1000 / 12 = 83.33…: the four units left over go to the first months
        ("1000", None, ["84"] * 4 + ["83"] * 8),
        ("0.05", None, ["0.01"] * 5 + ["0"] * 7),
        ("100.50", year(1, 1), ["50.25", "50.25"] + ["0"] * 10),
        # in whole units 33.3, 66.7: the larger remainder gets the unit
        ("100", year(1, 2), ["33", "67"] + ["0"] * 10),
        # a month of credit notes counts as nothing
        ("90", year(-50, 1, 2), ["0", "30", "60"] + ["0"] * 9),
        # nothing to go by: evenly
        ("24", year(), ["2"] * 12),
        ("24", year(-1), ["2"] * 12),
        ("-24", None, ["-2"] * 12),
        ("-1", year(1, 1), ["-1", "0"] + ["0"] * 10),
        ("0", year(1), ["0"] * 12),
    ],
)
def test_phased(total, weights, expected):
    assert phased(D(total), weights) == tuple(D(v) for v in expected)


@given(
    st.decimals(min_value=-(10**12), max_value=10**12, places=2),
    st.lists(st.decimals(min_value=-1000, max_value=10**9, places=2), min_size=12, max_size=12),
)
def test_the_months_add_up_to_the_year(total, weights):
    months = phased(total, weights)
    assert sum(months) == total
    assert all(month == 0 or (month < 0) == (total < 0) for month in months)


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_even_months_differ_by_one_step_at_most(total):
    months = phased(total)
    step = D(1) if total == total.to_integral_value() else D("0.01")
    assert max(months) - min(months) <= step


def test_growth_is_rounded_to_whole_units():
    assert grown(D("1000"), D("4.5")) == 1045
    assert grown(D("0.5"), D(0)) == 1  # half up
    assert grown(D("200"), D(-10)) == 180


PUMPS, SMALL, TINY, VALVES = 1, 2, 3, 4


def sales(line: int, path: tuple[int, ...], *revenue: int) -> LineYear:
    months = year(*revenue)
    return LineYear(line, path, months, tuple(m / 4 for m in months), tuple(m / 10 for m in months))


def test_a_sale_counts_for_the_nearest_targeted_line_above_it():
    assert covering((PUMPS, SMALL, TINY), {PUMPS, SMALL}) == SMALL
    assert covering((PUMPS, SMALL), {PUMPS}) == PUMPS
    assert covering((VALVES,), {PUMPS}) is None


def test_sales_fold_onto_the_lines_that_cover_them_once():
    rows = [
        sales(PUMPS, (PUMPS,), 10),
        sales(SMALL, (PUMPS, SMALL), 5),
        sales(VALVES, (VALVES,), 7),
    ]
    found = folded(rows, {PUMPS})
    assert found[PUMPS].revenue[0] == 15
    assert found[None].revenue[0] == 7


def test_suggestions_follow_last_years_months_and_do_not_overlap():
    rows = [
        sales(PUMPS, (PUMPS,), 100, 300),
        sales(SMALL, (PUMPS, SMALL), 100),
        sales(VALVES, (VALVES,), 1000),
        sales(TINY, (TINY,), -5),
    ]
    valves, pumps = suggested(rows, D(10))
    assert (valves.line, pumps.line) == (VALVES, PUMPS)
    assert pumps.last_year == 500
    assert pumps.total == 550
    assert pumps.revenue[:3] == (D(220), D(330), D(0))
    assert sum(pumps.margin) == D(138)  # 125 × 1.1 = 137.5, half up
    assert sum(pumps.volume) == D(55)


def test_suggestions_leave_alone_what_has_a_target():
    rows = [sales(SMALL, (PUMPS, SMALL), 100), sales(VALVES, (VALVES,), 50)]
    assert [s.line for s in suggested(rows, D(0), taken=[(PUMPS,)])] == [VALVES]
    assert [s.line for s in suggested(rows, D(0), taken=[(PUMPS, SMALL, TINY)])] == [VALVES]


def test_overlap():
    assert overlap((PUMPS,), (PUMPS, SMALL))
    assert overlap((PUMPS, SMALL), (PUMPS,))
    assert overlap((PUMPS,), (PUMPS,))
    assert not overlap((PUMPS, SMALL), (PUMPS, TINY))


@pytest.mark.parametrize(
    ("baseline", "target", "actual", "share", "direction", "reached"),
    [
        ("10", "20", "15", "0.5", "up", False),
        ("10", "20", "25", "1.5", "up", True),
        ("40", "20", "25", "0.75", "down", False),
        ("40", "20", "50", "-0.5", "down", False),
        ("40", "20", "20", "1", "down", True),
        (None, "20", "5", "0.25", "up", False),
        (None, "0", "5", None, "up", True),
        ("5", "5", "5", "1", "hold", True),
        ("5", "5", "4", None, "hold", False),
        ("10", "20", None, None, "up", False),
        ("10", None, "5", None, "up", False),
    ],
)
def test_goal_progress(baseline, target, actual, share, direction, reached):
    def number(text):
        return None if text is None else D(text)

    found = goal_progress(number(baseline), number(target), number(actual))
    assert (found.share, found.direction, found.reached) == (number(share), direction, reached)
