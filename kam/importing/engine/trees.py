"""Rows that hang under one another, in whatever order the file has them."""

from typing import Any

from django.utils.translation import gettext as _

from kam.importing.engine.findings import Findings
from kam.importing.engine.references import References
from kam.importing.resource import Key, Resource


class Tree:
    """The file's child and parent pairs, against those that are stored."""

    def __init__(self, resource: Resource, findings: Findings, references: References) -> None:
        self.resource = resource
        self.findings = findings
        self.references = references
        self.pairs: dict[Key, tuple[int, Any]] = {}  # key → (line, parent's key)

    def check(self) -> None:
        """Parents that exist nowhere, and circles, which are named."""
        reference = self.resource.reference_of(self.resource.parent)
        pairs = {key[0]: (line, parent) for key, (line, parent) in self.pairs.items()}
        words = {reference.key(p): p for _line, p in pairs.values() if p is not None}
        strange = [w for w in words if w not in pairs]
        known = set(reference.ids(strange))
        above = self._stored_chain([w for w in strange if w in known])
        label = self.findings.label(self.resource.parent)
        for line, parent in pairs.values():
            if (
                parent is not None
                and reference.key(parent) not in pairs
                and reference.key(parent) not in known
            ):
                self.findings.refuse(
                    line, label, parent, self.references.unknown(self.resource.parent, parent)
                )
        up = {k: None if p is None else reference.key(p) for k, (_line, p) in pairs.items()}
        up = {**above, **up}
        for circle in circles(up):
            names = " → ".join(words.get(w, w) for w in [*circle, circle[0]])
            for key in circle:
                if key in pairs:
                    line, parent = pairs[key]
                    self.findings.refuse(
                        line,
                        label,
                        str(parent or ""),
                        _("no circle; here is %(names)s") % {"names": names},
                    )
        self._refuse_below_refused(pairs, up)

    def _refuse_below_refused(
        self, pairs: dict[str, tuple[int, Any]], up: dict[str, str | None]
    ) -> None:
        """A row under a refused new row has no parent either."""
        refused = {k for k, (line, _p) in pairs.items() if line in self.findings.refused_lines}
        if not refused:
            return
        label = self.findings.label(self.resource.parent)
        below: dict[str, list[str]] = {}
        for key, parent in up.items():
            if parent is not None:
                below.setdefault(parent, []).append(key)
        stored = set(self.resource.reference_of(self.resource.parent).ids(pairs))
        waiting = [k for k in refused if k not in stored]
        done = set(waiting)
        while waiting:
            top = waiting.pop()
            for key in below.get(top, []):
                if key not in done and key in pairs:
                    done.add(key)
                    line, parent = pairs[key]
                    self.findings.refuse(
                        line,
                        label,
                        str(parent),
                        _("a row that is taken; the one in line %(line)d is refused")
                        % {"line": pairs[top][0]},
                    )
                    if key not in stored:
                        waiting.append(key)

    def _stored_chain(self, keys: list[str]) -> dict[str, str | None]:
        """For stored rows outside the file, the chain of those above them: key → parent's key."""
        reference = self.resource.reference_of(self.resource.parent)
        up: dict[str, str | None] = {}
        asked = set(keys)
        while asked:
            part = [(key,) for key in asked]
            found = self.resource.existing(part, [self.resource.parent], lock=False)
            asked = set()
            for key, held in found.items():
                parent = held.values[self.resource.parent]
                up[key[0]] = None if not parent else reference.key(parent)
                if parent and up[key[0]] not in up and (up[key[0]],) not in self.pairs:
                    asked.add(reference.key(parent))
        return up


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
