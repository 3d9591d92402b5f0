"""Which days may be named: one rule for forms, services, the API and files.

``Row.clean_fields`` asks it for every day that somebody changes. A year like 0026 is a slip of the hand;
kept, it would stand at the head of each list and make every sum over days absurd.
"""

from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

FIRST_YEAR, LAST_YEAR = 1990, 2100


def is_known(day: date) -> bool:
    """Whether the day lies in the years that are kept here."""
    return FIRST_YEAR <= day.year <= LAST_YEAR


def check_day(day: date) -> None:
    """Raises ``ValidationError`` for a day outside these years; a validator of fields, too."""
    if not is_known(day):
        raise ValidationError(
            _("Choose a day in the years %(first)d to %(last)d.")
            % {"first": FIRST_YEAR, "last": LAST_YEAR},
            code="day",
        )
