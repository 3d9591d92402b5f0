"""Files for the tests, and a short way to import them."""

import io
import zipfile
from typing import Any

import openpyxl

from kam.importing import services
from kam.importing.mapping import Map
from kam.models import ImportBatch


def text(content: str, encoding: str = "utf-8") -> io.BytesIO:
    return io.BytesIO(content.encode(encoding))


def workbook(rows: list[list[Any]], **more: list[list[Any]]) -> io.BytesIO:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    for name, others in more.items():
        extra = book.create_sheet(name)
        for row in others:
            extra.append(row)
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    return out


def repacked(file: io.BytesIO, change: dict[str, bytes]) -> io.BytesIO:
    """The workbook with some of its parts replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in change:
                new.writestr(name, old.read(name))
        for name, content in change.items():
            new.writestr(name, content)
    out.seek(0)
    return out


def upload(resource: str, file: Any, user: Any = None, **parts: Any) -> ImportBatch:
    if isinstance(file, str):
        file = text(file)
    mapping = Map.from_json(parts) if parts else None
    return services.upload(resource, file, "file", user=user, mapping=mapping)


def checked(resource: str, file: Any, user: Any = None, **parts: Any) -> ImportBatch:
    batch = upload(resource, file, user, **parts)
    services.check(batch, user=user)
    return batch


def imported(resource: str, file: Any, user: Any = None, **parts: Any) -> ImportBatch:
    batch = checked(resource, file, user, **parts)
    services.apply(batch, user=user)
    return batch


def counts(batch: ImportBatch) -> tuple[int, int, int, int]:
    return batch.created, batch.changed, batch.unchanged, batch.refused


def refusals(batch: ImportBatch) -> list[tuple[int, str, str]]:
    """(line, column, what was expected) of each refusal."""
    return [(r["line"], r["column"], r["expected"]) for r in batch.report["rows"]["refused"]]
