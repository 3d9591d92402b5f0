"""Many PDFs of our own engine become one: streamed, so that the memory does not grow with the pages.

Each source is read alone and its objects are written on with new numbers. What makes the whole a
document is made anew: the tree of pages, the outline, the page labels (front matter in Roman
numerals), and the structure tree, so that a book of tagged PDFs is a tagged PDF. A link of the front
matter to ``CHAPTER_LINK`` + number leads to that chapter's first page.
"""

from __future__ import annotations

import io
import zlib
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from pypdf import PdfReader
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NumberObject,
    PdfObject,
    StreamObject,
    TextStringObject,
)

CHAPTER_LINK = "https://book.invalid/"
#: Objects in one compressed object stream.
PACKED = 200
#: Parts of a source's catalog that are made anew.
MADE_ANEW = ("/Pages", "/Outlines", "/StructTreeRoot", "/PageLabels", "/Names", "/Metadata")


@dataclass(frozen=True, slots=True)
class Chapter:
    """A finished PDF with its name in the outline."""

    file: Path
    title: str


class _Writer:
    """Objects onto a file, those without a stream packed together; where each one is."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.kind, self.where, self.index = array("B", [0]), array("Q", [0]), array("H", [0])
        self.waiting: list[tuple[int, bytes]] = []
        file.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

    def reserve(self, count: int = 1) -> int:
        """The first of so many new numbers."""
        first = len(self.kind)
        self.kind.extend([0] * count)
        self.where.extend([0] * count)
        self.index.extend([0] * count)
        return first

    def put(self, number: int, body: bytes) -> None:
        """An object without a stream."""
        self.waiting.append((number, body))
        if len(self.waiting) >= PACKED:
            self.flush()

    def put_stream(self, number: int, head: bytes, data: bytes) -> None:
        """An object with a stream; ``head`` is its dictionary without the length."""
        self.kind[number], self.where[number] = 1, self.file.tell()
        self.file.write(b"%d 0 obj\n<<%s/Length %d>>\nstream\n" % (number, head, len(data)))
        self.file.write(data)
        self.file.write(b"\nendstream\nendobj\n")

    def flush(self) -> None:
        if not self.waiting:
            return
        pack = self.reserve()
        places, bodies, at = [], [], 0
        for index, (number, body) in enumerate(self.waiting):
            self.kind[number], self.where[number], self.index[number] = 2, pack, index
            places.append(b"%d %d" % (number, at))
            bodies.append(body)
            at += len(body) + 1
        first = b" ".join(places) + b" "
        data = zlib.compress(first + b" ".join(bodies), 6)
        head = b"/Type/ObjStm/N %d/First %d/Filter/FlateDecode" % (len(places), len(first))
        self.waiting.clear()
        self.put_stream(pack, head, data)

    def finish(self, root: int, info: bytes, name: bytes) -> None:
        self.flush()
        number = self.reserve()
        start = self.file.tell()
        self.kind[number], self.where[number] = 1, start
        rows = bytearray()
        for kind, where, index in zip(self.kind, self.where, self.index, strict=True):
            rows += kind.to_bytes(1, "big") + where.to_bytes(8, "big") + index.to_bytes(2, "big")
        head = b"/Type/XRef/Size %d/W[1 8 2]/Root %d 0 R/Info %s/ID[<%s><%s>]/Filter/FlateDecode" % (
            len(self.kind), root, info, name, name,
        )  # fmt: skip
        self.put_stream(number, head, zlib.compress(bytes(rows), 6))
        self.file.write(b"startxref\n%d\n%%%%EOF\n" % start)


@dataclass(slots=True)
class _Source:
    """One PDF while it is copied: its numbers' way into the new file, what was found in it."""

    reader: PdfReader
    shift: int
    to: dict[int, int] = field(default_factory=dict)
    first_struct: int = 0
    names: Mapping[str, Any] = field(default_factory=dict)
    first_pages: Sequence[int] = ()

    def number(self, old: int) -> int:
        return self.to.get(old, old + self.shift)

    def text(self, value: Any) -> bytes:
        """A value as PDF writes it, with new numbers."""
        if isinstance(value, IndirectObject):
            return b"%d 0 R" % self.number(value.idnum)
        if isinstance(value, DictionaryObject):
            return b"<<" + self.entries(value) + b">>"
        if isinstance(value, ArrayObject):
            return b"[" + b" ".join(self.text(item) for item in value) + b"]"
        out = io.BytesIO()
        value.write_to_stream(out)
        return out.getvalue()

    def entries(self, value: Mapping[Any, Any], without: Sequence[str] = ()) -> bytes:
        """A dictionary's inside; ``dict.items`` gives references as they are."""
        raw: Any = dict.items(value)  # type: ignore[arg-type]
        return b"".join(
            self.text(key) + b" " + self.text(item) for key, item in raw if key not in without
        )


def join(
    front: Path,
    chapters: Sequence[Chapter],
    target: Path,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Writes ``front`` and then the chapters as one PDF; returns how many pages it has.

    Language, metadata and title are those of ``front``. ``progress`` is told after each chapter.
    """
    part = target.with_suffix(".part")
    with part.open("wb") as file:
        pages = _Book(_Writer(file)).write(front, chapters, progress)
    part.replace(target)
    return pages


class _Book:
    """The new document while its sources pass by."""

    def __init__(self, writer: _Writer) -> None:
        self.out = writer
        self.root, self.pages, self.outlines, self.tree, self.document = (
            writer.reserve() for _ in range(5)
        )
        self.parents, self.meta = writer.reserve(), writer.reserve()
        self.structs = 0
        self.kids: list[int] = []  # the sources' trees of pages
        self.parts: list[int] = []  # the sources' structure elements
        self.numbers: list[int] = []  # pieces of the parent tree
        self.firsts: list[int] = []  # the first page of each chapter
        self.counts: list[int] = []

    def write(
        self, front: Path, chapters: Sequence[Chapter], progress: Callable[[int], None] | None
    ) -> int:
        items = [self.out.reserve() for _ in chapters]
        for at, chapter in enumerate(chapters):
            before = items[at - 1] if at else 0
            after = items[at + 1] if at + 1 < len(items) else 0
            self._chapter(chapter, items[at], before, after)
            if progress is not None:
                progress(at + 1)
        reader = PdfReader(front)
        source = self._copy(reader, {})
        # The front matter was copied last and stands first.
        for made in (self.kids, self.parts, self.counts):
            made.insert(0, made.pop())
        self._close(reader, source, items)
        return sum(self.counts)

    def _chapter(self, chapter: Chapter, item: int, before: int, after: int) -> None:
        reader = PdfReader(chapter.file)
        catalog: Any = reader.trailer["/Root"]
        outline = catalog.get("/Outlines")
        below: Any = None
        to: dict[int, int] = {}
        if outline is not None and "/First" in outline:
            to[catalog.raw_get("/Outlines").idnum] = item
            below = outline
            top = outline.raw_get("/First")
            if top.idnum == outline.raw_get("/Last").idnum:  # its one heading is the chapter itself
                to[top.idnum] = item
                below = outline["/First"]
        source = self._copy(reader, to)
        self.firsts.append(source.first_pages[0])
        text = b"/Title %s/Parent %d 0 R/Dest[%d 0 R/Fit]" % (
            source.text(TextStringObject(chapter.title)), self.outlines, source.first_pages[0],
        )  # fmt: skip
        if before:
            text += b"/Prev %d 0 R" % before
        if after:
            text += b"/Next %d 0 R" % after
        if below is not None and "/First" in below:
            text += b"/First %s/Last %s/Count -%d" % (
                source.text(below.raw_get("/First")),
                source.text(below.raw_get("/Last")),
                sum(1 for _ in _siblings(below["/First"])),
            )
        self.out.put(item, b"<<" + text + b">>")

    def _copy(self, reader: PdfReader, to: dict[int, int]) -> _Source:
        """Writes a source's objects on; its tree of pages and structure hang from the new ones."""
        catalog: Any = reader.trailer["/Root"]
        known = sorted(
            {number for held in reader.xref.values() for number in held} | set(reader.xref_objStm)
        )
        source = _Source(reader, self.out.reserve(known[-1] + 1), to, self.structs)
        pages = catalog.raw_get("/Pages").idnum
        tree = catalog["/StructTreeRoot"]
        tops = [item.idnum for item in _list(tree, "/K")]
        skipped = {
            reader.trailer.raw_get("/Root").idnum,
            catalog.raw_get("/StructTreeRoot").idnum,
            *([tree.raw_get("/ParentTree").idnum] if _is_reference(tree, "/ParentTree") else []),
            *([reader.trailer.raw_get("/Info").idnum] if "/Info" in reader.trailer else []),
            *([catalog.raw_get("/Metadata").idnum] if "/Metadata" in catalog else []),
            *to,
        }
        source.to[catalog.raw_get("/StructTreeRoot").idnum] = self.document
        names = reader.named_destinations
        source.names = {name: names[name] for name in names}
        source.first_pages = [
            source.number(page.indirect_reference.idnum)  # type: ignore[union-attr]
            for page in reader.pages[:1]
        ]
        for number in known:
            if number in skipped:
                continue
            value: Any = reader.get_object(IndirectObject(number, 0, reader))
            if value is None or _type(value) in ("/XRef", "/ObjStm"):
                continue
            self._object(source, number, value, pages, tops)
        self._parent_tree(source, tree)
        self.kids.append(source.number(pages))
        self.parts += [source.number(top) for top in tops[:1]]
        self.counts.append(len(reader.pages))
        return source

    def _object(
        self, source: _Source, number: int, value: Any, pages: int, tops: Sequence[int]
    ) -> None:
        if isinstance(value, DictionaryObject):
            self._turn(source, value)
            if number == pages:
                value[NameObject("/Parent")] = _Reference(self.pages)
            elif number in tops and value.get("/S") == "/Document":
                value[NameObject("/S")] = NameObject("/Part")
        if isinstance(value, StreamObject):
            data: bytes = value._data
            head = source.entries(value, without=("/Length",))
            self.out.put_stream(source.number(number), head, data)
        else:
            self.out.put(source.number(number), source.text(value))

    def _turn(self, source: _Source, value: DictionaryObject) -> None:
        """Numbers in the parent tree move on; named places become the places themselves."""
        for name in ("/StructParents", "/StructParent"):
            if name in value:
                value[NameObject(name)] = NumberObject(int(value[name]) + source.first_struct)  # type: ignore[call-overload]
        for annotation in _list(value, "/Annots"):
            if isinstance(annotation, DictionaryObject):  # one of its own comes by itself
                self._turn(source, annotation)
        if "/Dest" in value:
            value[NameObject("/Dest")] = self._place(source, value["/Dest"])
        action: Any = value.get("/A")
        if action is None:
            return
        action = action.get_object()
        if action.get("/S") == "/GoTo":
            value.pop("/A")
            value[NameObject("/Dest")] = self._place(source, action["/D"])
        elif action.get("/S") == "/URI" and str(action.get("/URI")).startswith(CHAPTER_LINK):
            chapter = int(str(action["/URI"]).removeprefix(CHAPTER_LINK))
            value.pop("/A")
            fit = ArrayObject([_Reference(self.firsts[chapter]), NameObject("/Fit")])
            value[NameObject("/Dest")] = fit

    @staticmethod
    def _place(source: _Source, place: Any) -> Any:
        place = place.get_object()
        if isinstance(place, ArrayObject):
            return place
        found = source.names.get(str(place))
        if found is None:
            return ArrayObject([_Reference(source.first_pages[0]), NameObject("/Fit")])
        return found.dest_array

    def _parent_tree(self, source: _Source, tree: Any) -> None:
        """The source's piece of the parent tree, its keys moved on."""
        listed = _flat(tree["/ParentTree"]) if "/ParentTree" in tree else []
        if not listed:
            return
        low = source.first_struct + listed[0][0]
        high = source.first_struct + listed[-1][0]
        text = b" ".join(
            b"%d %s" % (key + source.first_struct, source.text(value)) for key, value in listed
        )
        number = self.out.reserve()
        self.out.put(number, b"<</Limits[%d %d]/Nums[%s]>>" % (low, high, text))
        self.numbers.append(number)
        self.structs = high + 1

    def _close(self, reader: PdfReader, source: _Source, items: Sequence[int]) -> None:
        out, catalog = self.out, reader.trailer["/Root"]
        out.put(
            self.pages,
            b"<</Type/Pages/Count %d/Kids[%s]>>" % (sum(self.counts), _references(self.kids)),
        )
        if items:
            out.put(
                self.outlines,
                b"<</Type/Outlines/Count %d/First %d 0 R/Last %d 0 R>>"
                % (len(items), items[0], items[-1]),
            )
        out.put(
            self.tree,
            b"<</Type/StructTreeRoot/K[%d 0 R]/ParentTree %d 0 R/ParentTreeNextKey %d>>"
            % (self.document, self.parents, self.structs),
        )
        out.put(
            self.document,
            b"<</Type/StructElem/S/Document/P %d 0 R/K[%s]>>"
            % (self.tree, _references(self.parts)),
        )
        out.put(self.parents, b"<</Kids[%s]>>" % _references(self.numbers))
        rest = source.entries(catalog, without=MADE_ANEW)  # type: ignore[arg-type]
        text = b"/Pages %d 0 R/StructTreeRoot %d 0 R" % (self.pages, self.tree)
        if items:
            text += b"/Outlines %d 0 R" % self.outlines
        if "/Metadata" in catalog:  # type: ignore[operator]
            meta: Any = catalog["/Metadata"]  # type: ignore[index]
            out.put_stream(self.meta, b"/Type/Metadata/Subtype/XML", meta.get_data())
            text += b"/Metadata %d 0 R" % self.meta
        text += b"/PageLabels<</Nums[0<</S/r>>%d<</S/D/St 1>>]>>" % self.counts[0]
        out.put(self.root, b"<<" + rest + text + b">>")
        info = reader.trailer.get("/Info")
        kept = source.text(info.get_object()) if info is not None else b"<<>>"
        number = out.reserve()
        out.put(number, kept)
        identity = b"%032x" % (hash(tuple(self.counts)) & (2**128 - 1))
        out.finish(self.root, b"%d 0 R" % number, identity)


class _Reference(PdfObject):
    """A reference to an object of the new file, which is no number of a source."""

    def __init__(self, number: int) -> None:
        self.to = number

    def write_to_stream(self, stream: Any, encryption_key: Any = None) -> None:
        stream.write(b"%d 0 R" % self.to)

    def get_object(self) -> Any:
        return self


def _references(numbers: Sequence[int]) -> bytes:
    return b" ".join(b"%d 0 R" % number for number in numbers)


def _is_reference(value: Any, key: str) -> bool:
    return key in value and isinstance(value.raw_get(key), IndirectObject)


def _type(value: Any) -> Any:
    return value.get("/Type") if isinstance(value, DictionaryObject) else None


def _list(value: Any, key: str) -> list[Any]:
    if key not in value:
        return []
    found = value[key].get_object()
    return list(found) if isinstance(found, ArrayObject) else [found]


def _siblings(item: Any) -> Iterator[Any]:
    while item is not None:
        yield item
        item = item.get("/Next")


def _flat(tree: Any) -> list[tuple[int, Any]]:
    """The entries of a number tree in order."""
    tree = tree.get_object()
    numbers = _list(tree, "/Nums") if "/Nums" in tree else []
    found = [(int(numbers[at]), numbers[at + 1]) for at in range(0, len(numbers), 2)]
    for kid in _list(tree, "/Kids") if "/Kids" in tree else []:
        found += _flat(kid)
    return sorted(found, key=lambda pair: pair[0])
