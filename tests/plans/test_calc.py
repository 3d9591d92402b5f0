"""The plans' sums: published definitions, input → expected."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans.calc import MonthFigures, YearFigures, added, change, empty_year, ratio

D = Decimal
MONTHS = [date(2026, month, 1) for month in range(1, 13)]


def year(closed: int, actual=(), target=(), forecast=None, margin=()) -> YearFigures:
    """A year from lists that may be shorter than twelve."""

    def at(values, index, default=0):
        return D(str(values[index])) if values and index < len(values) else D(default)

    return YearFigures(
        tuple(
            MonthFigures(
                month,
                index < closed,
                actual=at(actual, index),
                actual_margin=at(margin, index),
                target=at(target, index),
                forecast=at(target if forecast is None else forecast, index),
            )
            for index, month in enumerate(MONTHS)
        )
    )


@pytest.mark.parametrize(
    ("part", "base", "expected"),
    [(50, 100, "0.5"), (0, 100, "0"), (-10, 100, "-0.1"), (5, 0, None), (5, -5, None), (None, 5, None), (5, None, None)],
)  # fmt: skip
def test_ratio_never_divides_by_nothing(part, base, expected):
    value = ratio(None if part is None else D(part), None if base is None else D(base))
    assert value == (None if expected is None else D(expected))


@pytest.mark.parametrize(
    ("now", "before", "expected"), [(112, 100, "0.12"), (90, 100, "-0.1"), (5, 0, None), (5, None, None)]
)  # fmt: skip
def test_change(now, before, expected):
    value = change(D(now), None if before is None else D(before))
    assert value == (None if expected is None else D(expected))


def test_attainment_is_actual_by_the_whole_years_target():
    figures = year(3, actual=[90, 100, 110, 20], target=[100] * 12)
    assert figures.attainment == D(320) / D(1200)
    assert figures.gap == D(-880)


def test_pace_counts_closed_months_only_and_by_the_plans_own_phasing():
    # A quarter of the calendar has passed, but the plan puts half of the year into March.
    figures = year(3, actual=[10, 10, 90, 999], target=[10, 10, 100, *[10] * 8, 30])
    assert figures.target_to_date == D(120)
    assert figures.pace == D(110) / D(120)


def test_forecast_takes_actuals_of_closed_months_and_forecasts_of_the_rest():
    figures = year(2, actual=[90, 80, 70], target=[100] * 12, forecast=[0, 0, 50, *[100] * 9])
    assert figures.forecast == D(90 + 80 + 50 + 900)
    assert figures.forecast_attainment == D(1120) / D(1200)


@pytest.mark.parametrize("closed", [0, 5, 12])
def test_a_year_without_targets_has_no_ratios(closed):
    figures = year(closed, actual=[10] * 12)
    assert figures.attainment is None
    assert figures.pace is None
    assert figures.gap is None
    assert figures.forecast_attainment is None


def test_before_the_first_month_is_over_there_is_no_pace():
    assert year(0, actual=[50], target=[100] * 12).pace is None


def test_margin_ratio():
    assert year(1, actual=[200], margin=[50]).margin_ratio == D("0.25")
    assert year(1).margin_ratio is None


def test_years_add_month_by_month():
    total = added([year(2, [1, 2], [3, 4]), year(2, [10, 20], [30, 40])], empty_year(MONTHS, 2))
    assert [m.actual for m in total.months][:3] == [11, 22, 0]
    assert [m.target for m in total.months][:3] == [33, 44, 0]
    assert added([], empty_year(MONTHS, 2)).actual == 0


amounts = st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=12, max_size=12)


@given(amounts, amounts, st.integers(0, 12))
def test_no_input_raises_and_ratios_of_sums_are_not_sums_of_ratios(actual, target, closed):
    figures = year(closed, actual, target)
    doubled = figures + figures
    assert doubled.actual == 2 * figures.actual
    assert doubled.attainment == figures.attainment
    assert doubled.pace == figures.pace
