"""Weights by pairwise comparison, against METHODS: weights by pairwise comparison (AHP, Saaty)."""

from decimal import Decimal

import pytest

from portfolio.calc.ahp import SCALE, combined, nearest, scale_value, weigh

#: Saaty 2008: coffee, wine, tea, beer, soda, milk, water; the upper triangle, row by row.
DRINKS = [
    "9", "5", "2", "1", "1", "1/2",
    "1/3", "1/9", "1/9", "1/9", "1/9",
    "1/3", "1/4", "1/3", "1/9",
    "1/2", "1", "1/3",
    "2", "1/2",
    "1/3",
]  # fmt: skip


def ratio(text: str) -> Decimal:
    upper, _slash, lower = text.partition("/")
    return Decimal(upper) / Decimal(lower or 1)


def ratios(*texts: str) -> list[Decimal]:
    return [ratio(text) for text in texts]


def test_the_published_drinks():
    result = weigh(7, ratios(*DRINKS))
    published = [".177", ".019", ".042", ".116", ".190", ".129", ".327"]
    for weight, expected in zip(result.weights, published, strict=True):
        assert weight == pytest.approx(Decimal(expected), abs=Decimal(".0005"))
    assert result.lambda_max == pytest.approx(Decimal("7.1766"), abs=Decimal(".00005"))
    assert result.ratio == pytest.approx(Decimal(".0223"), abs=Decimal(".00005"))
    assert result.consistent


def test_the_published_drinks_with_nine_kept_decimals():
    kept = [round(value, 9) for value in ratios(*DRINKS)]
    assert weigh(7, kept).ratio == pytest.approx(Decimal(".0223"), abs=Decimal(".00005"))


def test_one_thing_has_all_the_weight():
    result = weigh(1, [])
    assert result.weights == (Decimal(1),)
    assert (result.lambda_max, result.index, result.ratio, result.doubt) == (1, 0, 0, None)


def test_two_things_can_not_contradict_each_other():
    result = weigh(2, ratios("3"))
    assert [round(w, 6) for w in result.weights] == [Decimal(".75"), Decimal(".25")]
    assert result.index == 0
    assert result.ratio == 0
    assert result.doubt is None


def test_judgements_that_follow_from_each_other_are_consistent():
    result = weigh(3, ratios("2", "4", "2"))
    assert [round(w, 4) for w in result.weights] == ratios("0.5714", "0.2857", "0.1429")
    assert abs(result.ratio) < Decimal("1e-9")
    assert result.doubt is None


def test_the_judgement_to_reconsider_is_the_one_that_was_turned_round():
    """A = 2B, B = 2C, C = 2D, but A:D was said the wrong way round."""
    result = weigh(4, ratios("2", "4", "1/8", "2", "4", "2"))
    assert not result.consistent
    assert (result.doubt.row, result.doubt.column) == (0, 3)
    assert result.doubt.said == ratio("1/8")
    assert result.doubt.implied > 4 * result.doubt.said


def test_a_full_circle_is_as_inconsistent_as_it_gets():
    result = weigh(3, ratios("9", "1/9", "9"))
    assert [round(w, 4) for w in result.weights] == [Decimal("0.3333")] * 3
    assert result.lambda_max == pytest.approx(Decimal("10.1111"), abs=Decimal(".0001"))
    assert result.ratio > 6


@pytest.mark.parametrize(
    ("count", "given"), [(0, []), (3, ["1", "2"]), (2, ["0"]), (2, ["-1"]), (11, ["1"] * 55)]
)
def test_what_is_no_matrix_is_refused(count, given):
    with pytest.raises(ValueError, match=r"things|above zero"):
        weigh(count, ratios(*given))


def test_several_peoples_judgements_are_their_geometric_mean():
    assert combined([ratios("2", "9"), ratios("8", "1/9")]) == pytest.approx(ratios("4", "1"))
    three = combined([ratios("2"), ratios("4"), ratios("8")])
    assert three[0] == pytest.approx(Decimal(4))
    assert combined([ratios("3", "5")]) == pytest.approx(ratios("3", "5"))


def test_one_against_the_other_is_equal_in_the_end():
    """The geometric mean keeps a matrix reciprocal: A over B and B over A cancel out."""
    mean = combined([ratios("7"), ratios("1/7")])
    assert round(mean[0], 9) == 1


@pytest.mark.parametrize("sheets", [[], [["1"], ["1", "2"]]])
def test_sheets_of_different_things_do_not_combine(sheets):
    with pytest.raises(ValueError, match=r"nobody has compared|zip"):
        combined([ratios(*sheet) for sheet in sheets])


def test_the_scale_has_seventeen_steps():
    assert len(SCALE) == 17
    assert (SCALE[0], SCALE[8], SCALE[16]) == (-8, 0, 8)
    assert scale_value(8) == 9
    assert scale_value(0) == 1
    assert scale_value(-2) == Decimal("0.333333333")


@pytest.mark.parametrize(
    ("value", "step"), [("9", 8), ("1/9", -8), ("1", 0), ("1/2", -1), ("2.9", 2), ("20", 8)]
)
def test_any_ratio_has_a_nearest_step(value, step):
    assert nearest(ratio(value)) == step
