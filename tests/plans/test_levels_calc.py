"""Weights, shares and accuracy against tables made by hand."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans.calc import apportioned, forecast_accuracy, weighted_mean

D = Decimal


@pytest.mark.parametrize(
    ("lines", "mean"),
    [
        # (80 × 100 + 60 × 300) / 400 = 65, where the plain mean would say 70
        ([(D(80), D(100)), (D(60), D(300))], D(65)),
        ([(D(80), D(100)), (None, D(300))], D(80)),  # nothing known: no say
        ([(D(80), D(100)), (D(10), None)], D(80)),
        ([(D(80), D(100)), (D(10), D(-5)), (D(10), D(0))], D(80)),
        ([(D(80), D(0))], None),
        ([], None),
    ],
)
def test_a_mean_by_weight(lines, mean):
    assert weighted_mean(lines) == mean


@pytest.mark.parametrize(
    ("total", "weights", "step", "parts"),
    [
        (D(100), [1, 1, 1], D(1), [34, 33, 33]),
        (D(100), [1, 2, 3], D(1), [17, 33, 50]),
        # Hare's quota, 100 seats of 47 / 16 / 15.9 / 12 / 6 / 3.1 over ten: 5, 2, 1, 1, 1, 0
        (D(10), [47000, 16000, 15900, 12000, 6000, 3100], D(1), [5, 2, 1, 1, 1, 0]),
        (D("0.05"), [1, 1], D("0.01"), [D("0.03"), D("0.02")]),
        (D(1000), [0, 5, -3], D(1), [0, 1000, 0]),
        (D(0), [1, 2], D(1), [0, 0]),
        (D(90_000), [1, 2], D(1000), [30_000, 60_000]),
    ],
)
def test_shares_add_up_exactly(total, weights, step, parts):
    assert apportioned(total, [D(w) for w in weights], step) == parts


@pytest.mark.parametrize(
    ("total", "weights"), [(D(1), []), (D(1), [D(0)]), (D(-1), [D(1)]), (D("0.5"), [D(1)])]
)
def test_what_cannot_be_shared_is_refused(total, weights):
    with pytest.raises(ValueError, match=r"weight|steps"):
        apportioned(total, weights, D(1))


@given(
    st.integers(0, 10**12),
    st.lists(st.integers(0, 10**9), min_size=1, max_size=40).filter(any),
)
def test_any_amount_shared_by_any_weights_adds_up(cents, weights):
    total = D(cents) / 100
    parts = apportioned(total, [D(w) for w in weights])
    assert sum(parts) == total
    base = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - total * weight / base) < D("0.010001")


def test_accuracy_by_hand():
    #        forecast actual  error  size   share
    # Jan         100    110    +10    10   10/110
    # Feb         200    160    -40    40   40/160
    # Mar          50      0    -50    50   left out
    found = forecast_accuracy([(D(100), D(110)), (D(200), D(160)), (D(50), D(0))])
    assert found.errors == (10, -40, -50)
    assert found.bias == D(-80) / 3
    assert found.mad == D(100) / 3
    assert found.mape == (D(10) / 110 + D(40) / 160) / 2
    assert found.wape == D(100) / 270
    assert found.without_actual == 1
    assert found.bias_ratio == D(-80) / 270
    assert (found.forecast, found.actual) == (350, 270)


def test_accuracy_without_anything_says_nothing():
    found = forecast_accuracy([])
    assert (found.bias, found.mad, found.mape, found.wape) == (None, None, None, None)
    only_zero = forecast_accuracy([(D(5), D(0))])
    assert (only_zero.mape, only_zero.wape, only_zero.bias) == (None, None, -5)
