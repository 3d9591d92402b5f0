"""Rows as CSV and XLSX. Text that a spreadsheet would take for a formula stays text."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

#: With those of East Asian keyboards, which spreadsheets there take for the same.
SIGNS = "=+\\-@＝＋－＠"
FORMULA = re.compile(rf"^(?=\s*[{SIGNS}]|[\t\r\n])")
#: A spreadsheet that parts cells by semicolons or tabs begins a new one behind them.
INNER_FORMULA = re.compile(rf"(?<=[;\t\r\n])(?=[{SIGNS}])")


def safe_text(value: Any) -> Any:
    """A value for CSV: text that a spreadsheet would run as a formula gets an apostrophe first.

    So does what would be one where the file is parted otherwise than it was written.
    """
    if not isinstance(value, str):
        return value
    return FORMULA.sub("'", INNER_FORMULA.sub("'", value))


class _Line:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_lines(heads: Sequence[str], lines: Iterable[Sequence[Any]]) -> Iterator[str]:
    """CSV line by line, with the mark by which spreadsheets know UTF-8."""
    writer = csv.writer(_Line())
    yield "\ufeff" + writer.writerow([safe_text(head) for head in heads])  # type: ignore[operator]
    for line in lines:
        yield writer.writerow([safe_text(_csv(value)) for value in line])  # type: ignore[misc]


def _csv(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, int | Decimal | float) else str(value)


Sheet = tuple[str, Sequence[str], Iterable[Sequence[Any]]]


def write_xlsx(file: Any, title: str, heads: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    """A workbook with one sheet; text is always text, never a formula."""
    write_sheets(file, [(title, heads, lines)])


def write_sheets(file: Any, sheets: Iterable[Sheet]) -> None:
    """A workbook with a sheet for each (title, heads, lines); text is always text."""
    book = Workbook(write_only=True)
    for title, heads, lines in sheets:
        _fill(book, title, heads, lines)
    book.save(file)


def _fill(book: Workbook, title: str, heads: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    sheet = book.create_sheet("".join(c for c in title if c not in r"[]:*?/\\")[:31] or "1")
    sheet.freeze_panes = "A2"

    def cell(value: Any) -> Any:
        if isinstance(value, bool):
            value = _("Yes") if value else _("No")
        if isinstance(value, datetime):
            return timezone.localtime(value).replace(tzinfo=None)
        if value is None or isinstance(value, date | int | float | Decimal):
            return value
        made = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", str(value))[:32767])
        made.data_type = "s"
        return made

    sheet.append([cell(head) for head in heads])
    for line in lines:
        sheet.append([cell(value) for value in line])
