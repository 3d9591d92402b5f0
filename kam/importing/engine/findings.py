"""What a run finds: counts, the first rows of each kind, and the lines that are not taken."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kam.importing.mapping import Map
from kam.importing.resource import Record, Resource, Stored

SHOWN = 300  # rows of each kind that the preview keeps
LONGEST = 400  # characters of a value that it shows
KINDS = ("created", "changed", "unchanged", "refused")


def clipped(text: str, start: int = 0) -> str:
    """A long text as the preview shows it, from near ``start``."""
    start = max(0, start - LONGEST // 4) if len(text) > LONGEST else 0
    end = start + LONGEST
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")


def common_start(one: str, other: str) -> int:
    """How many characters two texts have in common at their start."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


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


class Findings:
    """The report while it is being made; ``refused_lines`` holds the lines that are not taken."""

    def __init__(self, resource: Resource, mapping: Map) -> None:
        self.resource = resource
        self.mapping = mapping
        self.report = Report()
        self.refused_lines: set[int] = set()
        self._kinds: dict[int, str] = {}

    def label(self, name: str) -> str:
        """A field as the preview names it: with the file's own column where there is one."""
        source = self.mapping.columns.get(name, "")
        label = str(self.resource.column(name).label)
        return f"{label} ({source})" if source and source != label else label

    def refuse(
        self, line: int, column: str, value: str, expected: str, lines: list[int] | None = None
    ) -> None:
        """A row (or all ``lines`` that were added up in it) is not taken, for this reason."""
        kind = self._kinds.pop(line, None)
        if kind is not None:  # it was counted before something later in the file spoke against it
            setattr(self.report, kind, getattr(self.report, kind) - 1)
            self.report.rows[kind] = [r for r in self.report.rows[kind] if r["line"] != line]
        self.refused_lines.update(lines or [line])
        self.report.reasons[f"{column}: {expected}" if column else expected] += 1
        if len(self.report.rows["refused"]) < SHOWN:
            self.report.rows["refused"].append(
                Refusal(line, column, clipped(value), expected).as_json()
            )

    def count(
        self, kind: str, record: Record, shown_row: Callable[..., dict[str, Any]], *more: Any
    ) -> None:
        """One more row of a kind, shown as long as the preview has room."""
        if record.line in self.refused_lines:
            return
        setattr(self.report, kind, getattr(self.report, kind) + 1)
        self._kinds[record.line] = kind
        if len(self.report.rows[kind]) < SHOWN:
            self.report.rows[kind].append(shown_row(record, *more))

    def row_shown(self, record: Record) -> dict[str, Any]:
        values = {
            name: clipped(self.resource.column(name).shown(value))
            for name, value in record.values.items()
        }
        return {
            "line": record.line,
            "lines": len(record.lines) or 1,
            "key": self.resource.key_shown(record.values),
            "values": values,
        }

    def change_shown(self, record: Record, held: Stored, fields: list[str]) -> dict[str, Any]:
        changes = []
        for name in fields:
            column = self.resource.column(name)
            before, after = column.shown(held.values[name]), column.shown(record.values[name])
            start = common_start(before, after)  # long texts: from where they differ
            changes.append(
                {
                    "column": str(column.label),
                    "before": clipped(before, start),
                    "after": clipped(after, start),
                }
            )
        return {
            "line": record.line,
            "key": self.resource.key_shown(record.values),
            "changes": changes,
        }
