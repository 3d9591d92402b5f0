"""What can be imported: a resource names its fields, its key and how its rows are written.

An app declares its resources in a module named in ``RESOURCE_MODULES`` (by string: the mechanism
knows no app above) and registers them with ``@register``. Values are compared by what a person
reads (a number, a name, an e-mail address), so a preview needs no ids; ids are looked up for
references when rows are written.
"""

import difflib
import importlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, ClassVar

from django.contrib.postgres.search import TrigramSimilarity
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from kam.importing.reading import Reading
from kam.models import ImportBatch

RESOURCE_MODULES = ["kam.importing.resources", "accounts.imports", "plans.imports"]
FIRST_YEAR, LAST_YEAR = 1990, 2100
KEEP = object()  # an empty cell for a field that cannot be empty: its default, or what it holds
CHUNK = 2_000
YES = {"true", "yes", "y", "1", "x", "ja", "j", "sand", "sann", "sandt", "kyllä", "是"}
NO = {"false", "no", "n", "0", "nei", "nej", "usand", "falsk", "ei", "否"}


class ValueRefused(Exception):  # noqa: N818 - a verdict, not a defect
    """A value cannot be taken; the message says what was expected."""


@dataclass(frozen=True)
class Reference:
    """Where the words of a field are known: ``field`` of ``model``, and among which rows."""

    model: type[models.Model]
    field: str = "name"
    among: Q | None = None
    folded: bool = True  # upper and lower case count the same, as the database has it

    def key(self, word: str) -> str:
        return word.lower() if self.folded else word

    def _among(self) -> models.QuerySet:
        rows = self.model._default_manager.order_by()
        return rows if self.among is None else rows.filter(self.among)

    def _rows(self) -> models.QuerySet:
        found = self._among()
        return found.annotate(_word=Lower(self.field) if self.folded else models.F(self.field))

    def ids(self, keys: Iterable[str]) -> dict[str, int]:
        """The ids of those keys that are known."""
        return dict(self._rows().filter(_word__in=list(keys)).values_list("_word", "pk"))

    def near(self, word: str) -> str:
        """The known word most like this one, or nothing. A hint for a person, never taken."""
        names = self._among()
        few = list(names.values_list(self.field, flat=True)[:2001])
        if len(few) <= 2000:
            by_key = {self.key(str(name)): str(name) for name in few if name}
            close = difflib.get_close_matches(self.key(word), by_key, n=1, cutoff=0.6)
            return by_key[close[0]] if close else ""
        best = (
            names.annotate(_like=TrigramSimilarity(self.field, word))
            .filter(_like__gt=0.4)
            .order_by("-_like")
            .values_list(self.field, flat=True)
            .first()
        )
        return str(best or "")


@dataclass(frozen=True)
class Column:
    """One field of a resource.

    ``kind``: text, email, url, integer, decimal, date, month, choice, boolean, reference, country,
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
            "boolean": _("yes or no"),
            "reference": _("a known name or number"),
            "country": _("a country's code or English name"),
            "currency": _("a currency's code, such as EUR"),
        }[self.kind]

    def parse(self, cell: Any, reading: Reading) -> Any:
        """The value that a cell (not empty) means; raises ValueRefused."""
        return PARSERS[self.kind](self, cell, reading)

    def shown(self, value: Any) -> str:
        """A value as the preview writes it."""
        if value is None or value is KEEP:
            return ""
        if self.kind == "boolean":
            return _("yes") if value else _("no")
        if isinstance(value, Decimal):
            text = f"{value:f}"
            return text.rstrip("0").rstrip(".") if "." in text else text
        if self.kind == "month":
            return f"{value:%Y-%m}"
        return str(value)


# --- values -----------------------------------------------------------------------------------------


def _text(column: Column, cell: Any, reading: Reading) -> str:
    if isinstance(cell, Decimal):
        text = f"{cell:f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
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


def _decimal(column: Column, cell: Any, reading: Reading) -> Decimal:
    value = (
        cell if isinstance(cell, Decimal) else number(_text(column, cell, reading), reading.decimal)
    )
    return fitted(column, value)


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
    value = (
        cell if isinstance(cell, Decimal) else number(_text(column, cell, reading), reading.decimal)
    )
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
ORDERS = {"ymd": "2024-12-31", "dmy": "31.12.2024", "mdy": "12/31/2024"}
MONTH = re.compile(r"(?P<y>\d{4})[./-]?(?P<m>\d{2})|(?P<m2>\d{1,2})[./-](?P<y2>\d{4})", re.ASCII)
CLOCK = re.compile(r"[T ]\d{1,2}[:.]\d{2}([:.]\d{2}([.,]\d+)?)?(Z|[+-]\d{2}:?\d{2})?$", re.ASCII)


def _date(column: Column, cell: Any, reading: Reading) -> date:
    if isinstance(cell, date):
        return _in_range(cell.year, cell.month, cell.day)
    text = CLOCK.sub("", _text(column, cell, reading).strip())
    order = reading.dates or "ymd"
    found = DATES["ymd"].fullmatch(text) or DATES[order].fullmatch(text)
    if not found:
        raise ValueRefused(_("a date such as %(example)s") % {"example": ORDERS[order]})
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


@lru_cache
def countries() -> dict[str, str]:
    """Code and English names, in small letters → code."""
    from django.utils import translation
    from django_countries import countries as known
    from django_countries.base import CountriesBase

    found: dict[str, str] = {}
    with translation.override("en"):
        for code, name in known:
            found[str(name).lower()] = code
            found[code.lower()] = code
            found[str(known.alpha3(code)).lower()] = code
        for code, name in CountriesBase.COMMON_NAMES.items():
            found.setdefault(str(name).lower(), code)
        for code, names in CountriesBase.OLD_NAMES.items():
            for name in names:
                found.setdefault(str(name).lower(), code)
    for name, code in {
        "united states": "US",
        "great britain": "GB",
        "uk": "GB",
        "czechia": "CZ",
        "russian federation": "RU",
        "türkiye": "TR",
    }.items():
        found.setdefault(name, code)
    found.pop("", None)
    return found


def _country(column: Column, cell: Any, reading: Reading) -> str:
    text = _text(column, cell, reading)
    code = countries().get(text.lower())
    if code is None:
        names = [name for name in countries() if len(name) > 3]
        near = difflib.get_close_matches(text.lower(), names, n=1, cutoff=0.6)
        if near:
            raise ValueRefused(
                _("a country's code or English name; near it is “%(near)s”")
                % {"near": near[0].title()}
            )
        raise ValueRefused(column.expected)
    return code


def _currency(column: Column, cell: Any, reading: Reading) -> str:
    from kam.money import CURRENCIES

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
    "choice": _choice,
    "boolean": _boolean,
    "reference": _reference,
    "country": _country,
    "currency": _currency,
}


# --- resources --------------------------------------------------------------------------------------

Key = tuple[Any, ...]


@dataclass(slots=True)
class Record:
    """One row as it shall be: values by field, ids of references, the lines that it comes from."""

    line: int
    values: dict[str, Any]
    key: Key = ()
    ids: dict[str, Any] = field(default_factory=dict)
    lines: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Stored:
    """A row as it is: its id and values by field, in the form of ``Record.values``."""

    pk: int
    values: dict[str, Any]


@dataclass(slots=True)
class Change:
    """An existing row and the fields that shall change."""

    stored: Stored
    record: Record
    fields: list[str]


class Resource:
    """Base of all resources: rows of ``model`` known by ``key``. Subclasses name the columns."""

    name: ClassVar[str]
    label: ClassVar[Any]
    help: ClassVar[Any] = ""
    model: ClassVar[type[models.Model]]
    key: ClassVar[tuple[str, ...]]
    columns: ClassVar[Sequence[Column]]
    #: Field of the row above, by the key of the same resource: rows come in any order.
    parent: ClassVar[str] = ""
    #: References whose list may grow by an import (``create_missing``).
    may_create: ClassVar[tuple[str, ...]] = ()
    #: Numbers that are added up where rows have the same key (``sum``).
    may_sum: ClassVar[tuple[str, ...]] = ()
    #: Place in the order in which an empty installation is filled.
    order: ClassVar[int] = 100

    def __init__(self, user: Any = None) -> None:
        self.user = user
        #: What may grow in this run, and the words that it would grow by: folded → as written.
        self.new_words: dict[str, dict[str, str]] = {}
        self._by_name = {column.name: column for column in self.columns}
        self._folding = [(name, self._folds(self._by_name[name])) for name in self.key]

    def column(self, name: str) -> Column:
        return self._by_name[name]

    @property
    def key_columns(self) -> list[Column]:
        return [self.column(name) for name in self.key]

    def _folds(self, column: Column) -> bool:
        reference = column.reference
        return reference.folded if reference is not None else column.folded

    def key_of(self, values: dict[str, Any]) -> Key:
        """The key as it is compared: names without regard to upper and lower case."""
        return tuple(
            [values[name].lower() if folds else values[name] for name, folds in self._folding]
        )

    def key_shown(self, values: dict[str, Any]) -> str:
        return " · ".join(self.column(name).shown(values[name]) for name in self.key)

    def same(self, name: str, stored: Any, wanted: Any) -> bool:
        """Whether a field holds what it shall hold already."""
        if stored == wanted:
            return True
        column = self.column(name)
        if column.reference is not None and isinstance(stored, str) and isinstance(wanted, str):
            return column.reference.key(stored) == column.reference.key(wanted)
        return False

    # What subclasses may say -------------------------------------------------------------------

    def refuse(
        self, records: list[Record], stored: dict[Key, Stored]
    ) -> Iterable[tuple[Record, str, str]]:
        """Rules over several fields: (record, field, what was expected) for each that breaks one."""
        return ()

    def refuse_all(self, pairs: dict[Key, Any]) -> Iterable[tuple[int, str, str]]:
        """Rules over the whole file, once it has been read: (line, field, what was expected)."""
        return ()

    def growable(self, name: str, words: Sequence[str]) -> None:
        """Adds words to the list behind a reference field."""
        reference = self.column(name).reference
        assert reference is not None  # noqa: S101 - may_create names references only
        reference.model._default_manager.bulk_create(
            [reference.model(**{reference.field: word}) for word in words]
        )

    def defaults(self, values: dict[str, Any]) -> dict[str, Any]:
        """Model attributes of a new row beside the columns."""
        return {}

    # Reading and writing -----------------------------------------------------------------------

    def _matching(self, keys: Iterable[Key]) -> models.QuerySet:
        keys = list(keys)
        found = self.model._default_manager.order_by()
        for position, name in enumerate(self.key):
            column = self.column(name)
            words = list({key[position] for key in keys})
            if self._folds(column):
                found = found.annotate(**{f"_{name}": Lower(column.path)})
                found = found.filter(**{f"_{name}__in": words})
            else:
                found = found.filter(**{f"{column.path}__in": words})
        return found

    def existing(
        self, keys: Iterable[Key], fields: Sequence[str], *, lock: bool
    ) -> dict[Key, Stored]:
        """The rows with these keys, each with the asked fields; locked until the end if wanted."""
        found = self._matching(keys)
        if lock:
            ids = list(found.values_list("pk", flat=True))
            rows = self.model._default_manager.filter(pk__in=ids).order_by("pk")
            list(rows.select_for_update().values_list("pk"))
        names = list(dict.fromkeys([*self.key, *fields]))
        paths = [self.column(name).path for name in names]
        wanted = set(keys)
        result = {}
        for pk, *values in found.values_list("pk", *paths):
            held = {n: self.held(n, v) for n, v in zip(names, values, strict=True)}
            key = self.key_of(held)
            if key in wanted:
                result[key] = Stored(pk, held)
        return result

    def held(self, name: str, value: Any) -> Any:
        """A stored value in the form in which a file's value is compared with it."""
        column = self.column(name)
        if column.kind == "country":
            return getattr(value, "code", value) or ""
        return value

    def create(self, records: list[Record], batch: ImportBatch) -> None:
        """Writes new rows; parents are set afterwards."""
        self.model._default_manager.bulk_create(
            [self.model(**self._attributes(record)) for record in records], batch_size=500
        )

    def _attributes(self, record: Record) -> dict[str, Any]:
        found = self.defaults(record.values)
        for name, value in record.values.items():
            column = self.column(name)
            if value is KEEP or name == self.parent:
                continue
            if column.reference is not None:
                found[f"{column.attribute}_id"] = record.ids.get(name)
            else:
                found[column.attribute] = value
        return found

    def change(self, changes: list[Change], batch: ImportBatch) -> None:
        """Writes the changed fields of existing rows, one statement per set of fields."""
        groups: dict[tuple[str, ...], list[Change]] = {}
        for change in changes:
            fields = tuple(name for name in change.fields if name != self.parent)
            if fields:
                groups.setdefault(fields, []).append(change)
        for fields, group in groups.items():
            self._update(fields, group)

    def _update(self, fields: tuple[str, ...], group: list[Change]) -> None:
        columns, values = [], []
        for name in fields:
            column = self.column(name)
            model_field: Any = self.model._meta.get_field(column.attribute)
            columns.append((model_field.column, model_field.db_type(connection)))
            if column.reference is not None and model_field.is_relation:
                values.append([c.record.ids.get(name) for c in group])
            else:
                values.append(
                    [model_field.get_db_prep_save(c.record.values[name], connection) for c in group]
                )
        update_rows(self.model, [c.stored.pk for c in group], columns, values)

    def finish(self, batch: ImportBatch) -> None:
        """Called once after the last row was given to ``create`` or ``change``."""

    def set_parents(self, pairs: list[tuple[Any, Any]]) -> None:
        """Hangs rows under their parents: (key, parent's key or None), parents before children."""
        column = self.column(self.parent)
        reference = column.reference
        assert reference is not None  # noqa: S101
        words = {w for pair in pairs for w in pair if w is not None}
        ids: dict[str, int] = {}
        ordered = sorted(words)
        for start in range(0, len(ordered), CHUNK):
            ids |= reference.ids(ordered[start : start + CHUNK])
        field_: Any = self.model._meta.get_field(column.attribute)
        for start in range(0, len(pairs), CHUNK):
            part = pairs[start : start + CHUNK]
            update_rows(
                self.model,
                [ids[key] for key, _parent in part],
                [(field_.column, field_.db_type(connection))],
                [[None if parent is None else ids[parent] for _key, parent in part]],
            )


def update_rows(
    model: type[models.Model],
    ids: list[int],
    columns: list[tuple[str, str]],
    values: list[list[Any]],
) -> None:
    """One UPDATE of many rows, each with its own values. Column names come from the model alone."""
    quote = connection.ops.quote_name
    sets = ", ".join(f"{quote(name)} = v.c{i}" for i, (name, _type) in enumerate(columns))
    arrays = ", ".join(["%s::bigint[]", *(f"%s::{kind}[]" for _name, kind in columns)])
    names = ", ".join(["id", *(f"c{i}" for i in range(len(columns)))])
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {quote(model._meta.db_table)} t SET {sets} "  # noqa: S608
            f"FROM unnest({arrays}) v({names}) WHERE t.id = v.id",
            [ids, *values],
        )


_resources: dict[str, type[Resource]] = {}
_after: dict[str, list[Callable[[ImportBatch], None]]] = {}


def register(resource: type[Resource]) -> type[Resource]:
    """Class decorator: this resource can be imported."""
    _resources[resource.name] = resource
    return resource


def after_import(
    *names: str,
) -> Callable[[Callable[[ImportBatch], None]], Callable[[ImportBatch], None]]:
    """Decorator: calls the function after each import of these resources, once it is committed."""

    def keep(work: Callable[[ImportBatch], None]) -> Callable[[ImportBatch], None]:
        for name in names:
            _after.setdefault(name, []).append(work)
        return work

    return keep


def _load() -> None:
    for module in RESOURCE_MODULES:
        importlib.import_module(module)


def resources() -> list[type[Resource]]:
    """All resources, in the order in which an empty installation is filled."""
    _load()
    return sorted(_resources.values(), key=lambda r: (r.order, r.name))


def resource_named(name: str, user: Any = None) -> Resource:
    """The resource; raises KeyError."""
    _load()
    return _resources[name](user)


def run_after(batch: ImportBatch) -> None:
    """What the apps do once a batch is in: figures that follow from it."""
    _load()
    for work in _after.get(batch.resource, []):
        work(batch)
