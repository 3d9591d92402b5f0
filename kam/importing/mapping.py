"""The map of one kind of file: which column feeds which field, which word means which value.

A map is a small TOML file. Every part is optional::

    sum = true                          # rows with the same key are added up
    once = true                         # the same row may stand more than once
    create_missing = ["industry"]       # lists that may grow by what the file holds

    [reading]                           # what is stated is not detected
    encoding = "cp1252"
    delimiter = ";"
    decimal = ","
    dates = "dmy"
    sheet = "Sales"
    blank = ["n/a", "-"]

    [columns]                           # field = column of the file, or a template
    account = "Customer no."
    email = "{agent|slug}@example.com"

    [constants]                         # field = the same value in every row
    currency = "USD"

    [values.product]                    # word in the file = what it means
    "GTXPro" = "GTX Pro"

    [scale]                             # numbers of the file times this
    customer_revenue = 1000000

    [only]                              # rows of the file that count; the others are counted
    deal_stage = ["Won"]
"""

import json
import re
import tomllib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from kam.importing.reading import ENCODINGS, FileRefused, Profile, Reading
from kam.importing.resource import Resource

TEMPLATE = re.compile(r"\{([^{}|]+)(?:\|([a-z]+))?\}")
MAP_BYTES = 200_000
READING_KEYS = {"encoding", "delimiter", "decimal", "dates", "sheet", "blank"}
KEYS = {"columns", "constants", "values", "scale", "only", "sum", "once", "create_missing"} | {
    "reading",
    "resource",
}


class MapRefused(FileRefused):
    """The map itself is wrong, or does not fit the file; the message says where."""


def _refuse_unwritable(stored: dict[str, Any]) -> None:
    """What no database text can hold must not come by a map either."""
    try:
        text = json.dumps(stored, ensure_ascii=False, default=str)
        text.encode()
    except (ValueError, RecursionError):  # a lone surrogate; nested without end
        text = "\\u0000"
    if "\\u0000" in text:
        raise MapRefused(_("The map holds characters that are no text."))
    if len(text) > MAP_BYTES:
        raise MapRefused(_("This is no map: it is too large."))


def slug(text: str) -> str:
    """``Mei-Mei Jöhns`` → ``mei-mei.johns``: as in e-mail addresses."""
    plain = text.translate(str.maketrans("øØæÆåÅßđð", "oOaAaAsdd"))
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return ".".join(re.findall(r"[a-z0-9-]+", plain.lower()))


FILTERS: dict[str, Callable[[str], str]] = {
    "slug": slug,
    "lower": str.lower,
    "upper": str.upper,
    "title": str.title,
}


@dataclass(slots=True)
class Map:
    """See the module's text. All words are as they stand in the file and the TOML."""

    columns: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    scale: dict[str, str] = field(default_factory=dict)
    only: dict[str, list[str]] = field(default_factory=dict)
    sum: bool = False
    once: bool = False
    create_missing: list[str] = field(default_factory=list)
    reading: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_toml(cls, text: str) -> "Map":
        try:
            return cls.from_json(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise MapRefused(_("The map is no TOML: %(error)s") % {"error": error}) from None

    @classmethod
    def from_json(cls, stored: Any) -> "Map":
        """From plain data, TOML's or the database's; every part is looked at."""
        if not isinstance(stored, dict):
            raise MapRefused(_("The map is no table."))
        _refuse_unwritable(stored)
        unknown = set(stored) - KEYS
        if unknown:
            raise MapRefused(
                _("The map has an unknown part: %(name)s. Known are: %(known)s.")
                % {"name": ", ".join(sorted(unknown)), "known": ", ".join(sorted(KEYS))}
            )
        values = _table(stored, "values")
        only = {
            k: [_word("only", x) for x in (v if isinstance(v, list) else [v])]
            for k, v in _table(stored, "only").items()
        }
        reading = _table(stored, "reading")
        wrong = set(reading) - READING_KEYS
        if wrong:
            raise MapRefused(
                _("[reading] has an unknown word: %(name)s. Known are: %(known)s.")
                % {"name": ", ".join(sorted(wrong)), "known": ", ".join(sorted(READING_KEYS))}
            )
        missing = stored.get("create_missing", [])
        if not isinstance(missing, list) or not all(isinstance(m, str) for m in missing):
            raise MapRefused(_("create_missing is a list of fields."))
        for flag in ("sum", "once"):
            if not isinstance(stored.get(flag, False), bool):
                raise MapRefused(_("%(name)s is true or false.") % {"name": flag})
        return cls(
            columns=_words(stored, "columns"),
            constants=_words(stored, "constants"),
            values={
                k: {str(a): _word("values", b) for a, b in _table(values, k).items()}
                for k in values
            },
            scale=_words(stored, "scale"),
            only=only,
            sum=stored.get("sum", False),
            once=stored.get("once", False),
            create_missing=missing,
            reading=_reading_words(reading),
        )

    def as_json(self) -> dict[str, Any]:
        """Plain data without the empty parts."""
        found = {
            "sum": self.sum,
            "once": self.once,
            "create_missing": self.create_missing,
            "reading": self.reading,
            "columns": self.columns,
            "constants": self.constants,
            "scale": self.scale,
            "only": self.only,
            "values": {k: v for k, v in self.values.items() if v},
        }
        return {k: v for k, v in found.items() if v}

    def to_toml(self, resource: str = "") -> str:
        """The map as TOML; ``from_toml`` reads it back the same."""
        data = self.as_json()
        lines = [f"resource = {_quoted(resource)}"] if resource else []
        lines += [f"{k} = {_toml(v)}" for k, v in data.items() if not isinstance(v, dict)]
        for name, table in data.items():
            if not isinstance(table, dict):
                continue
            if name == "values":
                for inner, words in table.items():
                    lines += ["", f"[values.{_key(inner)}]"]
                    lines += [f"{_key(k)} = {_toml(v)}" for k, v in words.items()]
            else:
                lines += ["", f"[{name}]"]
                lines += [f"{_key(k)} = {_toml(v)}" for k, v in table.items()]
        return "\n".join(lines).lstrip("\n") + "\n"

    def fitting(self, resource: Resource, head: list[str]) -> "Map":
        """Itself, if it fits the resource and the file's head; else raises MapRefused."""
        fields = {column.name for column in resource.columns}
        for part, names in (
            ("columns", self.columns),
            ("constants", self.constants),
            ("values", self.values),
            ("scale", self.scale),
        ):
            for name in names:
                if name not in fields:
                    raise MapRefused(
                        _("[%(part)s]: %(resource)s has no field %(name)s. It has: %(known)s.")
                        % {
                            "part": part,
                            "resource": resource.label,
                            "name": name,
                            "known": ", ".join(c.name for c in resource.columns),
                        }
                    )
        for name in self.create_missing:
            if name not in resource.may_create:
                known = ", ".join(resource.may_create) or _("nothing")
                raise MapRefused(
                    _("create_missing: %(name)s cannot grow by an import; what can: %(known)s.")
                    % {"name": name, "known": known}
                )
        for name in self.columns:
            if name in self.constants:
                raise MapRefused(
                    _("%(name)s stands in [columns] and in [constants].") % {"name": name}
                )
        if self.sum and not resource.may_sum:
            raise MapRefused(_("Rows of this kind of data cannot be added up (sum)."))
        asked = [c for source in self.columns.values() for c in source_columns(source, head)]
        for name in [*asked, *self.only]:
            if name not in head:
                raise MapRefused(
                    _("The file has no column %(name)s. It has: %(known)s.")
                    % {"name": name, "known": ", ".join(head)}
                )
        for name, factor in self.scale.items():
            try:
                if not Decimal(factor).is_finite() or not Decimal(factor):
                    raise InvalidOperation
            except InvalidOperation:
                raise MapRefused(
                    _("[scale] %(name)s: %(value)s is no number.") % {"name": name, "value": factor}
                ) from None
        given = {*self.columns, *self.constants}
        lacking = [c for c in resource.key_columns if c.name not in given]
        if lacking:
            raise MapRefused(
                _("No column of the file feeds %(names)s: rows are known by it.")
                % {"names": ", ".join(f"{c.label} ({c.name})" for c in lacking)}
            )
        return self

    def stated_reading(self, reading: Reading) -> Reading:
        return reading.stating(**self.reading)


def source_columns(source: str, head: list[str]) -> list[str]:
    """The columns of the file that a source reads: one, or those of a template."""
    if source in head or "{" not in source:
        return [source]
    return [name.strip() for name, _filter in TEMPLATE.findall(source)]


def columns_read(mapping: Map, head: list[str]) -> list[str]:
    """The columns of the file that feed a field or say which rows count, in the file's order."""
    used = {name for source in mapping.columns.values() for name in source_columns(source, head)}
    return [name for name in head if name in used | set(mapping.only)]


def _table(stored: dict[str, Any], name: str) -> dict[str, Any]:
    found = stored.get(name, {})
    if not isinstance(found, dict):
        raise MapRefused(_("[%(name)s] is no table.") % {"name": name})
    return found


def _words(stored: dict[str, Any], name: str) -> dict[str, str]:
    return {str(k): _word(name, v) for k, v in _table(stored, name).items()}


def _word(part: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise MapRefused(_("[%(part)s]: %(value)s is no text.") % {"part": part, "value": value})
    return str(value)


def _reading_words(reading: dict[str, Any]) -> dict[str, Any]:
    for name, known in (
        ("decimal", [".", ","]),
        ("dates", ["ymd", "dmy", "mdy"]),
        ("encoding", ENCODINGS),
    ):
        value = reading.get(name)
        if value and value not in known:
            raise MapRefused(
                _("[reading] %(name)s is %(value)s; known are: %(known)s.")
                % {"name": name, "value": value, "known": " ".join(known)}
            )
    delimiter = reading.get("delimiter")
    if delimiter and (not isinstance(delimiter, str) or len(delimiter) != 1):
        raise MapRefused(_("[reading] delimiter is one character."))
    blank = reading.get("blank", [])
    if not isinstance(blank, list) or not all(isinstance(b, str) for b in blank):
        raise MapRefused(_("[reading] blank is a list of words."))
    return {k: v for k, v in reading.items() if v}


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    return _quoted(str(value))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda m: f"\\u{ord(m[0]):04x}", escaped) + '"'


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _quoted(name)


def normalised(name: str) -> str:
    """A column's name without what people write differently."""
    return re.sub(r"[^\w]+", "", unicodedata.normalize("NFKC", name).casefold()).replace("_", "")


def guess(resource: Resource, head: list[str]) -> Map:
    """Columns whose name is a field's name, label or known other name; nothing else is taken."""
    found: dict[str, str] = {}
    by_name = {normalised(name): name for name in reversed(head)}
    for column in resource.columns:
        for word in (column.name, str(column.label), *column.aliases):
            name = by_name.get(normalised(word))
            if name is not None and name not in found.values():
                found[column.name] = name
                break
    return Map(columns=found)


# --- from cells to fields ---------------------------------------------------------------------------


def compiled(source: str, head: list[str]) -> Callable[[list[Any]], Any]:
    """A function from a row's cells to the raw value of one field."""
    if source in head or "{" not in source:
        position = head.index(source)
        return lambda cells: cells[position]
    parts: list[Any] = []
    end = 0
    for match in TEMPLATE.finditer(source):
        parts.append(source[end : match.start()])
        name, filter_name = match[1].strip(), match[2]
        if filter_name and filter_name not in FILTERS:
            raise MapRefused(
                _("Template %(source)s: no filter %(name)s; known are: %(known)s.")
                % {"source": source, "name": filter_name, "known": " ".join(FILTERS)}
            )
        parts.append((head.index(name), FILTERS.get(filter_name, str)))
        end = match.end()
    parts.append(source[end:])

    def filled(cells: list[Any]) -> Any:
        words = []
        for part in parts:
            if isinstance(part, str):
                words.append(part)
                continue
            position, change = part
            cell = cells[position]
            if isinstance(cell, tuple):  # a BadCell
                return cell
            text = "" if cell is None else str(cell).strip()
            if not text:
                return None
            words.append(change(text))
        return "".join(words)

    return filled


def style_columns(resource: Resource, mapping: Map, found: Profile) -> tuple[set[str], set[str]]:
    """The file's columns that feed numbers, and those that feed dates."""
    numbers: set[str] = set()
    dates: set[str] = set()
    for name, source in mapping.columns.items():
        kind = resource.column(name).kind
        names = set(source_columns(source, found.head))
        if kind in ("decimal", "integer"):
            numbers |= names
        elif kind in ("date", "month", "week"):
            dates |= names
    return numbers, dates
