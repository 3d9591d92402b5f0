"""The night that an address asks for: read in one way by pages, API and files."""

from datetime import date

from django.core.exceptions import BadRequest
from django.utils.translation import gettext as _

#: Nights outside of these years are nonsense; the difference to a year before stays a date.
FIRST, LAST = date(1990, 1, 1), date(2100, 12, 31)


def read_night(text: str) -> date | None:
    """A date as the address gives it, ``None`` where it gives none.

    Raises ``BadRequest``, with a sentence for the reader, for anything else.
    """
    if not text:
        return None
    try:
        night = date.fromisoformat(text)
    except ValueError:
        night = None
    if night is None or not FIRST <= night <= LAST:
        raise BadRequest(_("A night is a date such as 2026-03-31."))
    return night
