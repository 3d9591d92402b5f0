"""Rows and cells as they come out of a file, and why one of them is not taken."""

import re
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

MAX_CELL = 60_000
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class FileRefused(Exception):  # noqa: N818 - a verdict, not a defect
    """The file as a whole cannot be read; the message says what is wrong and where."""


class BadCell(NamedTuple):
    """A cell that is not taken: a formula, an error of the spreadsheet, a control character."""

    shown: str
    reason: str


class Row(NamedTuple):
    line: int
    cells: list[Any]
    problem: str = ""


def without_controls(text: str) -> Any:
    """The text; a ``BadCell`` where a control character stands in it."""
    if CONTROL.search(text):
        return BadCell(CONTROL.sub("�", text), _("a control character stands here"))
    return text


def shown(cell: Any) -> str:
    """A cell as a person sees it, at most 120 characters."""
    if cell is None:
        return ""
    if isinstance(cell, BadCell):
        return cell.shown[:120]
    if isinstance(cell, bool):
        return _("yes") if cell else _("no")
    if isinstance(cell, Decimal):
        return f"{cell.normalize():f}"
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)[:120]
