"""Numbers as people type and paste them."""

from decimal import Decimal as D  # noqa: N817

import pytest

from plans.typed_numbers import NumberTextError, read_number

ENGLISH = {"decimal": ".", "thousands": ","}
NORWEGIAN = {"decimal": ",", "thousands": "\u00a0"}
DANISH = {"decimal": ",", "thousands": "."}


@pytest.mark.parametrize(
    ("signs", "text", "expected"),
    [
        (ENGLISH, "1234.5", "1234.5"),
        (ENGLISH, "1,234.50", "1234.50"),
        (ENGLISH, "1,234", "1234"),
        (ENGLISH, "1,234,567", "1234567"),
        (ENGLISH, " 12 ", "12"),
        (ENGLISH, "1 234", "1234"),
        (ENGLISH, "1'234'567", "1234567"),
        (ENGLISH, "1,5", "1.5"),
        (ENGLISH, "−12", "-12"),
        (ENGLISH, "+12", "12"),
        (ENGLISH, ".5", "0.5"),
        (NORWEGIAN, "1234,5", "1234.5"),
        (NORWEGIAN, "1\u00a0234,50", "1234.50"),
        (NORWEGIAN, "1\u202f234", "1234"),
        (NORWEGIAN, "1.5", "1.5"),
        (NORWEGIAN, "1.234,5", "1234.5"),
        (NORWEGIAN, "1.234.567", "1234567"),
        (DANISH, "1.234", "1234"),
        (DANISH, "1.234,56", "1234.56"),
    ],
)
def test_reads(signs, text, expected):
    assert read_number(text, **signs) == D(expected)


@pytest.mark.parametrize(
    ("signs", "text"),
    [
        (NORWEGIAN, "1.234"),  # fifteen hundred, or one and a bit?
        (ENGLISH, "1.234.567"),
        (ENGLISH, "1,23,456"),
        (ENGLISH, "1,234,5"),
        (ENGLISH, "12a"),
        (ENGLISH, "1e9"),
        (ENGLISH, ""),
        (ENGLISH, "-"),
        (ENGLISH, "--1"),
        (ENGLISH, "."),
        (ENGLISH, "NaN"),
        (ENGLISH, "١٢"),
        (ENGLISH, "1" * 40),
        (DANISH, "1,2,3"),
        (DANISH, "1,5.2"),
    ],
)
def test_refuses_what_is_no_number_or_may_mean_two(signs, text):
    with pytest.raises(NumberTextError):
        read_number(text, **signs)
