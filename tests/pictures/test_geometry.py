"""Geometry as input and expected output, and what must hold for any input."""

import math
import re
from dataclasses import fields, is_dataclass
from decimal import Decimal as D  # noqa: N817
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kam.pictures import bullet, gauge, monthly, sparkline, stacked, tree, words
from kam.pictures.scale import axis_for, nice_step


@pytest.mark.parametrize(
    ("values", "low", "high", "ticks"),
    [
        ([], 0, 1, 2),
        ([None, None], 0, 1, 2),
        ([0, 0], 0, 1, 2),
        ([7], 0, 8, 5),
        ([100], 0, 100, 6),
        ([101], 0, 125, 6),
        ([-3], -3, 0, 4),
        ([-120_000, 910_000], "-250000", 1_000_000, 6),
        ([D("0.004")], 0, D("0.004"), 5),
        ([1e15], 0, 10**15, 6),
    ],
)
def test_axes_end_on_round_numbers(values, low, high, ticks):
    axis = axis_for(values)
    assert (axis.low, axis.high, len(axis.ticks)) == (D(low), D(high), ticks)
    assert not values or D(0) in axis.ticks


@pytest.mark.parametrize(
    ("rough", "step"), [("1", "1"), ("1.01", "2"), ("2.2", "2.5"), ("3", "5"), ("0.07", "0.1")]
)
def test_steps_are_round(rough, step):
    assert nice_step(D(rough)) == D(step)


def months(*rows):
    return [monthly.Month(f"M{i}", f"Month {i}", *row) for i, row in enumerate(rows, 1)]


def test_bars_are_as_high_as_their_values():
    one, two = monthly.lay_out(months((D(50),), (D(100),))).slots
    assert two.actual.height == pytest.approx(2 * one.actual.height, abs=0.02)
    assert one.actual.y + one.actual.height == pytest.approx(two.actual.y + two.actual.height)


def test_a_bar_ends_at_the_tick_of_its_value():
    picture = monthly.lay_out(months((D(100),)))
    assert picture.ticks[-1].label == "100"
    assert picture.slots[0].actual.y == picture.ticks[-1].y == picture.top


def test_a_missing_month_has_no_bar_and_a_zero_has_a_flat_one():
    missing, zero = monthly.lay_out(months((None,), (D(0),), (D(5),))).slots[:2]
    assert missing.actual is None
    assert zero.actual.height == 0


def test_negative_bars_hang_from_zero():
    picture = monthly.lay_out(months((D(-10),), (D(10),)))
    below, above = picture.slots
    assert below.actual.y == picture.zero
    assert above.actual.y + above.actual.height == pytest.approx(picture.zero)


@pytest.mark.parametrize(
    ("targets", "moves", "levels"),
    [
        ([10, 20, 30], 1, 2),  # one line, two steps
        ([10, None, 30], 2, 0),  # a gap
        ([None, None], 0, 0),
        ([10], 1, 0),
    ],
)
def test_the_target_steps_and_leaves_gaps(targets, moves, levels):
    path = monthly.lay_out([monthly.Month("M", "M", target=t) for t in targets]).target
    assert (path.count("M"), path.count("V")) == (moves, levels)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # actual, target, forecast → running actual, target, forecast
        ([(1, 2, None), (3, 2, None)], [(1, 2, None), (4, 4, None)]),
        ([(1, 2, None), (None, 2, None), (3, None, None)], [(1, 2, None), (None, 4, None), (4, None, None)]),
        ([(5, None, None), (None, None, 7), (None, None, 7)], [(5, None, None), (None, None, 12), (None, None, 19)]),
        ([(5, None, None), (2, None, 7), (None, None, 7)], [(5, None, None), (7, None, 12), (None, None, 19)]),
        ([(-5, None, None), (0, None, None)], [(-5, None, None), (-5, None, None)]),
    ],
)  # fmt: skip
def test_running_totals(rows, expected):
    running = monthly.cumulated(months(*rows))
    assert [(m.actual, m.target, m.forecast) for m in running] == expected


def test_month_labels_never_touch():
    many = [monthly.Month("September", "September", D(1)) for _ in range(36)]
    shown = [slot for slot in monthly.lay_out(many).slots if slot.show != "never"]
    gaps = [b.middle - a.middle for a, b in pairwise(shown)]
    assert min(gaps) >= words.width("September")


@pytest.mark.parametrize(
    ("actual", "target", "attainment"),
    [(50, 100, "0.5"), (0, 100, "0"), (120, 100, "1.2"), (None, 100, None), (5, None, None), (5, 0, None), (-5, 100, "-0.05")],
)  # fmt: skip
def test_attainment(actual, target, attainment):
    expected = None if attainment is None else D(attainment)
    assert bullet.Bullet(actual, target).attainment == expected


def test_the_bullet_reaches_its_target_mark_at_par():
    picture = bullet.lay_out(bullet.Bullet(D(80), D(80), D(40)))
    assert picture.bar_x + picture.bar_width == pytest.approx(picture.target)
    assert picture.pace - picture.zero == pytest.approx(
        (picture.target - picture.zero) / 2, abs=0.02
    )


def test_nothing_known_draws_an_empty_bullet():
    picture = bullet.lay_out(bullet.Bullet(None))
    assert (picture.bar_x, picture.target, picture.pace, picture.pace_mark) == (
        None,
        None,
        None,
        "",
    )


@pytest.mark.parametrize(
    ("values", "lines", "dots", "has_last", "has_zero"),
    [
        ([], 0, 0, False, False),
        ([None], 0, 0, False, False),
        ([5], 0, 0, True, False),
        ([5, 5, 5], 1, 0, True, False),
        ([1, None, 2], 0, 1, True, False),
        ([1, 2, None, 3, 4], 2, 0, True, False),
        ([-1, 1], 1, 0, True, True),
    ],
)
def test_sparklines(values, lines, dots, has_last, has_zero):
    picture = sparkline.lay_out(values)
    got = (
        picture.line.count("M"),
        len(picture.dots),
        picture.last is not None,
        picture.zero is not None,
    )
    assert got == (lines, dots, has_last, has_zero)


def test_stacked_parts_lie_side_by_side_and_negatives_left_of_zero():
    row = stacked.Row(
        "A",
        [
            stacked.Part("x", D(30)),
            stacked.Part("y", D(10)),
            stacked.Part("z", D(-20)),
            stacked.Part("n", None),
        ],
    )
    picture = stacked.lay_out([row])
    x, y, z = picture.lines[0].pieces
    assert x.x == pytest.approx(picture.zero)
    assert x.x + x.width == pytest.approx(y.x, abs=0.02)
    assert z.x + z.width == pytest.approx(picture.zero, abs=0.02)
    assert x.width == pytest.approx(3 * y.width, abs=0.05)
    assert row.total == 20


def test_a_row_without_figures_has_no_total_rather_than_zero():
    assert stacked.Row("A", [stacked.Part("x", None)]).total is None


@pytest.mark.parametrize(
    ("value", "has_arc"),
    [(None, False), (0, False), (D("-0.2"), False), (D("0.5"), True), (3, True)],
)
def test_gauges(value, has_arc):
    picture = gauge.lay_out(gauge.Gauge(value))
    assert bool(picture.arc) is has_arc
    if value == 3:
        assert picture.arc == picture.track


def test_a_half_full_gauge_ends_at_the_top():
    assert gauge.lay_out(gauge.Gauge(D("0.5"))).arc.endswith("60 12")


def test_a_tree_lists_children_below_their_parent():
    rows = [
        tree.Row(2, 1, "b"),
        tree.Row(1, None, "a"),
        tree.Row(3, 2, "c"),
        tree.Row(4, 1, "d"),
        tree.Row(5, 99, "e"),
    ]
    nodes = tree.lay_out(rows).nodes
    assert [(node.row.label, node.depth) for node in nodes] == [
        ("a", 0),
        ("b", 1),
        ("c", 2),
        ("d", 1),
        ("e", 0),
    ]
    assert [bool(node.elbow) for node in nodes] == [False, True, True, True, False]


def test_a_circle_is_no_tree():
    with pytest.raises(tree.NotATree, match="a, b"):
        tree.lay_out([tree.Row(1, 2, "a"), tree.Row(2, 1, "b"), tree.Row(3, None, "c")])


def test_a_long_tree_is_cut_and_says_so():
    picture = tree.lay_out([tree.Row(i, i - 1, f"n{i}") for i in range(100)])
    assert (len(picture.nodes), picture.left_out) == (60, 40)


@pytest.mark.parametrize(
    ("text", "room", "expected"),
    [("Short", 400, "Short"), ("Aktiebolaget Svenska Kullagerfabriken", 100, "Aktiebolage…"), ("中文客户名称很长", 60, "中文客…"), ("x", 1, "…")],
)  # fmt: skip
def test_long_words_are_cut(text, room, expected):
    assert words.cut(text, room) == expected


# --- for any input -------------------------------------------------------------------

VALUES = st.none() | st.decimals(
    min_value=-(10**15), max_value=10**15, allow_nan=False, allow_infinity=False, places=4
)
POSITIVE = st.decimals(min_value=0, max_value=10**12, allow_nan=False, places=2)
NAMES = st.text(max_size=60)


def coordinates(thing, path=""):
    """Every number in the geometry with its name; path data is taken apart."""
    if isinstance(thing, float):
        yield path, thing
    elif (
        isinstance(thing, str)
        and re.fullmatch(r"[MLHVAZ][-MLHVAZ\d. e+]*", thing)
        and any(c.isdigit() for c in thing)
    ):
        for found in re.finditer(r"-?\d+(\.\d+)?(e[-+]?\d+)?", thing):
            yield path + ".path", float(found.group())
    elif is_dataclass(thing):
        for item in fields(thing):
            if item.name not in ("month", "row", "part", "label", "text", "total", "show", "key"):
                yield from coordinates(getattr(thing, item.name), f"{path}.{item.name}")
    elif isinstance(thing, tuple):
        for item in thing:
            yield from coordinates(item, path + "[]")


def check(picture):
    largest = max(picture.width, picture.height) + 0.05
    for path, value in coordinates(picture):
        assert math.isfinite(value), path
        assert -0.05 <= value <= largest, (path, value)


@settings(max_examples=150)
@given(st.lists(st.tuples(VALUES, VALUES, VALUES), max_size=40), st.booleans())
def test_months_stay_inside(rows, cumulative):
    picture = monthly.lay_out(months(*rows), cumulative=cumulative)
    check(picture)
    for slot in picture.slots:
        for bar in (slot.actual, slot.forecast):
            if bar:
                assert bar.height >= 0
                assert picture.left - 0.05 <= bar.x <= bar.x + bar.width <= picture.right + 0.05
                assert picture.top - 0.05 <= bar.y <= bar.y + bar.height <= picture.bottom + 0.05


@settings(max_examples=150)
@given(st.lists(POSITIVE, min_size=1, max_size=24))
def test_months_are_proportional(values):
    picture = monthly.lay_out(months(*[(value,) for value in values]))
    largest = max(values)
    height = max(slot.actual.height for slot in picture.slots)
    for value, slot in zip(values, picture.slots, strict=True):
        share = float(value / largest) if largest else 0
        assert slot.actual.height == pytest.approx(height * share, abs=0.05)


@settings(max_examples=150)
@given(VALUES, VALUES, VALUES)
def test_bullets_stay_inside(actual, target, pace):
    for size in ({}, {"width": 120.0, "height": 18.0}):
        check(bullet.lay_out(bullet.Bullet(actual, target, pace), **size))


@settings(max_examples=150)
@given(st.lists(VALUES, max_size=60))
def test_sparklines_stay_inside(values):
    check(sparkline.lay_out(values))


@settings(max_examples=150)
@given(st.lists(st.tuples(NAMES, st.lists(st.tuples(NAMES, VALUES), max_size=8)), max_size=8))
def test_stacked_bars_stay_inside(rows):
    given_rows = [
        stacked.Row(name, [stacked.Part(*part) for part in parts]) for name, parts in rows
    ]
    picture = stacked.lay_out(given_rows)
    check(picture)
    drawn = [
        (abs(piece.part.value), piece.width) for line in picture.lines for piece in line.pieces
    ]
    if drawn:
        value, width = max(drawn)
        for other, other_width in drawn:
            assert other_width == pytest.approx(width * float(other / value), abs=0.06)


@settings(max_examples=80)
@given(VALUES, VALUES)
def test_gauges_stay_inside(value, pace):
    check(gauge.lay_out(gauge.Gauge(value, pace)))


@settings(max_examples=80)
@given(st.lists(st.tuples(st.integers(0, 30), NAMES, NAMES), max_size=70))
def test_trees_stay_inside(rows):
    check(
        tree.lay_out([tree.Row(i, p if p < i else None, n, m) for i, (p, n, m) in enumerate(rows)])
    )
