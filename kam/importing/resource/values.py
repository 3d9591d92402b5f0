"""What a cell means: text, numbers, dates and choices, as strictly as the column says."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.utils.translation import gettext as _

from kam.days import FIRST_YEAR, LAST_YEAR
from kam.importing.reading import Reading
from kam.importing.resource.columns import Column, plain_number
from kam.importing.resource.countries import country_code, country_like
from kam.money import CURRENCIES

YES = {"true", "yes", "y", "1", "x", "ja", "j", "sand", "sann", "sandt", "kyllä", "是"}
NO = {"false", "no", "n", "0", "nei", "nej", "usand", "falsk", "ei", "否"}


class ValueRefused(Exception):  # noqa: N818 - a verdict, not a defect
    """A value cannot be taken; the message says what was expected."""


def parse(column: Column, cell: Any, reading: Reading) -> Any:
    """The value that a cell (not empty) means; raises ValueRefused."""
    return PARSERS[column.kind](column, cell, reading)


def _text(column: Column, cell: Any, reading: Reading) -> str:
    if isinstance(cell, Decimal):
        text = plain_number(cell)
    elif isinstance(cell, bool):
        text = "true" if cell else "false"
    else:
        text = str(cell)
    if text.startswith("="):
        raise ValueRefused(_("text; a formula stands here"))
    if column.max_length and len(text) > column.max_length:
        raise ValueRefused(
            _("at most %(limit)d characters, here are %(n)d")
            % {"limit": column.max_length, "n": len(text)}
        )
    return text


def _email(column: Column, cell: Any, reading: Reading) -> str:
    text = _text(column, cell, reading).lower()
    try:
        validate_email(text)
    except ValidationError:
        raise ValueRefused(_("an e-mail address")) from None
    return text


def _url(column: Column, cell: Any, reading: Reading) -> str:
    text = _text(column, cell, reading)
    try:
        URLValidator(schemes=["http", "https"])(text)
    except ValidationError:
        raise ValueRefused(_("a web address such as https://example.com")) from None
    return text


PLAIN = re.compile(r"-?\d{1,25}", re.ASCII)
SIMPLE = {
    ".": re.compile(r"-?\d{1,25}\.\d{1,15}", re.ASCII),
    ",": re.compile(r"-?\d{1,25},\d{1,15}", re.ASCII),
}
NUMBERS = {
    ".": re.compile(
        r"(\d+|\d{1,3}(?:([,' \u00a0\u202f])\d{3})(?:\2\d{3})*)(?:\.(\d+))?|\.(\d+)", re.ASCII
    ),
    ",": re.compile(
        r"(\d+|\d{1,3}(?:([.' \u00a0\u202f])\d{3})(?:\2\d{3})*)(?:,(\d+))?|,(\d+)", re.ASCII
    ),
}


def number(text: str, decimal_sign: str) -> Decimal:
    """The number that a text means with this decimal sign; raises ValueRefused."""
    text = text.strip()
    if PLAIN.fullmatch(text):
        return Decimal(text)
    sign = decimal_sign or "."
    if SIMPLE[sign].fullmatch(text):
        return Decimal(text.replace(",", "."))
    negative = False
    if text.startswith("(") and text.endswith(")"):
        negative, text = True, text[1:-1]
    elif text.endswith("-"):
        negative, text = True, text[:-1]
    elif text[:1] in ("-", "−"):
        negative, text = True, text[1:]
    elif text[:1] == "+":
        text = text[1:]
    found = NUMBERS[sign].fullmatch(text.strip())
    if not found or len(text) > 40:
        other = "," if sign == "." else "."
        if decimal_sign and NUMBERS[other].fullmatch(text.strip()):
            raise ValueRefused(
                _("a number with “%(sign)s” as decimal sign, as in the rest of the file")
                % {"sign": sign}
            )
        raise ValueRefused(_("a number"))
    whole = re.sub(r"\D", "", found[1] or "0")
    value = Decimal(f"{whole}.{found[3] or found[4] or '0'}")
    return -value if negative else value


def _number(column: Column, cell: Any, reading: Reading) -> Decimal:
    if isinstance(cell, Decimal):
        return cell
    return number(_text(column, cell, reading), reading.decimal)


def _decimal(column: Column, cell: Any, reading: Reading) -> Decimal:
    return fitted(column, _number(column, cell, reading))


def fitted(column: Column, value: Decimal) -> Decimal:
    """The number with the column's decimals; raises ValueRefused where it would lose something."""
    try:
        exact = value.quantize(Decimal(1).scaleb(-column.places))
    except InvalidOperation:
        raise ValueRefused(_too_large(column)) from None
    if exact != value:
        raise ValueRefused(
            _("a number with at most %(places)d decimals") % {"places": column.places}
        )
    if abs(exact) >= Decimal(10) ** (column.digits - column.places):
        raise ValueRefused(_too_large(column))
    if column.least is not None and exact < column.least:
        raise ValueRefused(_("at least %(least)s") % {"least": column.least})
    if column.most is not None and exact > column.most:
        raise ValueRefused(_("at most %(most)s") % {"most": column.most})
    return exact


def _too_large(column: Column) -> str:
    return _("a number below %(limit)s") % {"limit": f"10^{column.digits - column.places}"}


def _integer(column: Column, cell: Any, reading: Reading) -> int:
    value = _number(column, cell, reading)
    least, most = column.least, column.most
    if (
        value != value.to_integral_value()
        or (least is not None and value < least)
        or (most is not None and value > most)
    ):
        raise ValueRefused(column.expected)
    return int(value)


DATES = {
    "ymd": re.compile(r"(?P<y>\d{4})([./-]?)(?P<m>\d{1,2})\2(?P<d>\d{1,2})", re.ASCII),
    "dmy": re.compile(r"(?P<d>\d{1,2})([./-])(?P<m>\d{1,2})\2(?P<y>\d{4})", re.ASCII),
    "mdy": re.compile(r"(?P<m>\d{1,2})([./-])(?P<d>\d{1,2})\2(?P<y>\d{4})", re.ASCII),
}
DATE_ORDERS = {"ymd": "2024-12-31", "dmy": "31.12.2024", "mdy": "12/31/2024"}
MONTH = re.compile(r"(?P<y>\d{4})[./-]?(?P<m>\d{2})|(?P<m2>\d{1,2})[./-](?P<y2>\d{4})", re.ASCII)
CLOCK = re.compile(r"[T ]\d{1,2}[:.]\d{2}([:.]\d{2}([.,]\d+)?)?(Z|[+-]\d{2}:?\d{2})?$", re.ASCII)


def _date(column: Column, cell: Any, reading: Reading) -> date:
    if isinstance(cell, date):
        return _in_range(cell.year, cell.month, cell.day)
    text = CLOCK.sub("", _text(column, cell, reading).strip())
    order = reading.dates or "ymd"
    found = DATES["ymd"].fullmatch(text) or DATES[order].fullmatch(text)
    if not found:
        raise ValueRefused(_("a date such as %(example)s") % {"example": DATE_ORDERS[order]})
    return _in_range(int(found["y"]), int(found["m"]), int(found["d"]))


def _in_range(year: int, month: int, day: int) -> date:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueRefused(
            _("a date in the years %(first)d to %(last)d")
            % {"first": FIRST_YEAR, "last": LAST_YEAR}
        )
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueRefused(_("a day that exists")) from None


def _month(column: Column, cell: Any, reading: Reading) -> date:
    if not isinstance(cell, date):
        found = MONTH.fullmatch(_text(column, cell, reading).strip())
        if found:
            return _in_range(int(found["y"] or found["y2"]), int(found["m"] or found["m2"]), 1)
    return _date(column, cell, reading).replace(day=1)


def _week(column: Column, cell: Any, reading: Reading) -> date:
    """The Monday of the week that a date lies in."""
    day = _date(column, cell, reading)
    return day - timedelta(days=day.weekday())


def _choice(column: Column, cell: Any, reading: Reading) -> str:
    text = _text(column, cell, reading)
    folded = text.casefold()
    for value, label in column.choices:
        if folded in (str(value).casefold(), str(label).casefold()):
            return value
    raise ValueRefused(column.expected)


def _boolean(column: Column, cell: Any, reading: Reading) -> bool:
    if isinstance(cell, bool):
        return cell
    text = _text(column, cell, reading).casefold()
    if text in YES:
        return True
    if text in NO:
        return False
    raise ValueRefused(column.expected)


def _reference(column: Column, cell: Any, reading: Reading) -> str:
    text = _text(column, cell, reading)
    reference = column.reference
    if reference is not None and reference.field == "email":
        return text.lower()
    return text


def _country(column: Column, cell: Any, reading: Reading) -> str:
    text = _text(column, cell, reading)
    code = country_code(text)
    if code is not None:
        return code
    near = country_like(text)
    if near:
        raise ValueRefused(
            _("a country's code or English name; near it is “%(near)s”") % {"near": near}
        )
    raise ValueRefused(column.expected)


def _currency(column: Column, cell: Any, reading: Reading) -> str:
    text = _text(column, cell, reading).upper()
    if text not in dict(CURRENCIES):
        raise ValueRefused(
            _("a currency that is known here: %(codes)s")
            % {"codes": " ".join(code for code, _label in CURRENCIES)}
        )
    return text


PARSERS: dict[str, Callable[[Column, Any, Reading], Any]] = {
    "text": _text,
    "email": _email,
    "url": _url,
    "integer": _integer,
    "decimal": _decimal,
    "date": _date,
    "month": _month,
    "week": _week,
    "choice": _choice,
    "boolean": _boolean,
    "reference": _reference,
    "country": _country,
    "currency": _currency,
}
