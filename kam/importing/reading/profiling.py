"""The whole file at a glance: what its columns hold, and how numbers and dates are written."""

import re
from dataclasses import asdict, dataclass, field, replace
from typing import IO, Any

from django.utils.translation import gettext as _

from kam.importing.reading.cells import FileRefused, shown
from kam.importing.reading.manner import Reading
from kam.importing.reading.styles import date_style, decimal_style
from kam.importing.reading.table import rows
from kam.importing.reading.workbook import sheet_names

DIGIT = re.compile(r"\d").search
NUMBER = re.compile(r"[+\-−]?\(?[\d.,' \u00a0\u202f]*\d[\d.,' \u00a0\u202f]*\)?-?")


@dataclass(slots=True)
class ColumnProfile:
    """What one column holds: how much is filled, examples, and what its numbers and dates tell."""

    name: str
    filled: int = 0
    samples: list[str] = field(default_factory=list)
    values: dict[str, int] | None = field(default_factory=dict)  # None: too many to list
    decimal: dict[str, int] = field(default_factory=dict)  # style → first line that shows it
    ambiguous: int = 0  # first line with a number such as 1.234 that can be read both ways
    dates: dict[str, int] = field(default_factory=dict)
    dates_ambiguous: int = 0


@dataclass(slots=True)
class Profile:
    """The whole file at a glance."""

    head: list[str]
    rows: int
    blank_rows: int
    first_rows: list[list[str]]
    columns: list[ColumnProfile]
    sheets: list[str]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Profile":
        return cls(**{**stored, "columns": [ColumnProfile(**c) for c in stored["columns"]]})


def profile(file: IO[bytes], reading: Reading) -> tuple[Profile, Reading]:
    """Reads the whole file once; returns what it holds and the reading with its styles decided.

    A style that nothing decides, or that the file contradicts, stays empty.
    """
    source = rows(file, reading)
    head = next(source).cells
    columns = [ColumnProfile(name) for name in head]
    count = blank = 0
    first_rows: list[list[str]] = []
    for row in source:
        if not row.cells and not row.problem:
            blank += 1
            continue
        count += 1
        if len(first_rows) < 5:
            first_rows.append([shown(cell) for cell in row.cells])
        if row.problem:
            continue
        for column, cell in zip(columns, row.cells, strict=True):
            if cell is None or cell == "":
                continue
            column.filled += 1
            if type(cell) is str:
                _learn(column, cell, row.line)
            elif len(column.samples) < 3 and shown(cell) not in column.samples:
                column.samples.append(shown(cell))
    if not count:
        raise FileRefused(_("The file has a head and no rows."))
    sheets = sheet_names(file) if reading.kind == "xlsx" else []
    result = Profile(head, count, blank, first_rows, columns, sheets)
    dates = {c.name for c in columns if c.dates or c.dates_ambiguous}
    return result, decided(reading, result, set(head) - dates, dates)


def decided(reading: Reading, found: Profile, numbers: set[str], dates: set[str]) -> Reading:
    """The reading with its styles set by what these columns show; what was stated stays.

    A style that nothing decides, or on which the columns disagree, is empty.
    """
    styles: dict[str, Any] = {}
    if "decimal" not in reading.declared:
        styles["decimal"] = _only(
            {s for c in found.columns if c.name in numbers for s in c.decimal}
        )
    if "dates" not in reading.declared:
        styles["dates"] = _only({s for c in found.columns if c.name in dates for s in c.dates})
    return replace(reading, **styles)


def undecided(reading: Reading, found: Profile, numbers: set[str], dates: set[str]) -> list[str]:
    """Sentences that say where numbers or dates can be read in two ways and nobody said which."""
    problems = []
    for column in found.columns:
        if not reading.decimal and column.name in numbers:
            if len(column.decimal) > 1:
                point, comma = column.decimal["."], column.decimal[","]
                problems.append(
                    _(
                        "Column %(column)s: line %(point)d has a decimal point, line %(comma)d a "
                        "decimal comma. State which of them counts."
                    )
                    % {"column": column.name, "point": point, "comma": comma}
                )
            elif column.ambiguous:
                problems.append(
                    _(
                        "Column %(column)s, line %(line)d: a number such as 1.234 may be one "
                        "thousand or one and a bit. State the decimal sign."
                    )
                    % {"column": column.name, "line": column.ambiguous}
                )
        if not reading.dates and column.name in dates:
            if len(column.dates) > 1:
                lines = ", ".join(str(line) for line in sorted(column.dates.values()))
                problems.append(
                    _("Column %(column)s: dates in different orders (lines %(lines)s). State one.")
                    % {"column": column.name, "lines": lines}
                )
            elif column.dates_ambiguous:
                problems.append(
                    _(
                        "Column %(column)s, line %(line)d: day and month may change places. State "
                        "the order of dates."
                    )
                    % {"column": column.name, "line": column.dates_ambiguous}
                )
    if not problems and not reading.decimal:
        # The columns disagree with one another, each clear in itself.
        shown = {s: c for c in found.columns if c.name in numbers for s in c.decimal}
        if len(shown) > 1:
            problems.append(
                _(
                    "Column %(a)s has decimal points, column %(b)s decimal commas. State which of "
                    "them counts."
                )
                % {"a": shown["."].name, "b": shown[","].name}
            )
    return problems


def _only(found: set[str]) -> str:
    return found.pop() if len(found) == 1 else ""


def _learn(column: ColumnProfile, cell: str, line: int) -> None:
    values = column.values
    if values is not None:
        if cell in values:
            values[cell] += 1
            return
        values[cell] = 1
        if len(values) > 60:
            column.values = None
    if len(column.samples) < 3 and cell not in column.samples:
        column.samples.append(cell[:80])
    if len(cell) > 40 or not DIGIT(cell):
        return
    if NUMBER.fullmatch(cell.strip()):
        style = decimal_style(cell)
        if style == "?":
            column.ambiguous = column.ambiguous or line
        elif style:
            column.decimal.setdefault(style, line)
    style = date_style(cell)
    if style == "?":
        column.dates_ambiguous = column.dates_ambiguous or line
    elif style:
        column.dates.setdefault(style, line)
