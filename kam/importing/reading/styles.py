"""What the writing of a number or a date shows."""

import re

DECIMALS_POINT = re.compile(
    r"\d*\.(\d{1,2}|\d{4,})|0?\.\d+|\d{4,}\.\d+|[\d,' \u00a0\u202f]+,\d{3}\.\d+"
)
DECIMALS_COMMA = re.compile(
    r"\d*,(\d{1,2}|\d{4,})|0?,\d+|\d{4,},\d+|[\d.' \u00a0\u202f]+\.\d{3},\d+"
)
GROUPED_POINT = re.compile(r"\d{1,3}(\.\d{3}){2,}")
GROUPED_COMMA = re.compile(r"\d{1,3}(,\d{3}){2,}")
UNCLEAR = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
DAY_FIRST = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?:[ T].*)?")
YEAR_FIRST = re.compile(r"\d{4}(?:([./-])\d{1,2}\1\d{1,2}|[/-]\d{1,2})(?:[ T].*)?")


def decimal_style(text: str) -> str:
    """What a number's writing shows: ``.`` or ``,`` as decimal sign, ``?`` for both, or nothing."""
    digits = text.strip().strip("()+-−").strip()
    if UNCLEAR.fullmatch(digits):
        return "?"
    if DECIMALS_POINT.fullmatch(digits) or GROUPED_COMMA.fullmatch(digits):
        return "."
    if DECIMALS_COMMA.fullmatch(digits) or GROUPED_POINT.fullmatch(digits):
        return ","
    return ""


def date_style(text: str) -> str:
    """What a date's writing shows: ymd, dmy, mdy, ``?`` where day and month may change places."""
    text = text.strip()
    if YEAR_FIRST.fullmatch(text):
        return "ymd"
    found = DAY_FIRST.fullmatch(text)
    if not found:
        return ""
    first, sign, second = int(found[1]), found[2], int(found[3])
    if sign == ".":
        return "dmy"  # with points the day always stands first
    if first > 12 >= second:
        return "dmy"
    if second > 12 >= first:
        return "mdy"
    return "?"
