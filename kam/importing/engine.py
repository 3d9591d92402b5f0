"""One run over a file: rows become records, records are compared with what is stored, and written.

The file is read in a stream and compared in blocks, so memory grows with the number of keys and
not with the width of the rows. ``check`` says what would happen; ``write`` does it, in the
transaction of its caller, leaving out the lines that ``check`` refused.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import IO, Any

from django.utils.translation import gettext as _

from kam.importing import reading as files
from kam.importing.mapping import Map, compiled
from kam.importing.reading import BadCell, FileRefused, Profile, Reading, shown
from kam.importing.resource import KEEP, Change, Key, Record, Resource, Stored
from kam.importing.resource.base import CHUNK
from kam.importing.resource.values import ValueRefused, fitted, number, parse
from kam.models import ImportBatch

SHOWN = 300  # rows of each kind that the preview keeps
KEPT = 150_000  # records that are held between checking and writing; longer files are read again
CACHED = 100_000  # values of a column whose meaning is remembered within one run
KINDS = ("created", "changed", "unchanged", "refused")


@dataclass(slots=True)
class Refusal:
    """One reason why a row is not taken."""

    line: int
    column: str
    value: str
    expected: str

    def as_json(self) -> dict[str, Any]:
        return {
            "line": self.line,
            "column": self.column,
            "value": self.value,
            "expected": self.expected,
        }


@dataclass(slots=True)
class Report:
    """What a run found: counts in rows of the result, and the first rows of each kind."""

    read: int = 0
    blank: int = 0
    left_out: int = 0
    left_out_values: dict[str, Counter[str]] = field(default_factory=dict)
    repeated: int = 0
    added_up: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    translated: dict[str, Counter[str]] = field(default_factory=dict)
    new_words: dict[str, list[str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    rows: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {kind: [] for kind in KINDS}
    )

    def as_json(self) -> dict[str, Any]:
        return {
            "read": self.read,
            "blank": self.blank,
            "left_out": self.left_out,
            "left_out_values": {
                k: dict(c.most_common(30)) for k, c in self.left_out_values.items()
            },
            "repeated": self.repeated,
            "added_up": self.added_up,
            "created": self.created,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "refused": self.refused,
            "translated": {k: dict(c.most_common(100)) for k, c in self.translated.items()},
            "new_words": self.new_words,
            "warnings": self.warnings,
            "reasons": dict(self.reasons.most_common(50)),
            "rows": self.rows,
        }


class Run:
    """A file, read by a map, against the database as it stands."""

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
        self.mapping = mapping.fitting(resource, profile.head)
        self.reading = reading
        self.file = file
        self.head = profile.head
        self.step = step
        self.report = Report()
        self.refused_lines: set[int] = set()
        self._kept: list[Record] | None = None
        self._kinds: dict[int, str] = {}
        self._pairs: dict[Key, tuple[int, Any]] = {}  # key → (line, parent's key): trees only
        self._ids: dict[str, dict[str, int | None]] = {}
        self._stored_parents: dict[Any, Any] = {}
        self._meanings: dict[str, dict[str, Any]] = {}
        self._new_words = resource.new_words = {n: {} for n in self.mapping.create_missing}
        self._near: dict[tuple[str, str], str] = {}
        self._scale = {name: Decimal(factor) for name, factor in self.mapping.scale.items()}
        self._fields = [
            c.name
            for c in resource.columns
            if c.name in self.mapping.columns or c.name in self.mapping.constants
        ]
        self._blank_words = {word.casefold() for word in reading.blank}

    # --- what would happen -------------------------------------------------------------------------

    def check(self, *, keep: bool = False) -> Report:
        """Reads everything, writes nothing; ``refused_lines`` holds the lines that are not taken.

        With ``keep`` the records are held for ``write``, as long as they are not too many.
        """
        self._kept = [] if keep else None
        seen: dict[Key, tuple[int, Any]] = {}
        block: list[Record] = []
        for record in self._records(first=True):
            key = record.key
            if key in seen:
                line, values = seen[key]
                if self.mapping.once and values == tuple(record.values.values()):
                    self.report.repeated += 1
                    continue
                where = ", ".join(str(c.label) for c in self.resource.key_columns)
                word = self.resource.key_shown(record.values)
                for here, there in ((record.line, line), (line, record.line)):
                    self._refuse(
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
            self._check_tree()
        for line, name, expected in self.resource.refuse_all(self._pairs):
            self._refuse(line, self._label(name), "", expected)
        self.report.refused = len(self.refused_lines)
        self.report.new_words = {n: sorted(w.values()) for n, w in self._new_words.items() if w}
        self.report.rows["refused"].sort(key=lambda row: row["line"])
        self._warn_of_unused()
        return self.report

    def _check_block(self, block: list[Record]) -> None:
        if not block:
            return
        good = self._resolved(block, first=True)
        stored = self._existing(good, lock=False)
        rejected: set[int] = set()
        for record, name, expected in self.resource.refuse(good, stored):
            value = record.values.get(name)
            word = self.resource.column(name).shown(value) if value is not None else ""
            self._refuse(record.line, self._label(name), word, expected, record.lines)
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
                        self._refuse(
                            record.line,
                            self._label(name),
                            "",
                            _("a value: the row is new, and this is required"),
                            record.lines,
                        )
                    continue
                self._count("created", record, self._row_shown)
            else:
                fields = self._differing(record, held)
                if fields:
                    self._count("changed", record, self._change_shown, held, fields)
                else:
                    self._count("unchanged", record, self._row_shown)
            if tree:
                parent = record.values[self.resource.parent]
                self._pairs[key] = (record.line, None if parent is KEEP else parent)
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

    def _count(
        self, kind: str, record: Record, shown_row: Callable[..., dict[str, Any]], *more: Any
    ) -> None:
        if record.line in self.refused_lines:
            return
        setattr(self.report, kind, getattr(self.report, kind) + 1)
        self._kinds[record.line] = kind
        if len(self.report.rows[kind]) < SHOWN:
            self.report.rows[kind].append(shown_row(record, *more))

    def _row_shown(self, record: Record) -> dict[str, Any]:
        values = {
            name: self.resource.column(name).shown(value) for name, value in record.values.items()
        }
        return {
            "line": record.line,
            "lines": len(record.lines) or 1,
            "key": self.resource.key_shown(record.values),
            "values": values,
        }

    def _change_shown(self, record: Record, held: Stored, fields: list[str]) -> dict[str, Any]:
        changes = []
        for name in fields:
            column = self.resource.column(name)
            changes.append(
                {
                    "column": str(column.label),
                    "before": column.shown(held.values[name]),
                    "after": column.shown(record.values[name]),
                }
            )
        return {
            "line": record.line,
            "key": self.resource.key_shown(record.values),
            "changes": changes,
        }

    def _label(self, name: str) -> str:
        """A field as the preview names it: with the file's own column where there is one."""
        source = self.mapping.columns.get(name, "")
        label = str(self.resource.column(name).label)
        return f"{label} ({source})" if source and source != label else label

    def _refuse(
        self, line: int, column: str, value: str, expected: str, lines: list[int] | None = None
    ) -> None:
        kind = self._kinds.pop(line, None)
        if kind is not None:  # it was counted before something later in the file spoke against it
            setattr(self.report, kind, getattr(self.report, kind) - 1)
            self.report.rows[kind] = [r for r in self.report.rows[kind] if r["line"] != line]
        self.refused_lines.update(lines or [line])
        self.report.reasons[f"{column}: {expected}" if column else expected] += 1
        if len(self.report.rows["refused"]) < SHOWN:
            self.report.rows["refused"].append(Refusal(line, column, value, expected).as_json())

    def _warn_of_unused(self) -> None:
        for name, words in self.mapping.values.items():
            unused = [w for w in words if w not in self.report.translated.get(name, {})]
            if unused:
                self.report.warnings.append(
                    _("The map translates %(words)s (%(field)s); the file does not hold it.")
                    % {"words": ", ".join(f"“{w}”" for w in unused[:10]), "field": name}
                )
        for name, wanted in self.mapping.only.items():
            unused = [w for w in wanted if w not in self._only_met.get(name, set())]
            if unused:
                self.report.warnings.append(
                    _("Only rows with %(words)s in %(column)s count; the file has none.")
                    % {"words": ", ".join(f"“{w}”" for w in unused[:10]), "column": name}
                )

    # --- trees -------------------------------------------------------------------------------------

    def _check_tree(self) -> None:
        """Parents that exist nowhere, and circles, which are named."""
        reference = self.resource.column(self.resource.parent).reference
        assert reference is not None  # noqa: S101
        pairs = {key[0]: (line, parent) for key, (line, parent) in self._pairs.items()}
        words = {reference.key(p): p for _line, p in pairs.values() if p is not None}
        strange = [w for w in words if w not in pairs]
        known: set[str] = set()
        for start in range(0, len(strange), CHUNK):
            known |= set(reference.ids(strange[start : start + CHUNK]))
        above = self._stored_chain([w for w in strange if w in known])
        label = self._label(self.resource.parent)
        for line, parent in pairs.values():
            if (
                parent is not None
                and reference.key(parent) not in pairs
                and reference.key(parent) not in known
            ):
                self._refuse(line, label, parent, self._unknown(self.resource.parent, parent))
        up = {k: None if p is None else reference.key(p) for k, (_line, p) in pairs.items()}
        up = {**above, **up}
        for circle in circles(up):
            names = " → ".join(words.get(w, w) for w in [*circle, circle[0]])
            for key in circle:
                if key in pairs:
                    line, parent = pairs[key]
                    self._refuse(
                        line,
                        label,
                        str(parent or ""),
                        _("no circle; here is %(names)s") % {"names": names},
                    )
        # A row under a refused new row has no parent either.
        below: dict[str, list[str]] = {}
        for key, parent in up.items():
            if parent is not None:
                below.setdefault(parent, []).append(key)
        refused = {k for k, (line, _p) in pairs.items() if line in self.refused_lines}
        if not refused:
            return
        stored = self._stored_keys(set(pairs))
        waiting = [k for k in refused if k not in stored]
        done = set(waiting)
        while waiting:
            top = waiting.pop()
            for key in below.get(top, []):
                if key not in done and key in pairs:
                    done.add(key)
                    line, parent = pairs[key]
                    self._refuse(
                        line,
                        label,
                        str(parent),
                        _("a row that is taken; the one in line %(line)d is refused")
                        % {"line": pairs[top][0]},
                    )
                    if key not in stored:
                        waiting.append(key)

    def _stored_keys(self, keys: set[str]) -> set[str]:
        reference = self.resource.column(self.resource.parent).reference
        assert reference is not None  # noqa: S101
        found: set[str] = set()
        ordered = sorted(keys)
        for start in range(0, len(ordered), CHUNK):
            found |= set(reference.ids(ordered[start : start + CHUNK]))
        return found

    def _stored_chain(self, keys: list[str]) -> dict[str, str | None]:
        """For stored rows outside the file, the chain of those above them: key → parent's key."""
        reference = self.resource.column(self.resource.parent).reference
        assert reference is not None  # noqa: S101
        up: dict[str, str | None] = {}
        asked = set(keys)
        while asked:
            part = [(key,) for key in asked]
            found = self.resource.existing(part, [self.resource.parent], lock=False)
            asked = set()
            for key, held in found.items():
                parent = held.values[self.resource.parent]
                up[key[0]] = None if not parent else reference.key(parent)
                if parent and up[key[0]] not in up and (up[key[0]],) not in self._pairs:
                    asked.add(reference.key(parent))
        return up

    # --- writing -----------------------------------------------------------------------------------

    def write(self, batch: ImportBatch) -> None:
        """Writes what is new or changed. Call ``check`` first, in the same transaction."""
        for name, words in self.report.new_words.items():
            self.resource.growable(name, words)
        self._ids.clear()
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
            return self._records(first=False)
        return (r for r in self._kept if r.line not in self.refused_lines)

    def _write_block(
        self, block: list[Record], batch: ImportBatch, moved: list[tuple[Any, Any]]
    ) -> None:
        if not block:
            return
        block = self._resolved(block, first=False)
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
                    moved.append((key[0], self._key(tree, parent)))
                continue
            fields = self._differing(record, held)
            if fields:
                changes.append(Change(held, record, fields))
                if tree in fields:
                    moved.append((key[0], None if parent is None else self._key(tree, parent)))
        if new:
            self.resource.create(new, batch)
        if changes:
            self.resource.change(changes, batch)

    def _key(self, name: str, word: str) -> str:
        reference = self.resource.column(name).reference
        assert reference is not None  # noqa: S101
        return reference.key(word)

    # --- rows to records ---------------------------------------------------------------------------

    def _records(self, *, first: bool) -> Iterator[Record]:
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
                        self._refuse(
                            record.line,
                            self._label(name),
                            self.resource.column(name).shown(value),
                            _("the same as in line %(line)d, with which it is added up")
                            % {"line": held.line},
                            [record.line],
                        )
                    break
            else:
                held.lines.append(record.line)
                if first:
                    self.report.added_up += 1
        for record in sums.values():
            try:
                for name in added:
                    if isinstance(record.values.get(name), Decimal):
                        fitted(self.resource.column(name), record.values[name])
            except ValueRefused as error:
                if first:
                    self._refuse(
                        record.line,
                        self._label(name),
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
        self._only_met: dict[str, set[str]] = {}
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
        report = self.report
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
                    self._refuse(line, "", " | ".join(shown(c) for c in cells)[:120], problem)
                continue
            if only and not self._counts(only, cells, first):
                continue
            if not first and line in self.refused_lines:
                continue
            record = self._record(line, cells, takers, first)
            if record is not None:
                yield record

    def _counts(self, only: list[Any], cells: list[Any], first: bool) -> bool:
        for name, position, words in only:
            word = shown(cells[position]).strip()
            if word not in words:
                if first:
                    self.report.left_out += 1
                    self.report.left_out_values.setdefault(name, Counter())[word] += 1
                return False
            self._only_met.setdefault(name, set()).add(word)
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
                    self._refuse(line, self._label(name), shown(cell), str(error))
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
            if len(known) < CACHED:
                known[cell] = meaning
        if words and first and cell.strip() in words:
            self.report.translated.setdefault(name, Counter())[cell.strip()] += 1
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

    # --- references --------------------------------------------------------------------------------

    def _resolved(self, block: list[Record], *, first: bool) -> list[Record]:
        """Finds the ids behind the words of a block; refuses records with unknown ones."""
        good = block
        for name in self._fields:
            column = self.resource.column(name)
            if column.reference is None or name == self.resource.parent:
                continue
            reference = column.reference
            ids = self._ids.setdefault(name, {})
            words = {r.values[name] for r in good if isinstance(r.values[name], str)}
            asked = {reference.key(w) for w in words if w} - ids.keys()
            if asked:
                ids.update(reference.ids(asked))
                ids.update({key: None for key in asked if key not in ids})
            kept = []
            for record in good:
                word = record.values[name]
                if word is KEEP or word is None or word == "":
                    record.ids[name] = None
                    kept.append(record)
                    continue
                found = ids[reference.key(word)]
                if found is None and name in self._new_words and first:
                    self._new_words[name].setdefault(reference.key(word), word)
                elif found is None:
                    if first:
                        self._refuse(
                            record.line,
                            self._label(name),
                            word,
                            self._unknown(name, word),
                            record.lines,
                        )
                    continue
                record.ids[name] = found
                kept.append(record)
            good = kept
        return good

    def _unknown(self, name: str, word: str) -> str:
        """What is expected of an unknown word, with the nearest known one as a hint."""
        at = (name, word)
        if at not in self._near:
            reference = self.resource.column(name).reference
            assert reference is not None  # noqa: S101
            self._near[at] = reference.near(word) if len(self._near) < 200 else ""
        near = self._near[at]
        if near:
            return _("one that is known; near it is “%(near)s”") % {"near": near}
        return _("one that is known")


TEXTS = ("text", "email", "url", "country", "choice")


def circles(up: dict[Any, Any]) -> list[list[Any]]:
    """The circles in child → parent links, each once, in the order in which they are walked."""
    state: dict[Any, int] = {}
    found = []
    for start in up:
        path = []
        node = start
        while node is not None and node in up and node not in state:
            state[node] = 1
            path.append(node)
            node = up[node]
        if node is not None and state.get(node) == 1 and node in path:
            found.append(path[path.index(node) :])
        for node in path:
            state[node] = 2
    return found


def levels(pairs: list[tuple[Any, Any]]) -> list[list[tuple[Any, Any]]]:
    """Child–parent pairs in layers: those whose parent does not move come first."""
    up = dict(pairs)
    depth: dict[Any, int] = {}
    for start in up:
        path = []
        node = start
        while node in up and node not in depth:
            path.append(node)
            node = up[node]
        base = depth.get(node, -1)
        for position, node in enumerate(reversed(path), 1):
            depth[node] = base + position
    layers: list[list[tuple[Any, Any]]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for key, parent in up.items():
        layers[depth[key]].append((key, parent))
    return [layer for layer in layers if layer]
