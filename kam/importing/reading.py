"""Reads CSV and XLSX files as rows of cells: detects how they are written, guards against what
would hurt, and says where a file is wrong. Nothing here knows what the rows mean.

A row is ``(line, cells, problem)``: ``line`` counts from 1 as an editor or Excel shows it; cells of
a CSV file are text, those of an XLSX file text, ``Decimal``, ``date``, ``bool`` or ``None``; a cell
that cannot be taken is a ``BadCell``. ``problem`` is a sentence when the row as a whole is wrong.
"""

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any, NamedTuple

import charset_normalizer
import openpyxl
from django.utils.translation import gettext as _

MAX_BYTES = 200_000_000
MAX_ROWS = 1_000_000
MAX_COLUMNS = 250
MAX_CELL = 20_000
MAX_ENTRIES = 2_000
MAX_UNPACKED = 400_000_000
MAX_STRINGS = 60_000_000  # of the shared strings, which have to be held in memory
MAX_BLANK_RUN = 100_000
SAMPLE = 200_000
DELIMITERS = [",", ";", "\t", "|", ":"]
ENCODINGS = [
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "cp1252",
    "cp1250",
    "cp1251",
    "cp865",
    "mac_roman",
    "gb18030",
    "big5",
    "shift_jis",
]
BOMS = [
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]
#: Letters beyond ASCII that western European files in Windows-1252 really use.
WESTERN = set("ÆØÅæøåÄÖäöÜüßÉéÈèÊêÀàÂâÇçÑñÓóÔôÍíÎîÏïËëÚúÛûŒœ€–—‘’“”„…•°§£©®´«»¿¡\xa0½µ")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
MAGIC = [
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf", "7z"),
    (b"Rar!", "RAR"),
    (b"\x7fELF", "ELF"),
    (b"SQLite format 3", "SQLite"),
]
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

csv.field_size_limit(MAX_CELL)


class FileRefused(Exception):  # noqa: N818 - a verdict, not a defect
    """The file as a whole cannot be read; the message says what is wrong and where."""


class BadCell(NamedTuple):
    """A cell that is not taken: a formula, an error of the spreadsheet, a control character."""

    shown: str
    reason: str


class Row(NamedTuple):
    line: int
    cells: list[Any]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is written. ``decimal`` and ``dates`` are empty where nothing in it decides."""

    kind: str = "csv"  # csv or xlsx
    encoding: str = "utf-8"
    delimiter: str = ","
    sheet: str = ""
    decimal: str = ""  # "." or ","
    dates: str = ""  # ymd, dmy or mdy
    blank: tuple[str, ...] = ()  # words that mean "nothing stands here"
    declared: tuple[str, ...] = ()  # what a person or a map said; the rest was detected

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Reading":
        known = {k: v for k, v in stored.items() if k in cls.__dataclass_fields__}
        for name in ("blank", "declared"):
            known[name] = tuple(known.get(name) or ())
        return cls(**known)

    def stating(self, **stated: Any) -> "Reading":
        """The same with some things stated instead of detected; empty words change nothing."""
        stated = {k: v for k, v in stated.items() if v not in (None, "", (), [])}
        if "blank" in stated:
            stated["blank"] = tuple(stated["blank"])
        names = tuple(sorted({*self.declared, *stated}))
        return replace(self, **stated, declared=names)


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


# --- detection -------------------------------------------------------------------------------------


def detect(file: IO[bytes], name: str = "") -> Reading:
    """How the file is written, from its bytes (the name counts for nothing); raises FileRefused."""
    file.seek(0, io.SEEK_END)
    size = file.tell()
    file.seek(0)
    if size == 0:
        raise FileRefused(_("The file is empty."))
    if size > MAX_BYTES:
        raise FileRefused(
            _("The file has %(size)d MB; at most %(limit)d MB are read.")
            % {"size": size // 1_000_000, "limit": MAX_BYTES // 1_000_000}
        )
    start = file.read(SAMPLE)
    file.seek(0)
    if start.startswith(b"PK\x03\x04"):
        sheets = guard_workbook(file)
        return Reading(kind="xlsx", sheet=sheets[0], encoding="", delimiter="")
    if start.startswith(OLD_OFFICE):
        raise FileRefused(
            _("This is an old Excel file (.xls) or a protected one. Save it as .xlsx or CSV.")
        )
    for magic, word in MAGIC:
        if start.startswith(magic):
            raise FileRefused(_("This is a %(kind)s file, not CSV or XLSX.") % {"kind": word})
    encoding = detect_encoding(file, start)
    text = _decoded_start(start, encoding)
    if not text.strip():
        raise FileRefused(_("The file is empty."))
    return Reading(kind="csv", encoding=encoding, delimiter=detect_delimiter(text))


def detect_encoding(file: IO[bytes], start: bytes) -> str:
    """The encoding of a text file; raises FileRefused where it is no text."""
    for bom, encoding in BOMS:
        if start.startswith(bom):
            return encoding
    if b"\x00" in start:
        return _utf16_or_refuse(start)
    decoder = codecs.getincrementaldecoder("utf-8")()
    bad = b""
    file.seek(0)
    try:
        while block := file.read(1 << 20):
            bad = block
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    finally:
        file.seek(0)
    # Lines that hold something beyond ASCII are the evidence.
    lines = [line for line in (start + b"\n" + bad).splitlines() if not line.isascii()]
    evidence = b"\n".join(lines)[:SAMPLE]
    if len(CONTROL.findall(start.decode("latin-1"))) > len(start) // 200 + 2:
        raise FileRefused(_("This is no text: it holds control characters (a binary file?)."))
    try:
        letters = {c for c in evidence.decode("cp1252") if not c.isascii()}
    except UnicodeDecodeError:
        letters = {"?"}
    if letters <= WESTERN:
        return "cp1252"
    best = charset_normalizer.from_bytes(evidence, cp_isolation=ENCODINGS[5:]).best()
    if best is None:
        raise FileRefused(_("The file's encoding was not recognised. Save it as UTF-8."))
    return str(best.encoding)


def _utf16_or_refuse(start: bytes) -> str:
    odd, even = start[1::2].count(0), start[0::2].count(0)
    half = max(1, len(start) // 2)
    if odd > half * 0.4 and even < half * 0.05:
        return "utf-16-le"
    if even > half * 0.4 and odd < half * 0.05:
        return "utf-16-be"
    where = start.index(b"\x00")
    line = start.count(b"\n", 0, where) + 1
    raise FileRefused(
        _("This is no text: line %(line)d holds a NUL character (byte %(byte)d).")
        % {"line": line, "byte": where + 1}
    )


def _decoded_start(start: bytes, encoding: str) -> str:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    return decoder.decode(start)


def detect_delimiter(text: str) -> str:
    """The delimiter by which most lines of the start have as many cells as the first one."""
    best, best_score = ",", 0.0
    complete = text[: text.rfind("\n") + 1] or text
    for delimiter in DELIMITERS:
        widths: list[int] = []
        try:
            for row in csv.reader(io.StringIO(complete, newline=""), delimiter=delimiter):
                if row:
                    widths.append(len(row))
                if len(widths) >= 500:
                    break
        except csv.Error:
            continue
        if not widths or widths[0] < 2:
            continue
        same = sum(w == widths[0] for w in widths) / len(widths)
        score = same * 100 + min(widths[0], 50) / 10
        if score > best_score:
            best, best_score = delimiter, score
    return best


# --- rows ------------------------------------------------------------------------------------------


def rows(file: IO[bytes], reading: Reading) -> Iterator[Row]:
    """The file's rows with the head first; blank lines come as rows without cells."""
    file.seek(0)
    source = _workbook_rows(file, reading) if reading.kind == "xlsx" else _text_rows(file, reading)
    head: list[Any] | None = None
    count = 0
    for row in source:
        if head is None:
            if not _filled(row.cells):
                continue
            if row.problem:
                raise FileRefused(
                    _("Line %(line)d: %(problem)s") % {"line": row.line, "problem": row.problem}
                )
            head = _head(row)
            yield Row(row.line, head)
            continue
        count += 1
        if count > MAX_ROWS:
            raise FileRefused(
                _("The file has more than %(limit)d rows. Split it.") % {"limit": MAX_ROWS}
            )
        yield _measured(row, len(head), reading)
    if head is None:
        raise FileRefused(_("The file is empty."))


def _filled(cells: list[Any]) -> bool:
    return any(cell is not None and cell != "" and not _blank(cell) for cell in cells)


def _blank(cell: Any) -> bool:
    return isinstance(cell, str) and not cell.strip()


def _head(row: Row) -> list[str]:
    if len(row.cells) > MAX_COLUMNS:
        raise FileRefused(
            _("Line %(line)d has %(n)d columns; at most %(limit)d are read.")
            % {"line": row.line, "n": len(row.cells), "limit": MAX_COLUMNS}
        )
    names: list[str] = []
    cells = list(row.cells)
    while cells and (cells[-1] is None or cells[-1] == ""):
        cells.pop()  # columns without a name at the end hold nothing or make the row too long
    for position, cell in enumerate(cells, 1):
        shown = cell.shown if isinstance(cell, BadCell) else "" if cell is None else str(cell)
        name = " ".join(shown.split())[:100] or _("column %(n)d") % {"n": position}
        if name in names:
            name = f"{name} ({position})"
        names.append(name)
    return names


def _measured(row: Row, width: int, reading: Reading) -> Row:
    """The row at the head's width, or with the problem that it has another one."""
    cells = row.cells
    if row.problem:
        return row
    if not _filled(cells):
        return Row(row.line, [])
    if len(cells) > width:
        if not _filled(cells[width:]):
            cells = cells[:width]
        else:
            return Row(
                row.line,
                cells,
                _("The row has %(n)d cells, the head %(width)d: shifted columns?")
                % {"n": len(cells), "width": width},
            )
    elif len(cells) < width:
        if reading.kind != "xlsx":
            return Row(
                row.line,
                cells,
                _("The row has %(n)d cells, the head %(width)d: shifted columns?")
                % {"n": len(cells), "width": width},
            )
        cells = cells + [None] * (width - len(cells))
    return Row(row.line, cells)


class _Unpushed(io.RawIOBase):
    """Lends a file to a text reader that would close it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._file.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)


def _text_rows(file: IO[bytes], reading: Reading) -> Iterator[Row]:
    text = io.TextIOWrapper(
        io.BufferedReader(_Unpushed(file), 1 << 16), encoding=reading.encoding, newline=""
    )
    lines = csv.reader(text, delimiter=reading.delimiter, strict=True)
    search = CONTROL.search
    while True:
        first = lines.line_num + 1
        try:
            cells = next(lines)
        except StopIteration:
            return
        except UnicodeError:
            raise FileRefused(
                _("After line %(line)d: this is not %(encoding)s text. State the encoding.")
                % {"line": lines.line_num, "encoding": reading.encoding}
            ) from None
        except csv.Error as error:
            words = str(error)
            if "unexpected end of data" in words:
                raise FileRefused(
                    _("Line %(line)d opens a quotation mark that is never closed.")
                    % {"line": first}
                ) from None
            if "field larger" in words:
                raise FileRefused(
                    _(
                        "Line %(line)d holds a cell of more than %(limit)d characters: a quotation "
                        "mark that is not closed?"
                    )
                    % {"line": first, "limit": MAX_CELL}
                ) from None
            yield Row(first, [], _("The quotation marks do not match."))
            continue
        for position, cell in enumerate(cells):
            if search(cell):
                shown = CONTROL.sub("�", cell)
                cells[position] = BadCell(shown, _("a control character stands here"))  # type: ignore[call-overload]
        yield Row(first, cells)


# --- workbooks -------------------------------------------------------------------------------------


def guard_workbook(file: IO[bytes]) -> list[str]:
    """Refuses archives that would swell or deceive, before anything is parsed; names the sheets."""
    if not openpyxl.DEFUSEDXML:
        raise FileRefused("defusedxml is not installed: workbooks are not read.")
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_ENTRIES:
                raise FileRefused(
                    _("The workbook has %(n)d parts; at most %(limit)d are read.")
                    % {"n": len(entries), "limit": MAX_ENTRIES}
                )
            names = {entry.filename for entry in entries}
            if "[Content_Types].xml" not in names or not any(n.startswith("xl/") for n in names):
                raise FileRefused(_("This is an archive (ZIP), not a workbook."))
            if any(entry.flag_bits & 1 for entry in entries):
                raise FileRefused(_("The workbook is protected by a password."))
            if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
                raise FileRefused(_too_large())
            _unpack_and_count(archive, entries)
        file.seek(0)
        book = openpyxl.load_workbook(file, read_only=True, data_only=False)
        try:
            sheets = [sheet.title for sheet in book.worksheets]
        finally:
            book.close()
    except FileRefused:
        raise
    except Exception as error:  # whatever a broken archive makes its readers raise
        raise FileRefused(
            _("The workbook is broken: %(error)s") % {"error": str(error)[:200]}
        ) from None
    finally:
        file.seek(0)
    if not sheets:
        raise FileRefused(_("The workbook has no sheet."))
    return sheets


def _too_large() -> str:
    return _("Unpacked, the workbook is larger than %(limit)d MB.") % {
        "limit": MAX_UNPACKED // 1_000_000
    }


def _unpack_and_count(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    """Counts what really comes out, whatever the directory says; no part may declare entities."""
    total = 0
    for entry in entries:
        size = 0
        tail = b""
        with archive.open(entry) as part:
            while block := part.read(1 << 18):
                size += len(block)
                total += len(block)
                if total > MAX_UNPACKED or size > entry.file_size + 1024:
                    raise FileRefused(_too_large())
                if entry.filename.endswith((".xml", ".rels")) and b"<!" in tail + block:
                    joined = (tail + block).upper()
                    if b"<!DOCTYPE" in joined or b"<!ENTITY" in joined:
                        raise FileRefused(
                            _("The workbook declares entities (%(part)s): it is not read.")
                            % {"part": entry.filename}
                        )
                tail = block[-16:]
        if entry.filename.lower().endswith("sharedstrings.xml") and size > MAX_STRINGS:
            raise FileRefused(_too_large())


def sheet_names(file: IO[bytes]) -> list[str]:
    file.seek(0)
    book = openpyxl.load_workbook(file, read_only=True, data_only=False)
    try:
        return [sheet.title for sheet in book.worksheets]
    finally:
        book.close()
        file.seek(0)


def _workbook_rows(file: IO[bytes], reading: Reading) -> Iterator[Row]:
    guard_workbook(file)
    book = openpyxl.load_workbook(file, read_only=True, data_only=False)
    try:
        try:
            sheet = book[reading.sheet] if reading.sheet else book.worksheets[0]
        except KeyError:
            raise FileRefused(
                _("There is no sheet %(name)s; there are: %(names)s.")
                % {"name": reading.sheet, "names": ", ".join(s.title for s in book.worksheets)}
            ) from None
        sheet.reset_dimensions()  # what the file says of its size is not believed
        blank_run = 0
        rows_ = enumerate(sheet.iter_rows(), 1)
        while True:
            try:
                line, cells = next(rows_)
            except StopIteration:
                return
            except Exception as error:
                raise FileRefused(
                    _("The workbook is broken: %(error)s") % {"error": str(error)[:200]}
                ) from None
            values = [_workbook_value(cell) for cell in cells]
            while values and values[-1] is None:
                values.pop()
            blank_run = 0 if values else blank_run + 1
            if blank_run > MAX_BLANK_RUN:
                raise FileRefused(
                    _("After line %(line)d stand more than %(n)d empty rows.")
                    % {"line": line - blank_run, "n": MAX_BLANK_RUN}
                )
            yield Row(line, values)
    finally:
        book.close()


def _workbook_value(cell: Any) -> Any:
    value = cell.value
    if value is None:
        return None
    kind = cell.data_type
    if kind == "f":
        text = value if isinstance(value, str) else getattr(value, "text", None) or "="
        return BadCell(
            CONTROL.sub("�", str(text))[:200], _("a formula stands here; paste its value instead")
        )
    if kind == "e":
        return BadCell(str(value), _("an error of the spreadsheet stands here"))
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(f"{value:.15g}")  # Excel itself keeps 15 digits
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = str(value)
    if len(text) > MAX_CELL:
        return BadCell(text[:100] + "…", _("more than %(n)d characters") % {"n": MAX_CELL})
    if CONTROL.search(text):
        return BadCell(CONTROL.sub("�", text), _("a control character stands here"))
    return text


# --- the file at a glance ---------------------------------------------------------------------------

DIGIT = re.compile(r"\d").search
NUMBER = re.compile(r"[+\-−]?\(?[\d.,' \u00a0\u202f]*\d[\d.,' \u00a0\u202f]*\)?-?")
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


def shown(cell: Any) -> str:
    """A cell as a person sees it, at most 120 characters."""
    if cell is None:
        return ""
    if isinstance(cell, BadCell):
        return cell.shown[:120]
    if isinstance(cell, bool):
        return _("yes") if cell else _("no")
    if isinstance(cell, Decimal):
        return f"{cell.normalize():f}"
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)[:120]
