"""Numbers as people type and paste them, in their language's writing. Never guessed."""

import re
from decimal import Decimal, InvalidOperation

SPACES = "\u00a0\u202f\u2009 '’"
GROUPED = r"^\d{{1,3}}(?:{sep}\d{{3}})+$"


class NumberTextError(ValueError):
    """The text is no number, or may mean two."""


def read_number(text: str, *, decimal: str = ".", thousands: str = ",") -> Decimal:
    """Reads a number. ``decimal`` and ``thousands`` are the signs of the reader's language.

    Spaces of any kind and apostrophes group digits in every language. The other language's decimal
    sign is understood where it can mean nothing else: ``1.5`` in Norwegian, but not ``1.500``,
    which is one and a half to some and fifteen hundred to others. Raises ``NumberTextError``.
    """
    plain = text.strip().replace("−", "-").replace("–", "-")
    for sign in SPACES:
        plain = plain.replace(sign, "")
    negative = plain.startswith("-")
    plain = plain[1:] if plain[:1] in ("+", "-") else plain
    if len(plain) > 30 or not re.fullmatch(r"[0-9.,]*[0-9][0-9.,]*", plain):
        raise NumberTextError(text)
    other = "," if decimal == "." else "."
    whole, found, fraction = plain.partition(decimal)
    if found and (decimal in fraction or other in fraction):
        raise NumberTextError(text)
    if other in whole:
        grouped = re.fullmatch(GROUPED.format(sep=re.escape(other)), whole)
        if grouped and (found or thousands == other or whole.count(other) > 1):
            whole = whole.replace(other, "")
        elif not found and not grouped and whole.count(other) == 1:
            whole, _sign, fraction = whole.partition(other)  # the other language's decimal sign
        else:
            raise NumberTextError(text)
    try:
        value = Decimal(f"{whole or '0'}.{fraction or '0'}")
    except InvalidOperation:
        raise NumberTextError(text) from None
    return -value if negative else value
