"""Numbers as the reader's language writes them, as plain text: amounts, percentages, signs.

All round half away from zero, as PostgreSQL does; a missing value is an en dash, never
a zero; the minus is a real minus sign. The template filters (kam_format) mark these
texts up; titles, labels and pictures use them as they are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache
from typing import Any

from django.utils.formats import get_format
from django.utils.translation import get_language, pgettext_lazy

MINUS = "−"
MISSING = "–"
NBSP = "\u00a0"


@dataclass(frozen=True)
class Scale:
    """A short form of large numbers: ``1 250 000`` is ``1.3`` with divisor 10⁶ and ``M``."""

    divisor: Decimal
    suffix: str


def as_decimal(value: Any) -> Decimal | None:
    """The value as a finite Decimal; None for None, text that is no number, NaN, infinity."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
    except (InvalidOperation, ValueError):
        return None
    return number if number.is_finite() else None


def plain(number: Decimal, decimals: int = 0) -> str:
    """``number`` rounded to ``decimals``, grouped by thousands, in the active language."""
    decimals = max(0, min(int(decimals), 12))
    rounded = number.quantize(_PLACES[decimals], rounding=ROUND_HALF_UP)
    text = f"{abs(rounded):,.{decimals}f}".translate(_separators(get_language()))
    return MINUS + text if rounded < 0 else text


_PLACES = tuple(Decimal(1).scaleb(-decimals) for decimals in range(13))


@cache
def _separators(language: str | None) -> dict[int, str]:
    """What stands in a language for the comma of thousands and the point of decimals."""
    thousands = get_format("THOUSAND_SEPARATOR", language)
    return str.maketrans(
        {
            ",": thousands or ",",  # Django has none for Chinese
            ".": get_format("DECIMAL_SEPARATOR", language),
        }
    )


#: The short forms, largest first; Chinese counts in 10⁴.
_SCALES = (
    (Decimal(10**9), pgettext_lazy("short form of billion", "bn")),
    (Decimal(10**6), pgettext_lazy("short form of million", "M")),
    (Decimal(10**3), pgettext_lazy("short form of thousand", "k")),
)
_CHINESE_SCALES = ((Decimal(10**8), "亿"), (Decimal(10**4), "万"))


def scale_for(largest: Any) -> Scale:
    """The scale in which ``largest`` has one to three digits before the separator."""
    number = abs(as_decimal(largest) or Decimal(0))
    chinese = (get_language() or "").startswith("zh")
    for divisor, word in _CHINESE_SCALES if chinese else _SCALES:
        if number >= divisor:
            return Scale(divisor, str(word))
    return Scale(Decimal(1), "")


def amount_in(value: Any, scale: Scale, decimals: int = 0) -> str:
    """An amount in a given scale, without its suffix."""
    number = as_decimal(value)
    return MISSING if number is None else plain(number / scale.divisor, decimals)


def amount(value: Any, decimals: int = 0) -> str:
    """1234567.5 → 1,234,568; None → –."""
    number = as_decimal(value)
    return MISSING if number is None else plain(number, decimals)


def signed(value: Any, decimals: int = 0) -> str:
    """A difference with its sign: +1,200, −300, 0."""
    number = as_decimal(value)
    if number is None:
        return MISSING
    text = plain(number, decimals)
    rounded = number.quantize(Decimal(1).scaleb(-int(decimals)), rounding=ROUND_HALF_UP)
    return f"+{text}" if rounded > 0 else text


def percent(value: Any, decimals: int = 0) -> str:
    """A ratio as a percentage: 0.873 → 87 %."""
    number = as_decimal(value)
    if number is None:
        return MISSING
    space = "" if (get_language() or "").startswith("zh") else NBSP
    return f"{plain(number * 100, decimals)}{space}%"


def signed_percent(value: Any, decimals: int = 0) -> str:
    """A change as a percentage with its sign: 0.12 → +12 %."""
    number = as_decimal(value)
    if number is None:
        return MISSING
    text = percent(number, decimals)
    positive = (number * 100).quantize(Decimal(1).scaleb(-int(decimals)), ROUND_HALF_UP) > 0
    return f"+{text}" if positive else text


def short(value: Any, decimals: int = 1) -> str:
    """A large amount in short form: 1250000 → 1.3 M; 600000 → 600 k (no decimals from 100 on)."""
    number = as_decimal(value)
    if number is None:
        return MISSING
    scale = scale_for(number)
    if not scale.suffix:
        return plain(number, 0)
    places = 0 if abs(number) / scale.divisor >= 100 else decimals
    rounded = (number / scale.divisor).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    larger = scale_for(abs(rounded) * scale.divisor)
    if larger != scale:  # 999 960 is 1.0 M, not 1,000 k
        scale, places = larger, decimals
    return f"{plain(number / scale.divisor, places)}{NBSP}{scale.suffix}"


#: From here on an amount, a percentage, does not fit where a figure stands large: it is written short.
LONGEST, LONGEST_PERCENT = Decimal(10**9), Decimal(10**6)


def fitting(value: Any, decimals: int = 0) -> str:
    """An amount in full while it is short enough for a figure: 999,999,999; 1.23 bn from there on."""
    number = as_decimal(value)
    if number is None or abs(number) < LONGEST:
        return amount(value, decimals)
    return short(number, 2)


def fitting_percent(value: Any) -> str:
    """A ratio as a percentage, short where it would be endless: 12,000 %; 1.20 M %."""
    number = as_decimal(value)
    if number is None or abs(number) * 100 < LONGEST_PERCENT:
        return percent(value)
    space = "" if (get_language() or "").startswith("zh") else NBSP
    return f"{short(number * 100, 2)}{space}%"
