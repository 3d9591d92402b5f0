"""Matrix, Pareto curve and bridge: what must hold for any input."""

import random
from dataclasses import replace
from decimal import Decimal as D  # noqa: N817
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kam.pictures import bridge, cells, matrix, pareto
from kam.pictures.matrix import LINE, TEXT, Box
from kam.pictures.words import width

GROUND = matrix.Ground(D(50), D(60), ("Retain", "Retain and nurture", "Retain and develop", "All"))


def bubbles(count, seed=7):
    dice = random.Random(seed)
    return [
        matrix.Bubble(
            i,
            D(str(round(100 * dice.random(), 2))),
            D(str(round(100 * dice.random() ** 2, 2))),
            f"Nordhavn {i}",
            f"Nordhavn {i}",
            D(dice.randrange(1, 10_000)),
        )
        for i in range(count)
    ]


def box_of(drawn):
    wide = width(drawn.label, TEXT)
    x = drawn.label_x - {"start": 0, "middle": wide / 2, "end": wide}[drawn.anchor]
    return Box(x, drawn.label_y - 10, wide, LINE)


def boxes(picture):
    return [(item, box_of(item)) for item in picture.bubbles if item.label]


@pytest.mark.parametrize(("count", "at_least"), [(10, 9), (200, 40), (2000, 1)])
def test_labels_touch_neither_each_other_nor_other_bubbles_nor_the_edge(count, at_least):
    picture = matrix.lay_out(bubbles(count), GROUND)
    found = boxes(picture)
    assert len(found) >= at_least
    assert len(found) + picture.unlabelled == count
    slim = [Box(b.x + 0.1, b.y + 0.1, b.width - 0.2, b.height - 0.2) for _item, b in found]
    assert not any(one.meets(two) for one, two in combinations(slim, 2))
    for (item, _box), box in zip(found, slim, strict=True):
        assert box.x >= picture.left
        assert box.x + box.width <= picture.right
        assert box.y >= picture.top
        assert box.y + box.height <= picture.bottom
        for other in picture.bubbles:
            side = other.radius * 1.8
            square = Box(other.cx - side / 2, other.cy - side / 2, side, side)
            assert other is item or not box.meets(square)


def test_the_order_in_which_accounts_come_does_not_matter():
    rows = bubbles(120)
    mixed = random.Random(1).sample(rows, len(rows))
    assert matrix.lay_out(rows, GROUND) == matrix.lay_out(mixed, GROUND)


def test_the_area_follows_the_size_and_nothing_is_too_small_to_see():
    rows = [
        replace(bubbles(1)[0], key=i, size=size)
        for i, size in enumerate([D(400), D(100), D(0), D(-5), None])
    ]
    radii = {item.bubble.key: item.radius for item in matrix.lay_out(rows, GROUND).bubbles}
    assert radii[0] == 2 * radii[1] == matrix.LARGEST
    assert radii[2] == radii[3] == radii[4] == matrix.SMALLEST


def test_a_cut_off_outside_of_what_is_shown_is_not_drawn_and_only_cells_in_sight_are_named():
    picture = matrix.lay_out([], replace(GROUND, x_range=(D(60), D(70)), y_range=(D(0), D(100))))
    assert picture.x_cut is None
    assert picture.y_cut is not None
    assert {name.full for name in picture.names} == {"Retain and nurture", "All"}
    whole = matrix.lay_out([], GROUND)
    assert {name.full for name in whole.names} == set(GROUND.names)


def test_clusters_stay_in_their_squares():
    rows = [
        matrix.Bubble(
            (i, j), D(10 * i), D(10 * j), "99", "99", count=99 + i,
            within=(D(10 * i), D(10 * i + 10), D(10 * j), D(10 * j + 10)),
        )
        for i in range(10)
        for j in range(10)
    ]  # fmt: skip
    drawn = matrix.lay_out(rows, GROUND).bubbles
    for one, two in combinations(drawn, 2):
        apart = ((one.cx - two.cx) ** 2 + (one.cy - two.cy) ** 2) ** 0.5
        assert apart >= one.radius + two.radius - 0.1


def test_a_trail_of_one_night_has_a_mark_and_no_line():
    step = matrix.Step(D(1), D(1), "Jan", "Jan")
    assert matrix.lay_out([], GROUND, [step]).trail == ""
    assert not matrix.moved([step, step])
    assert matrix.lay_out([], GROUND, [step, replace(step, x=D(9))]).trail.startswith("M")


def test_the_pareto_curve_rises_from_corner_to_corner():
    curve = pareto.Pareto([pareto.Point(0, D(0)), pareto.Point(1, D(".7")), pareto.Point(2, D(1))])
    picture = pareto.lay_out(curve)
    first, last = picture.dots[0], picture.dots[-1]
    assert (first.cx, first.cy) == (picture.left, picture.bottom)
    assert (last.cx, last.cy) == (picture.right, picture.top)


@given(st.lists(st.integers(-500, 500), min_size=1, max_size=8))
def test_each_bar_of_a_bridge_begins_where_the_last_one_ended(changes):
    start, end = 600, 600 + sum(changes)
    parts = [
        bridge.Part("a", D(start), total=True),
        *(bridge.Part("x", D(change)) for change in changes),
        bridge.Part("b", D(end), total=True),
    ]
    bars = bridge.lay_out(parts).bars
    level = bars[0].y
    for bar, change in zip(bars[1:-1], changes, strict=True):
        top, bottom = bar.y, bar.y + bar.height
        begin, finish = (bottom, top) if change > 0 else (top, bottom)
        assert begin == pytest.approx(level, abs=0.03)
        assert bar.style == (3 if change >= 0 else 2)
        level = finish
    edge = bars[-1].y if end >= 0 else bars[-1].y + bars[-1].height
    assert edge == pytest.approx(level, abs=0.03)


@pytest.mark.parametrize("count", [1, 2, 3, 6, 7])
def test_small_matrices_share_one_scale_and_stay_in_their_squares(count):
    names = list(cells.PLACES)
    given_ones = [
        cells.Multiple(
            f"No. {i}",
            {
                name: cells.Part(D(100 * (i + 1) // (j + 1)), "1", "")
                for j, name in enumerate(names)
            },
        )
        for i in range(count)
    ]
    picture = cells.lay_out(given_ones)
    areas = set()
    for multiple in picture.multiples:
        assert multiple.x + picture.side <= picture.width + 0.1
        assert multiple.y + picture.side <= picture.height
        for part in multiple.parts:
            assert part.cx - part.radius >= part.x
            assert part.cx + part.radius <= part.x + picture.half
            assert part.cy + part.radius <= part.y + picture.half
            areas.add(round(part.radius**2 / float(part.part.value), 0))
    assert max(areas) - min(areas) <= 1  # one scale: area by value
