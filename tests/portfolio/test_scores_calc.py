"""The pure sums: METHODS' published index, value functions, missing facts, cells."""

from decimal import Decimal

import pytest

from portfolio.calc.scores import (
    Group,
    Rule,
    axis_score,
    cell,
    completeness,
    mid_rank,
    shares,
    weighted_mean,
)

D = Decimal


def test_the_published_market_attractiveness_index():
    """Best: market forces, competitive intensity, market access."""
    groups = [
        Group(D(30), (D(".4"), D(".3"), D(".3"))),
        Group(D(40), (D(".4"), D(".3"), D(".3"))),
        Group(D(30), (D(".4"), D(".3"), D(".3"))),
    ]
    values = [[D(80), D(60), D(40)], [D(40), D(80), D(60)], [D(80), D(100), D(60)]]
    means = [weighted_mean(v, g.weights) for g, v in zip(groups, values, strict=True)]
    assert means == [D(62), D(58), D(80)]
    assert axis_score(groups, values) == D("65.80")


@pytest.mark.parametrize(
    ("rule", "raw", "value"),
    [
        (Rule("x", "linear", D(1), D(0), D(200)), D(50), D(25)),
        (Rule("x", "linear", D(1), D(0), D(200)), D(300), D(100)),
        (Rule("x", "linear", D(1), D(0), D(200)), D(-10), D(0)),
        (Rule("x", "linear", D(1), D(40), D(0)), D(10), D(75)),  # less is better
        (Rule("x", "linear", D(1), D(0), D(3)), D(1), D("33.3333")),
        (Rule("x", "bands", D(1), floors=(D(10), D(20)), values=(D(50), D(90))), D(9), D(0)),
        (Rule("x", "bands", D(1), floors=(D(10), D(20)), values=(D(50), D(90))), D(10), D(50)),
        (Rule("x", "bands", D(1), floors=(D(10), D(20)), values=(D(50), D(90))), D(99), D(90)),
        (Rule("x", "linear", D(1), D(0), D(1)), None, None),
        (Rule("x", "linear", D(1), D(0), D(1), default=D(40)), None, D(40)),
    ],
)
def test_a_fact_becomes_a_value(rule, raw, value):
    assert rule.value(raw) == value


def test_a_rank_counts_those_that_are_surpassed():
    all_raws = [D(1), D(2), D(2), D(5)]
    assert [mid_rank(raw, all_raws) for raw in all_raws] == [0, D("0.5"), D("0.5"), 1]
    assert mid_rank(D(5), all_raws, up=False) == 0
    assert Rule("x", "percentile", D(1)).value(D(2), D(1) / 3) == D("33.3333")


def test_nobody_to_surpass_is_neither_best_nor_worst():
    assert mid_rank(D(5), [D(5)]) == D("0.5")
    assert {mid_rank(raw, [D(7)] * 4) for raw in [D(7)] * 4} == {D("0.5")}


def test_what_is_missing_is_left_out_and_the_rest_counts_more():
    groups = [Group(D(1), (D(1), D(3))), Group(D(1), (D(1),))]
    assert axis_score(groups, [[D(40), None], [D(60)]]) == D(50)
    assert axis_score(groups, [[None, None], [D(60)]]) == D(60)
    assert axis_score(groups, [[None, None], [None]]) is None


def test_weights_of_zero_decide_nothing():
    assert axis_score([Group(D(1), (D(0),))], [[D(90)]]) is None
    assert axis_score([Group(D(0), (D(1),)), Group(D(2), (D(1),))], [[D(90)], [D(10)]]) == D(10)


def test_shares_and_completeness():
    groups = [Group(D(3), (D(1), D(1))), Group(D(1), (D(2),))]
    assert shares(groups) == [[D(".375"), D(".375")], [D(".25")]]
    axes = {"potential": groups, "profitability": [Group(D(1), (D(1),))]}
    known = {"potential": [[True, False], [True]], "profitability": [[True]]}
    assert completeness(axes, known) == D("81.25")
    assert completeness({}, {}) == 0


def test_the_cells_of_the_matrix():
    cut = D(50)
    assert cell(D(50), D(50), cut, cut) == "all"
    assert cell(D("49.99"), D(50), cut, cut) == "develop"
    assert cell(D(50), D(0), cut, cut) == "nurture"
    assert cell(D(0), D(0), cut, cut) == "retain"
    assert cell(None, D(90), cut, cut) == ""
