"""How long something took, in hours and minutes: as it is read, typed and counted in hours."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kam.money import rounded
from plans.models.review import LONGEST

HOUR = 60
TYPED = re.compile(r"(\d{1,3}):(\d{2})|(?:(\d{1,3}) ?[ht])? ?(?:(\d{1,4}) ?min)?", re.IGNORECASE)


def duration_text(minutes: int | None) -> str:
    """``90`` is “1 h 30 min”; empty for ``None``."""
    if minutes is None:
        return ""
    hours, rest = divmod(minutes, HOUR)
    if not hours:
        return _("%(m)d min") % {"m": rest}
    if not rest:
        return _("%(h)d h") % {"h": hours}
    return _("%(h)d h %(m)d min") % {"h": hours, "m": rest}


def in_hours(minutes: int | None) -> Decimal | None:
    """Minutes as hours, to hundredths: ``50`` is 0.83."""
    return None if minutes is None else rounded(Decimal(minutes) / HOUR)


def read_duration(text: str) -> int:
    """Minutes of a text such as 1:30, 2 h, 45 min, 1 h 30 min. A bare number is never guessed at.

    Raises ``ValidationError``.
    """
    found = TYPED.fullmatch(" ".join(text.split()))
    if found is None or not any(found.groups()):
        raise ValidationError(_("Write hours and minutes, such as 1:30 or 45 min."))
    clock_hours, clock_minutes, hours, minutes = (int(part or 0) for part in found.groups())
    if clock_minutes >= HOUR or (found[3] and minutes >= HOUR):
        raise ValidationError(_("An hour has 60 minutes."))
    return (clock_hours + hours) * HOUR + clock_minutes + minutes


class DurationField(forms.IntegerField):
    """A duration in minutes, from one to a day; typed and shown as hours and minutes."""

    widget = forms.TextInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.help_text = gettext_lazy("Hours and minutes, such as 1:30.")
        self.widget.attrs.setdefault("autocomplete", "off")
        self.widget.attrs.setdefault("class", "num")

    def to_python(self, value: Any) -> int | None:
        if isinstance(value, str):
            return read_duration(value) if value.strip() else None
        return super().to_python(value)

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is not None and not 0 < value <= LONGEST:
            raise ValidationError(_("A minute at least, a day at most."))

    def prepare_value(self, value: Any) -> Any:
        return f"{value // HOUR}:{value % HOUR:02}" if isinstance(value, int) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(initial) != self.to_python(data)
        except ValidationError:
            return True
