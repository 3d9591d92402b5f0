"""Wallets, returns, shares of hours and suggested moves, as sums on paper."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portfolio.calc.resources import (
    LineFigures,
    Load,
    Place,
    Return,
    cell_shares,
    suggested_moves,
)

D = Decimal

WANTED = {"retain": D(10), "nurture": D(20), "develop": D(30), "all": D(40)}


def test_a_wallet_of_10000_of_which_2500_is_ours():
    line = LineFigures(own=D(2500), wallet=D(10000))
    assert (line.share, line.white_space) == (D("0.25"), D(7500))


@pytest.mark.parametrize(
    ("own", "potential", "chance", "improvement"),
    [
        (D(2500), D(5000), D(40), D(1000)),
        (D(5000), D(5000), D(40), D(0)),
        (D(6000), D(5000), D(40), D(0)),  # attained: nothing is left to win
        (D(2500), D(5000), None, None),
        (D(2500), None, D(40), None),
        (None, D(5000), D(40), None),
    ],
)
def test_improvement_is_what_is_left_to_win_times_the_chance(own, potential, chance, improvement):
    assert LineFigures(own, None, potential, chance).improvement == improvement


def test_without_a_wallet_there_is_no_share():
    assert LineFigures(own=D(5)).share is None
    assert LineFigures(own=D(5), wallet=D(0)).share is None


def test_selling_more_than_the_wallet_says_that_the_estimate_is_too_low():
    line = LineFigures(own=D(12), wallet=D(10))
    assert (line.white_space, line.too_low) == (D(-2), True)


def test_contribution_is_revenue_less_goods_hours_and_service():
    found = Return(revenue=D(1000), goods=D(600), hours=D(4), hourly_cost=D(50), services=D(80))
    assert (found.time, found.contribution, found.margin, found.per_hour) == (
        D(200),
        D(120),
        D("0.12"),
        D(30),
    )


def test_without_revenue_or_hours_there_is_no_margin_and_no_return_of_an_hour():
    found = Return(D(0), D(0), D(0), D(50), D(10))
    assert (found.margin, found.per_hour) == (None, None)


def test_shares_are_scaled_to_the_cells_that_have_one():
    found = cell_shares({"retain": D(60), "all": D(20), "": D(20)}, {"retain": D(20), "all": D(60)})
    assert [(s.cell, s.hours, s.share, s.should, s.over) for s in found] == [
        ("retain", D(60), D("0.6"), D(20), D(40)),
        ("all", D(20), D("0.2"), D(60), D(-40)),
        ("", D(20), D("0.2"), None, None),
    ]


def test_without_wanted_shares_nothing_is_over_and_nothing_moves():
    wanted = dict.fromkeys(WANTED)
    assert {s.over for s in cell_shares({"retain": D(5)}, wanted)} == {None}
    assert suggested_moves([Place("a", "retain", D(5)), Place("b", "all", D(0))], wanted) == []


def test_hours_go_from_the_lowest_return_to_the_highest_potential():
    places = [
        Place("poor", "retain", D(40), per_hour=D(10)),
        Place("rich", "retain", D(40), per_hour=D(90)),
        Place("unknown", "retain", D(20)),
        Place("small", "all", D(10), improvement=D(20)),
        Place("large", "all", D(10), improvement=D(80)),
        Place("none", "all", D(0)),
    ]
    moves = suggested_moves(places, {"retain": D(60), "all": D(40)})
    # 120 hours: 72 belong to “retain”, which has 100; half of an account's hours at most.
    assert [(m.giver.key, m.taker.key, m.hours) for m in moves] == [
        ("poor", "large", D(20)),
        ("rich", "small", D(8)),
    ]


def test_the_number_of_moves_is_bounded():
    places = [Place(n, "retain", D(30), per_hour=D(n)) for n in range(50)]
    places += [Place(n + 50, "all", D(0), improvement=D(n + 1)) for n in range(50)]
    assert len(suggested_moves(places, {"retain": D(10), "all": D(90)}, limit=7)) == 7


hours = st.integers(0, 50_000).map(lambda n: D(n) / 100)
place = st.builds(
    Place,
    key=st.integers(),
    cell=st.sampled_from([*WANTED, ""]),
    hours=hours,
    per_hour=st.none() | st.integers(-100, 100).map(D),
    improvement=st.none() | st.integers(0, 100).map(D),
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(place, max_size=12, unique_by=lambda p: p.key))
def test_moves_keep_the_sum_and_nobody_falls_below_zero(places):
    after = {p.key: p.hours for p in places}
    before = {
        s.cell: s.over
        for s in cell_shares(
            {c: sum((p.hours for p in places if p.cell == c), D(0)) for c in [*WANTED, ""]}, WANTED
        )
    }
    for move in suggested_moves(places, WANTED):
        assert move.hours >= 1
        assert before[move.giver.cell] > 0 > before[move.taker.cell]
        after[move.giver.key] -= move.hours
        after[move.taker.key] += move.hours
    assert sum(after.values()) == sum(p.hours for p in places)
    assert min(after.values(), default=0) >= 0


def test_load_against_capacity():
    load = Load(capacity=D(1600), planned=D(1800), spent=D(400))
    assert (load.planned_share, load.spent_share, load.free) == (D("1.125"), D("0.25"), D(-200))
    assert Load(None, D(5)).planned_share is None


def test_a_cell_gives_no_more_than_it_has_over_its_share():
    places = [
        Place("a", "retain", D(54), per_hour=D(1)),
        Place("b", "nurture", D(76), per_hour=D(5)),
        Place("c", "all", D(20), improvement=D(9)),
    ]
    moves = suggested_moves(places, {"retain": D(1), "nurture": D(1), "all": D(1)})
    assert [(m.giver.key, m.hours) for m in moves] == [("a", D(4)), ("b", D(16))]
