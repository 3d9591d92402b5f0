"""The sums of concentration and retention against published figures (METHODS)."""

from decimal import Decimal as D  # noqa: N817

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.calc.concentration import (
    Dependence,
    concentration,
    key_account_level,
    largest_level,
    shares_of,
)
from portfolio.calc.retention import bridge


def of(*values):
    return concentration([D(value) for value in values])


def test_four_shares_of_the_published_table_make_an_hhi_of_2600():
    assert of(30, 30, 20, 20).hhi * 10_000 == 2600


def test_five_shares_of_the_published_table_make_cr3_80_percent_and_hhi_245():
    found = of(5, 30, 15, 20, 30)
    assert found.top(3) == D("0.8")
    assert found.hhi == D("0.245")
    assert found.effective == 1 / D("0.245")


def test_the_published_gini():
    assert round(of(*[5000] * 7, 150000).gini, 10) == D("0.6858108108")


def test_equal_customers_have_no_gini_and_count_as_they_are():
    found = of(7, 7, 7, 7)
    assert (found.gini, found.effective, found.makers_of(D("0.8"))) == (0, 4, 4)


def test_net_negative_customers_have_no_share_and_are_counted():
    found = of(60, 40, -20, 0)
    assert (found.customers, found.zero, found.negative) == (2, 1, 1)
    assert (found.total, found.negative_sum, found.net) == (100, -20, 80)
    assert found.top(1) == D("0.6")
    assert shares_of([D(60), D(40), D(-20), D(0)]) == [D("0.6"), D("0.4"), None, None]


def test_nobody_who_buys_is_unknown_and_not_zero():
    found = of(0, -5)
    assert (found.hhi, found.gini, found.effective, found.top(1)) == (None, None, None, None)
    assert found.curve() == []
    assert found.makers_of(D("0.8")) == 0


def test_the_curve_runs_from_nothing_to_all_and_never_falls():
    curve = of(*range(1, 1001)).curve(50)
    assert (curve[0].customers, curve[0].share) == (0, 0)
    assert (curve[-1].customers, curve[-1].share) == (1000, 1)
    assert len(curve) <= 62
    shares = [point.share for point in curve]
    assert shares == sorted(shares)


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=40))
def test_hhi_and_gini_stay_in_their_bounds(values):
    found = of(*values)
    slack = D("1e-20")
    assert D(1) / len(values) - slack <= found.hhi <= 1 + slack
    assert -slack <= found.gini <= 1 - D(1) / len(values) + slack


@pytest.mark.parametrize(
    ("share", "level"),
    [
        (None, Dependence.NONE),
        ("0.29", Dependence.BELOW),
        ("0.30", Dependence.NORMAL),
        ("0.55", Dependence.NORMAL),
        ("0.56", Dependence.ABOVE),
        ("0.75", Dependence.ABOVE),
        ("0.751", Dependence.WARNING),
    ],
)
def test_the_key_accounts_share_against_the_thresholds(share, level):
    found = None if share is None else D(share)
    assert key_account_level(found, low=D(".3"), high=D(".55"), warning=D(".75")) is level


@pytest.mark.parametrize(
    ("share", "level"),
    [
        (None, Dependence.NONE),
        ("0.099", Dependence.NORMAL),
        ("0.1", Dependence.NOTICE),
        ("0.75", Dependence.NOTICE),
        ("0.76", Dependence.WARNING),
    ],
)
def test_the_largest_customer_against_the_thresholds(share, level):
    found = None if share is None else D(share)
    assert largest_level(found, notice=D(".1"), warning=D(".75")) is level


def test_the_published_net_revenue_retention_is_111_percent():
    found = bridge([(D(15000), D(23000)), (D(5000), None), (D(7000), D(7000)), (None, D(999))])
    assert found.start == 27000
    assert round(found.retention, 2) == D("1.11")
    assert found.steps["growth"].change == 8000
    assert found.steps["lost"].change == -5000
    assert (found.steps["new"].customers, found.steps["new"].change) == (1, 999)


def test_credit_notes_alone_are_corrections_and_a_credited_customer_is_lost():
    found = bridge([(D(-10), D(-4)), (D(100), D(-20)), (D(-5), D(50)), (None, None)])
    assert (found.steps["corrections"].customers, found.steps["corrections"].change) == (1, 6)
    assert (found.steps["lost"].customers, found.steps["lost"].change) == (1, -120)
    assert (found.steps["new"].customers, found.steps["new"].change) == (1, 55)
    assert found.adds_up


def test_without_a_year_before_there_is_no_retention():
    assert bridge([(None, D(5))]).retention is None


amounts = st.one_of(st.none(), st.integers(-(10**6), 10**6).map(D))


@given(st.lists(st.tuples(amounts, amounts)))
def test_the_steps_always_add_up(customers):
    assert bridge(customers).adds_up
