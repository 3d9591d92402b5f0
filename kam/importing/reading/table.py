"""The file as a table: a head, and rows at the head's width."""

from collections.abc import Iterator
from typing import IO, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kam.importing.reading.cells import BadCell, FileRefused, Row
from kam.importing.reading.manner import Reading
from kam.importing.reading.text import text_rows
from kam.importing.reading.workbook import workbook_rows

MAX_ROWS = 1_000_000
MAX_COLUMNS = 250


def rows(file: IO[bytes], reading: Reading) -> Iterator[Row]:
    """The file's rows with the head first; blank lines come as rows without cells."""
    file.seek(0)
    source = workbook_rows(file, reading) if reading.kind == "xlsx" else text_rows(file, reading)
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


def doubled(head: list[str]) -> list[str]:
    """Names of the head that stand there more than once: all but the first got their place in brackets."""
    found = []
    for position, name in enumerate(head, 1):
        plain, _space, place = name.rpartition(" ")
        if place == f"({position})" and plain in head[: position - 1] and plain not in found:
            found.append(plain)
    return found


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
                ngettext(
                    "The row has %(n)d cell, the head %(width)d: shifted columns?",
                    "The row has %(n)d cells, the head %(width)d: shifted columns?",
                    len(cells),
                )
                % {"n": len(cells), "width": width},
            )
    elif len(cells) < width:
        if reading.kind != "xlsx":
            return Row(
                row.line,
                cells,
                ngettext(
                    "The row has %(n)d cell, the head %(width)d: shifted columns?",
                    "The row has %(n)d cells, the head %(width)d: shifted columns?",
                    len(cells),
                )
                % {"n": len(cells), "width": width},
            )
        cells = cells + [None] * (width - len(cells))
    return Row(row.line, cells)
