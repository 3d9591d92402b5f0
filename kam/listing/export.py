"""The filtered list as a file."""

import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from kam.listing.columns import Column
from kam.listing.files import csv_lines, write_xlsx
from kam.listing.filtered import FilteredRows
from kam.listing.keyset import capped_count

CSV_CAP = 100_000  # rows in one CSV file
XLSX_CAP = 20_000  # rows in one workbook


class Exporting(FilteredRows):
    """CSV and XLSX of all rows that the filter leaves."""

    def export(self, kind: str) -> HttpResponseBase:
        """The filtered list as a file. Text that a spreadsheet would take for a formula stays text."""
        if kind not in ("csv", "xlsx"):
            raise Http404
        cap = CSV_CAP if kind == "csv" else XLSX_CAP
        filtered = self.filterset.qs
        _count, too_many = capped_count(filtered, cap)
        if too_many or not self.filterset.is_valid():
            text = _("A file holds at most %(cap)d rows. Narrow the filter.") % {"cap": cap}
            if not self.filterset.is_valid():
                text = _("The filter has an error: correct it first.")
            messages.error(self.request, text)
            return self.back()
        columns = [column for column in self.columns if column.in_file]
        heads = [self._head(column) for column in columns]
        name = f"{slugify(str(self.title)) or self.key}-{timezone.localdate():%Y-%m-%d}.{kind}"
        lines = self._lines(filtered, columns)
        if kind == "csv":
            response = StreamingHttpResponse(
                csv_lines(heads, lines), content_type="text/csv; charset=utf-8"
            )
            response["Content-Disposition"] = f'attachment; filename="{name}"'
            return response
        file = tempfile.TemporaryFile()  # noqa: SIM115 - FileResponse closes it
        write_xlsx(file, str(self.title), heads, lines)
        file.seek(0)
        return FileResponse(
            file,
            as_attachment=True,
            filename=name,
            content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        )

    def _head(self, column: Column) -> str:
        unit = column.unit_in(self)
        return f"{column.label} ({unit})" if unit else str(column.label)

    def _lines(self, queryset: Any, columns: Sequence[Column]) -> Iterator[list[Any]]:
        ordered = self.fetch(queryset).order_by(*(k.ordering(backward=False) for k in self.keys))
        chunk: list[Any] = []
        for row in ordered.iterator(chunk_size=1000):
            chunk.append(row)
            if len(chunk) == 1000:
                yield from self._chunk(chunk, columns)
                chunk = []
        yield from self._chunk(chunk, columns)

    def _chunk(self, rows: list[Any], columns: Sequence[Column]) -> Iterator[list[Any]]:
        if rows:
            self.prepare(rows)
        for row in rows:
            yield [column.plain(row) for column in columns]
