"""Parent and subsidiaries: an indented tree with elbows, one line for each."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from kam.pictures.scale import r
from kam.pictures.words import TEXT_NARROW, cut, width

WIDTH = 480.0
ROW = 28.0
INDENT = 24.0
MAX_ROWS = 60


class NotATree(ValueError):  # noqa: N818
    """The rows contain a circle."""


@dataclass(frozen=True)
class Row:
    """``parent`` is the key of the row above it; unknown parents make a row a root."""

    key: Hashable
    parent: Hashable | None
    label: str
    note: str = ""
    href: str = ""
    current: bool = False


@dataclass(frozen=True)
class Node:
    row: Row
    depth: int
    x: float
    y: float
    text_x: float
    text_y: float
    label: str
    elbow: str  # path data from the parent; empty for a root


@dataclass(frozen=True)
class TreePicture:
    width: float
    height: float
    right: float
    nodes: tuple[Node, ...]
    left_out: int


def lay_out(rows: Sequence[Row], *, limit: int = MAX_ROWS) -> TreePicture:
    """Depth first, children in the order given, at most ``limit`` lines.

    Raises NotATree for a circle, ValueError for a key that comes twice.
    """
    by_key = {row.key: row for row in rows}
    if len(by_key) != len(rows):
        raise ValueError("a key comes twice")
    children: dict[Hashable | None, list[Row]] = {}
    for row in rows:
        parent = row.parent if row.parent in by_key else None
        children.setdefault(parent, []).append(row)
    ordered: list[tuple[Row, int]] = []
    stack = [(row, 0) for row in reversed(children.get(None, []))]
    while stack:
        row, depth = stack.pop()
        ordered.append((row, depth))
        stack += [(child, depth + 1) for child in reversed(children.get(row.key, []))]
    if len(ordered) != len(rows):
        seen = {row.key for row, _depth in ordered}
        names = ", ".join(row.label for row in rows if row.key not in seen)
        raise NotATree(f"in a circle: {names}")
    shown = ordered[:limit]
    deepest = max((depth for _row, depth in shown), default=0)
    indent = min(INDENT, WIDTH * 0.4 / max(1, deepest))
    places: dict[Hashable, tuple[float, float]] = {}
    nodes = []
    for index, (row, depth) in enumerate(shown):
        x, y = r(9 + depth * indent), r(index * ROW + ROW / 2)
        places[row.key] = (x, y)
        elbow = ""
        if depth:
            parent_x, parent_y = places[row.parent]
            elbow = f"M{parent_x:g} {r(parent_y + 6):g}V{y:g}H{r(x - 6):g}"
        room = WIDTH - x - 14 - 4 - (width(row.note, TEXT_NARROW) + 12 if row.note else 0)
        nodes.append(
            Node(
                row=row,
                depth=depth,
                x=x,
                y=y,
                text_x=r(x + 14),
                text_y=r(y + 4.5),
                label=cut(row.label, room),
                elbow=elbow,
            )
        )
    return TreePicture(
        width=WIDTH,
        height=max(ROW, len(shown) * ROW),
        right=WIDTH - 4,
        nodes=tuple(nodes),
        left_out=len(ordered) - len(shown),
    )
