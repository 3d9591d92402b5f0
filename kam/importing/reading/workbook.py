"""The sheets and rows of an XLSX file, which is looked at closely before anything is parsed."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

import openpyxl
from django.utils.translation import gettext as _

from kam.importing.reading.cells import (
    CONTROL,
    MAX_CELL,
    BadCell,
    FileRefused,
    Row,
    without_controls,
)
from kam.importing.reading.manner import Reading

MAX_ENTRIES = 2_000
MAX_UNPACKED = 400_000_000
MAX_STRINGS = 60_000_000  # of the shared strings, which have to be held in memory
MAX_BLANK_RUN = 100_000


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
        sheets = sheet_names(file)
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


@contextmanager
def _opened(file: IO[bytes]) -> Iterator[Any]:
    file.seek(0)
    book = openpyxl.load_workbook(file, read_only=True, data_only=False)
    try:
        yield book
    finally:
        book.close()


def sheet_names(file: IO[bytes]) -> list[str]:
    """The sheets, and the file at its beginning again."""
    try:
        with _opened(file) as book:
            return [sheet.title for sheet in book.worksheets]
    finally:
        file.seek(0)


def workbook_rows(file: IO[bytes], reading: Reading) -> Iterator[Row]:
    guard_workbook(file)
    with _opened(file) as book:
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
            values = [_value(cell) for cell in cells]
            while values and values[-1] is None:
                values.pop()
            blank_run = 0 if values else blank_run + 1
            if blank_run > MAX_BLANK_RUN:
                raise FileRefused(
                    _("After line %(line)d stand more than %(n)d empty rows.")
                    % {"line": line - blank_run, "n": MAX_BLANK_RUN}
                )
            yield Row(line, values)


def _value(cell: Any) -> Any:
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
    return without_controls(text)
