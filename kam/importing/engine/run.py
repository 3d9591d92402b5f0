"""One run over a file: records are compared with what is stored, and written.

The file is read in a stream and compared in blocks, so memory grows with the number of keys and
not with the width of the rows.
"""

from collections.abc import Callable, Iterator
from typing import IO, Any

from django.utils.translation import gettext as _

from kam.importing.engine.findings import Findings, Report
from kam.importing.engine.reader import Reader
from kam.importing.engine.references import References
from kam.importing.engine.trees import Tree, levels
from kam.importing.mapping import Map
from kam.importing.reading import Profile, Reading
from kam.importing.resource import KEEP, Change, Key, Record, Resource, Stored
from kam.importing.resource.references import CHUNK
from kam.models import ImportBatch

KEPT = 150_000  # records that are held between checking and writing; longer files are read again


class Run:
    """A file, read by a map, against the database as it stands.

    ``check`` says what would happen; ``write`` does it, in the transaction of its caller, leaving
    out the lines that ``check`` refused.
    """

    def __init__(
        self,
        resource: Resource,
        mapping: Map,
        reading: Reading,
        file: IO[bytes],
        profile: Profile,
        step: Callable[[int], None] = lambda done: None,
    ) -> None:
        self.resource = resource
        self.mapping = mapping = mapping.fitting(resource, profile.head)
        self.step = step
        self._fields = fields = [
            c.name
            for c in resource.columns
            if c.name in mapping.columns or c.name in mapping.constants
        ]
        self._findings = findings = Findings(resource, mapping)
        self._references = References(resource, fields, mapping.create_missing, findings)
        self._tree = Tree(resource, findings, self._references)
        self._reader = Reader(
            resource, mapping, reading, file, profile.head, fields, findings, step
        )
        self._kept: list[Record] | None = None

    @property
    def report(self) -> Report:
        return self._findings.report

    @property
    def refused_lines(self) -> set[int]:
        return self._findings.refused_lines

    def check(self, *, keep: bool = False) -> Report:
        """Reads everything, writes nothing; ``refused_lines`` holds the lines that are not taken.

        With ``keep`` the records are held for ``write``, as long as they are not too many.
        """
        self._kept = [] if keep else None
        seen: dict[Key, tuple[int, Any]] = {}
        block: list[Record] = []
        for record in self._reader.records(first=True):
            key = record.key
            if key in seen:
                line, values = seen[key]
                if self.mapping.once and values == tuple(record.values.values()):
                    self.report.repeated += 1
                    continue
                where = ", ".join(str(c.label) for c in self.resource.key_columns)
                word = self.resource.key_shown(record.values)
                for here, there in ((record.line, line), (line, record.line)):
                    self._findings.refuse(
                        here,
                        where,
                        word,
                        _("no other row with it; line %(line)d has it") % {"line": there},
                    )
                continue
            seen[key] = (record.line, tuple(record.values.values()) if self.mapping.once else None)
            if self._kept is not None:
                self._kept.append(record)
                if len(self._kept) > KEPT:
                    self._kept = None
            block.append(record)
            if len(block) >= CHUNK:
                self._check_block(block)
                block = []
        self._check_block(block)
        if self.resource.parent and self.resource.parent in self._fields:
            self._tree.check()
        for line, name, expected in self.resource.refuse_all(self._tree.pairs):
            self._findings.refuse(line, self._findings.label(name), "", expected)
        self.report.refused = len(self.refused_lines)
        self.report.new_words = self._references.new_words()
        self.report.rows["refused"].sort(key=lambda row: row["line"])
        self._warn_of_unused()
        return self.report

    def _check_block(self, block: list[Record]) -> None:
        if not block:
            return
        good = self._references.resolved(block, first=True)
        stored = self._existing(good, lock=False)
        rejected: set[int] = set()
        for record, name, expected in self.resource.refuse(good, stored):
            value = record.values.get(name)
            word = self.resource.column(name).shown(value) if value is not None else ""
            self._findings.refuse(
                record.line, self._findings.label(name), word, expected, record.lines
            )
            rejected.add(record.line)
        tree = self.resource.parent and self.resource.parent in self._fields
        for record in good:
            if record.line in rejected:
                continue
            key = record.key
            held = stored.get(key)
            if held is None:
                lacking = self._lacking(record)
                if lacking:
                    for name in lacking:
                        self._findings.refuse(
                            record.line,
                            self._findings.label(name),
                            "",
                            _("a value: the row is new, and this is required"),
                            record.lines,
                        )
                    continue
                self._findings.count("created", record, self._findings.row_shown)
            else:
                fields = self._differing(record, held)
                if fields:
                    self._findings.count(
                        "changed", record, self._findings.change_shown, held, fields
                    )
                else:
                    self._findings.count("unchanged", record, self._findings.row_shown)
            if tree:
                parent = record.values[self.resource.parent]
                self._tree.pairs[key] = (record.line, None if parent is KEEP else parent)
        self.step(self.report.read)

    def _lacking(self, record: Record) -> list[str]:
        return [
            c.name
            for c in self.resource.columns
            if c.required and record.values.get(c.name) in (None, "", KEEP) and c.default is None
        ]

    def _differing(self, record: Record, held: Stored) -> list[str]:
        return [
            name
            for name in self._fields
            if name not in self.resource.key
            and record.values[name] is not KEEP
            and not self.resource.same(name, held.values[name], record.values[name])
        ]

    def _existing(self, records: list[Record], *, lock: bool) -> dict[Key, Stored]:
        keys = [record.key for record in records]
        if not keys:
            return {}
        return self.resource.existing(keys, self._fields, lock=lock)

    def _warn_of_unused(self) -> None:
        for name, words in self.mapping.values.items():
            unused = [w for w in words if w not in self.report.translated.get(name, {})]
            if unused:
                self.report.warnings.append(
                    _("The map translates %(words)s (%(field)s); the file does not hold it.")
                    % {"words": ", ".join(f"“{w}”" for w in unused[:10]), "field": name}
                )
        for name, wanted in self.mapping.only.items():
            unused = [w for w in wanted if w not in self._reader.only_met.get(name, set())]
            if unused:
                self.report.warnings.append(
                    _("Only rows with %(words)s in %(column)s count; the file has none.")
                    % {"words": ", ".join(f"“{w}”" for w in unused[:10]), "column": name}
                )

    def write(self, batch: ImportBatch) -> None:
        """Writes what is new or changed. Call ``check`` first, in the same transaction."""
        for name, words in self.report.new_words.items():
            self.resource.growable(name, words)
        if self.report.new_words:
            self._references.forget()
        seen: set[Key] = set()
        block: list[Record] = []
        moved: list[tuple[Any, Any]] = []
        total = self.report.read
        for record in self._good_records():
            key = record.key
            if key in seen:
                continue  # an allowed repetition
            seen.add(key)
            block.append(record)
            if len(block) >= CHUNK:
                self._write_block(block, batch, moved)
                block = []
                self.step(total + min(record.line, total))
        self._write_block(block, batch, moved)
        self.resource.finish(batch)
        if moved:
            for level in levels(moved):
                self.resource.set_parents(level)
        self.step(2 * total)

    def _good_records(self) -> Iterator[Record]:
        if self._kept is None:
            return self._reader.records(first=False)
        return (r for r in self._kept if r.line not in self.refused_lines)

    def _write_block(
        self, block: list[Record], batch: ImportBatch, moved: list[tuple[Any, Any]]
    ) -> None:
        if not block:
            return
        block = self._references.resolved(block, first=False)
        stored = self._existing(block, lock=True)
        new, changes = [], []
        tree = self.resource.parent
        for record in block:
            key = record.key
            held = stored.get(key)
            parent = record.values.get(tree) if tree else None
            if held is None:
                new.append(record)
                if parent not in (None, KEEP):
                    moved.append((key[0], self.resource.reference_of(tree).key(parent)))
                continue
            fields = self._differing(record, held)
            if fields:
                changes.append(Change(held, record, fields))
                if tree in fields:
                    moved.append(
                        (
                            key[0],
                            None
                            if parent is None
                            else self.resource.reference_of(tree).key(parent),
                        )
                    )
        if new:
            self.resource.create(new, batch)
        if changes:
            self.resource.change(changes, batch)
