"""Rows become records: cells by the map, values by the columns, sums where the map says so."""

from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import IO, Any

from django.utils.translation import gettext as _

from kam.importing import reading as files
from kam.importing.engine.findings import Findings
from kam.importing.mapping import Map, compiled
from kam.importing.reading import BadCell, FileRefused, Reading, shown
from kam.importing.resource import KEEP, Key, Record, Resource
from kam.importing.resource.values import ValueRefused, fitted, number, parse

CACHED = 100_000  # values of a column whose meaning is remembered within one run
LONG = 500  # characters; longer texts hardly stand twice
TEXTS = ("text", "email", "url", "country", "choice")


class Reader:
    """A file that can be read several times; only the first time counts for the report."""

    def __init__(
        self,
        resource: Resource,
        mapping: Map,
        reading: Reading,
        file: IO[bytes],
        head: list[str],
        fields: list[str],
        findings: Findings,
        step: Callable[[int], None],
    ) -> None:
        self.resource = resource
        self.mapping = mapping
        self.reading = reading
        self.file = file
        self.head = head
        self.findings = findings
        self.step = step
        #: Words of a column of which only some count, that were met: column → words.
        self.only_met: dict[str, set[str]] = {}
        self._fields = fields
        self._meanings: dict[str, dict[str, Any]] = {}
        self._scale = {name: Decimal(factor) for name, factor in mapping.scale.items()}
        self._blank_words = {word.casefold() for word in reading.blank}

    def records(self, *, first: bool) -> Iterator[Record]:
        """The file's rows as they shall be; rows of one key are added up where the map wants it."""
        if not self.mapping.sum:
            yield from self._parsed(first=first)
            return
        added = self.resource.may_sum
        sums: dict[Key, Record] = {}
        for record in self._parsed(first=first):
            key = record.key
            held = sums.get(key)
            if held is None:
                record.lines = [record.line]
                sums[key] = record
                continue
            for name, value in record.values.items():
                if name in added:
                    held.values[name] = (held.values[name] or 0) + (value or 0)
                elif not self.resource.same(name, held.values[name], value):
                    if first:
                        self.findings.refuse(
                            record.line,
                            self.findings.label(name),
                            self.resource.column(name).shown(value),
                            _("the same as in line %(line)d, with which it is added up")
                            % {"line": held.line},
                            [record.line],
                        )
                    break
            else:
                held.lines.append(record.line)
                if first:
                    self.findings.report.added_up += 1
        for record in sums.values():
            try:
                for name in added:
                    if isinstance(record.values.get(name), Decimal):
                        fitted(self.resource.column(name), record.values[name])
            except ValueRefused as error:
                if first:
                    self.findings.refuse(
                        record.line,
                        self.findings.label(name),
                        str(record.values[name]),
                        str(error),
                        record.lines,
                    )
                continue
            yield record

    def _parsed(self, *, first: bool) -> Iterator[Record]:
        source = files.rows(self.file, self.reading)
        head = next(source).cells
        if head != self.head:
            raise FileRefused(_("The file's head is another one now."))
        only = [
            (name, head.index(name), {w.strip() for w in words})
            for name, words in self.mapping.only.items()
        ]
        self.only_met = {}
        takers: list[Any] = []
        for name in self._fields:
            column = self.resource.column(name)
            words = self.mapping.values.get(name)
            known = self._meanings.setdefault(name, {})
            if name in self.mapping.constants:
                constant = self.mapping.constants[name]
                takers.append((name, column, lambda cells, c=constant: c, known, words))
            else:
                take = compiled(self.mapping.columns[name], head)
                takers.append((name, column, take, known, words))
        report = self.findings.report
        for row in source:
            line, cells, problem = row
            if not cells and not problem:
                if first:
                    report.blank += 1
                continue
            if first:
                report.read += 1
                if not report.read % 5000:
                    self.step(report.read)
            if problem:
                if first:
                    self.findings.refuse(
                        line, "", " | ".join(shown(c) for c in cells)[:120], problem
                    )
                continue
            if only and not self._counts(only, cells, first):
                continue
            if not first and line in self.findings.refused_lines:
                continue
            record = self._record(line, cells, takers, first)
            if record is not None:
                yield record

    def _counts(self, only: list[Any], cells: list[Any], first: bool) -> bool:
        for name, position, words in only:
            word = shown(cells[position]).strip()
            if word not in words:
                if first:
                    self.findings.report.left_out += 1
                    self.findings.report.left_out_values.setdefault(name, Counter())[word] += 1
                return False
            self.only_met.setdefault(name, set()).add(word)
        return True

    def _record(self, line: int, cells: list[Any], takers: list[Any], first: bool) -> Record | None:
        values: dict[str, Any] = {}
        good = True
        for name, column, take, known, words in takers:
            cell = take(cells)
            try:
                if type(cell) is str:
                    meaning = known.get(cell, known)
                    if meaning is known or words:
                        meaning = self._meaning(name, column, cell, known, words, first)
                    if meaning.__class__ is ValueRefused:
                        raise meaning
                    values[name] = meaning
                else:
                    values[name] = self._read(name, column, cell, words)
            except ValueRefused as error:
                good = False
                if first:
                    self.findings.refuse(line, self.findings.label(name), shown(cell), str(error))
        return Record(line, values, self.resource.key_of(values)) if good else None

    def _meaning(
        self,
        name: str,
        column: Any,
        cell: str,
        known: dict[str, Any],
        words: dict[str, str] | None,
        first: bool,
    ) -> Any:
        """A text's value, or the refusal of it; what a text means is remembered."""
        meaning = known.get(cell, known)
        if meaning is known:
            try:
                meaning = self._read(name, column, cell, words)
            except ValueRefused as error:
                meaning = error
            if len(known) < CACHED and len(cell) < LONG:
                known[cell] = meaning
        if words and first and cell.strip() in words:
            self.findings.report.translated.setdefault(name, Counter())[cell.strip()] += 1
        return meaning

    def _read(self, name: str, column: Any, cell: Any, words: dict[str, str] | None) -> Any:
        if isinstance(cell, BadCell):
            raise ValueRefused(cell.reason)
        if isinstance(cell, str):
            cell = cell.strip()
            if words and cell in words:
                cell = words[cell]
            elif cell.casefold() in self._blank_words:
                cell = ""
        elif words and shown(cell) in words:
            cell = words[shown(cell)]
        if cell is None or cell == "":
            return self._empty(name, column)
        factor = self._scale.get(name)
        if factor is None:
            return parse(column, cell, self.reading)
        if column.kind not in ("decimal", "integer"):
            raise ValueRefused(_("a number: the map multiplies it"))
        value = cell if isinstance(cell, Decimal) else number(cell, self.reading.decimal)
        return parse(column, value * factor, self.reading)

    def _empty(self, name: str, column: Any) -> Any:
        if column.default is not None:
            return column.default
        if column.required or name in self.resource.key:
            raise ValueRefused(_("a value; the cell is empty"))
        if column.null:
            return None
        return "" if column.blank and column.kind in TEXTS else KEEP
