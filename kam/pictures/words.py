"""How wide a text will be, and where to cut it: good enough without the font at hand."""

from __future__ import annotations

import unicodedata

#: Text sizes in viewBox units: as laid out, and enlarged where the picture is narrow.
TEXT = 12.0
TEXT_NARROW = 15.0
#: The fonts, in the order of the product's tokens, for renderers without style sheets.
FONT = (
    "'Segoe UI', 'Noto Sans', 'Liberation Sans', Arial, 'Noto Sans CJK SC', 'Noto Sans SC', "
    "'PingFang SC', 'Microsoft YaHei', sans-serif"
)

_NARROW = set("iljtfrI.,:;'|!()[] \u00a0\u202f")
_WIDE = set("mwMW@%")


def width(text: str, size: float = TEXT) -> float:
    """The width of the text in viewBox units, a little generous."""
    total = 0.0
    for sign in text:
        if unicodedata.combining(sign):
            continue
        if unicodedata.east_asian_width(sign) in "WF":
            total += 1.0
        elif sign in _NARROW:
            total += 0.34
        elif sign in _WIDE:
            total += 0.92
        elif sign.isupper():
            total += 0.72
        else:
            total += 0.58
    return total * size


def cut(text: str, room: float, size: float = TEXT_NARROW) -> str:
    """The text if it fits into ``room``, else its beginning and an ellipsis."""
    if width(text, size) <= room:
        return text
    kept = ""
    for sign in text:
        if width(kept + sign + "…", size) > room:
            break
        kept += sign
    return kept.rstrip() + "…"
