"""The fields of a resource: what they are called, what may stand in them, how they are shown."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, models
from django.utils.translation import gettext as _

from kam.importing.resource.references import Reference

KEEP = object()  # an empty cell for a field that cannot be empty: its default, or what it holds


@dataclass(frozen=True)
class Column:
    """One field of a resource.

    ``kind``: text, email, url, integer, decimal, date, month, week, choice, boolean, reference, country,
    currency. ``path`` is the lookup by which a stored row shows the value; ``attribute`` the model
    field that takes it.
    """

    name: str
    label: Any
    kind: str = "text"
    required: bool = False
    null: bool = False  # empty is stored as NULL
    blank: bool = True  # empty may be stored at all; else the default counts
    aliases: tuple[str, ...] = ()
    help: Any = ""
    path: str = ""
    attribute: str = ""
    max_length: int = 0
    least: Decimal | None = None
    most: Decimal | None = None
    digits: int = 0
    places: int = 0
    choices: tuple[tuple[str, Any], ...] = ()
    reference: Reference | None = None
    folded: bool = False  # as a key, upper and lower case count the same
    default: Any = None  # of a new row, where the model has none

    @classmethod
    def of(cls, model: type[models.Model], name: str, **own: Any) -> "Column":
        """The column of a model's field, with its label, length, range and choices."""
        found: Any = model._meta.get_field(own.pop("attribute", name))
        facts: dict[str, Any] = {
            "label": found.verbose_name,
            "attribute": found.name,
            "path": found.name,
            "null": found.null,
            "blank": found.blank,
            "required": not found.blank and not found.has_default() and not found.null,
            "help": found.help_text,
        }
        if found.is_relation:
            facts["kind"] = "reference"
            facts["path"] = f"{found.name}__{own['reference'].field}"
        elif found.__class__.__name__ == "CountryField":
            facts["kind"] = "country"
        elif found.name == "currency":
            facts["kind"] = "currency"
        elif found.choices:
            facts |= {"kind": "choice", "choices": tuple(found.flatchoices)}
        elif isinstance(found, models.BooleanField):
            facts["kind"] = "boolean"
        elif isinstance(found, models.DecimalField):
            facts |= {
                "kind": "decimal",
                "digits": found.max_digits,
                "places": found.decimal_places,
            }
        elif isinstance(found, models.IntegerField):
            low, high = connection.ops.integer_field_range(found.get_internal_type())
            facts |= {"kind": "integer", "least": Decimal(low), "most": Decimal(high)}
            for validator in found.validators:
                limit = getattr(validator, "limit_value", None)
                if validator.__class__.__name__ == "MinValueValidator" and limit is not None:
                    facts["least"] = max(facts["least"], Decimal(limit))
                if validator.__class__.__name__ == "MaxValueValidator" and limit is not None:
                    facts["most"] = min(facts["most"], Decimal(limit))
        elif isinstance(found, models.DateField):
            facts["kind"] = "date"
        else:
            if isinstance(found, models.EmailField):
                facts["kind"] = "email"
            elif isinstance(found, models.URLField):
                facts["kind"] = "url"
            facts["max_length"] = found.max_length or 0
        return cls(name=name, **{**facts, **own})

    @property
    def expected(self) -> str:
        """What should stand in a cell of this column, in a few words."""
        if self.kind == "choice":
            return _("one of: %(choices)s") % {"choices": ", ".join(c for c, _l in self.choices)}
        if self.kind == "integer":
            return _("a whole number from %(least)s to %(most)s") % {
                "least": self.least,
                "most": self.most,
            }
        if self.kind == "decimal":
            return _("a number with at most %(places)d decimals") % {"places": self.places}
        return {
            "text": _("text"),
            "email": _("an e-mail address"),
            "url": _("a web address"),
            "date": _("a date"),
            "month": _("a month or a date in it"),
            "week": _("a date in the week"),
            "boolean": _("yes or no"),
            "reference": _("a known name or number"),
            "country": _("a country's code or English name"),
            "currency": _("a currency's code, such as EUR"),
        }[self.kind]

    def shown(self, value: Any) -> str:
        """A value as the preview writes it."""
        if value is None or value is KEEP:
            return ""
        if self.kind == "boolean":
            return _("yes") if value else _("no")
        if isinstance(value, Decimal):
            return plain_number(value)
        if self.kind == "month":
            return f"{value:%Y-%m}"
        return str(value)


def plain_number(value: Decimal) -> str:
    """A number in digits alone, without the noughts at its end."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
