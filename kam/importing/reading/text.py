"""The rows of a CSV file."""

import csv
import io
from collections.abc import Iterator
from typing import IO, Any

from django.utils.translation import gettext as _

from kam.importing.reading.cells import CONTROL, MAX_CELL, FileRefused, Row, without_controls
from kam.importing.reading.manner import Reading

csv.field_size_limit(MAX_CELL)


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


def text_rows(file: IO[bytes], reading: Reading) -> Iterator[Row]:
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
                cells[position] = without_controls(cell)
        yield Row(first, cells)
