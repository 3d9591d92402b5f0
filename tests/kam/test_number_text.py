"""Numbers as each language writes them; missing is never zero; halves round away from zero."""

import math
from datetime import UTC, datetime
from decimal import Decimal as D  # noqa: N817

import pytest
from django.apps import apps
from django.db import models
from django.utils import timezone, translation

from accounts.models import Account
from kam import inplace, number_text
from kam.models import Row
from kam.templatetags import kam_format

NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("language", "value", "places", "text"),
    [
        ("en", D("1234567.5"), 0, "1,234,568"),
        ("en", D("2.675"), 2, "2.68"),
        ("en", D("-2.5"), 0, "−3"),
        ("en", D("-0.4"), 0, "0"),
        ("en", 0, 2, "0.00"),
        ("en", D("1E+15"), 0, "1,000,000,000,000,000"),
        ("nb", D("1234567.5"), 1, f"1{NBSP}234{NBSP}567,5"),
        ("sv", D(-1234567), 0, f"−1{NBSP}234{NBSP}567"),
        ("da", D("1234567.5"), 1, "1.234.567,5"),
        ("fi", D("1234567.5"), 1, f"1{NBSP}234{NBSP}567,5"),
        ("zh-hans", D(1234567), 0, "1,234,567"),
        ("en", None, 0, "–"),
        ("en", "", 0, "–"),
        ("en", "no number", 0, "–"),
        ("en", math.nan, 0, "–"),
        ("en", math.inf, 0, "–"),
        ("en", D("NaN"), 0, "–"),
        ("en", "12.5", 1, "12.5"),
    ],
)
def test_amounts(language, value, places, text):
    with translation.override(language):
        assert number_text.amount(value, places) == text


@pytest.mark.parametrize(
    ("value", "text"), [(5, "+5"), (-5, "−5"), (0, "0"), (D("0.4"), "0"), (None, "–")]
)
def test_signed(value, text):
    assert number_text.signed(value) == text


@pytest.mark.parametrize(
    ("language", "value", "places", "text"),
    [
        ("en", D("0.873"), 0, f"87{NBSP}%"),
        ("nb", D("0.8735"), 1, f"87,4{NBSP}%"),
        ("zh-hans", D("0.873"), 0, "87%"),
        ("en", D("-0.05"), 0, f"−5{NBSP}%"),
        ("en", None, 0, "–"),
    ],
)
def test_percent(language, value, places, text):
    with translation.override(language):
        assert number_text.percent(value, places) == text


@pytest.mark.parametrize(
    ("language", "value", "text"),
    [
        ("en", 999, "999"),
        ("en", 1000, f"1.0{NBSP}k"),
        ("en", 600_000, f"600{NBSP}k"),
        ("en", 999_499, f"999{NBSP}k"),
        ("en", 999_500, f"1.0{NBSP}M"),
        ("en", D("-1250000"), f"−1.3{NBSP}M"),
        ("en", 2_500_000_000, f"2.5{NBSP}bn"),
        ("zh-hans", 12_345, f"1.2{NBSP}万"),
        ("zh-hans", 250_000_000, f"2.5{NBSP}亿"),
        ("en", 0, "0"),
        ("en", None, "–"),
    ],
)
def test_short_forms(language, value, text):
    with translation.override(language):
        assert number_text.short(value) == text


@pytest.mark.parametrize(
    ("language", "value", "text"),
    [
        ("en", D("0.4"), "0"),
        ("en", 999_999_999, "999,999,999"),
        ("en", D("-999999999"), "−999,999,999"),
        ("en", 10**9, f"1.00{NBSP}bn"),
        ("en", D("-1234567890"), f"−1.23{NBSP}bn"),
        ("en", 10**12, f"1,000{NBSP}bn"),
        ("zh-hans", 10**12, f"10,000{NBSP}亿"),
        ("en", None, "–"),
    ],
)
def test_amounts_that_fit(language, value, text):
    with translation.override(language):
        assert number_text.fitting(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (D("9999.99"), f"999,999{NBSP}%"),
        (10_000, f"1.00{NBSP}M{NBSP}%"),
        (10**12, f"100,000{NBSP}bn{NBSP}%"),
        (None, "–"),
    ],
)
def test_shares_that_fit(value, text):
    assert number_text.fitting_percent(value) == text


def test_filters_mark_what_is_negative_or_missing():
    assert kam_format.amount(-5) == '<span class="neg">−5</span>'
    assert kam_format.amount(None) == '<span class="missing" title="missing">–</span>'
    assert kam_format.signed(5) == "+5"
    assert kam_format.percent("<b>") == '<span class="missing" title="missing">–</span>'


def test_a_moment_has_the_date_of_the_readers_place_in_the_readers_language():
    moment = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    with translation.override("nb"):
        assert kam_format.day(moment) == "22.11.2026"
        with timezone.override("Europe/Oslo"):
            assert kam_format.day(moment) == "23.11.2026"
            assert kam_format.day(moment.date()) == "22.11.2026"
    with translation.override("sv"), timezone.override("America/New_York"):
        assert kam_format.day(moment) == "2026-11-22"


def test_the_words_of_all_choices_are_those_that_django_shows():
    seen = 0
    for model in apps.get_models():
        for field in model._meta.fields if issubclass(model, Row) else ():
            for value in (
                (*dict(field.flatchoices), "", None, "unheard of") if field.choices else ()
            ):
                row = model(**{field.attname: value})
                shown = getattr(row, f"get_{field.name}_display")()
                assert shown == models.Model._get_FIELD_display(row, field), (model, field, value)
                seen += 1
    assert seen > 300


def test_a_choice_is_shown_by_its_words_in_the_readers_language():
    account = Account(level="national", country="NO")
    with translation.override("nb"):
        assert inplace.shown(account, "level") == account.get_level_display() == "Nasjonal"
    assert inplace.shown(account, "level") == "National"
    assert inplace.shown(account, "country") == "Norway"
    assert inplace.shown(Account(level="unheard of"), "level") == "unheard of"
