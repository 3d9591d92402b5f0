"""The words of references, looked up block by block."""

from django.utils.translation import gettext as _

from kam.importing.engine.findings import Findings
from kam.importing.resource import KEEP, Record, Resource


class References:
    """Finds the ids behind words; remembers them within one run."""

    def __init__(
        self, resource: Resource, fields: list[str], create_missing: list[str], findings: Findings
    ) -> None:
        self.resource = resource
        self.findings = findings
        self._fields = fields
        self._new_words = resource.new_words = {name: {} for name in create_missing}
        self._ids: dict[str, dict[str, int | None]] = {}
        self._near: dict[tuple[str, str], str] = {}

    def new_words(self) -> dict[str, list[str]]:
        """The words by which lists will grow."""
        return {name: sorted(words.values()) for name, words in self._new_words.items() if words}

    def forget(self) -> None:
        """Ids are looked up anew: what was missing is there now."""
        self._ids.clear()

    def resolved(self, block: list[Record], *, first: bool) -> list[Record]:
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
                        self.findings.refuse(
                            record.line,
                            self.findings.label(name),
                            word,
                            self.unknown(name, word),
                            record.lines,
                        )
                    continue
                record.ids[name] = found
                kept.append(record)
            good = kept
        return good

    def unknown(self, name: str, word: str) -> str:
        """What is expected of an unknown word, with the nearest known one as a hint."""
        at = (name, word)
        if at not in self._near:
            reference = self.resource.reference_of(name)
            self._near[at] = reference.near(word) if len(self._near) < 200 else ""
        near = self._near[at]
        if near:
            return _("one that is known; near it is “%(near)s”") % {"near": near}
        return _("one that is known")
