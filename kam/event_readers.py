"""Who may read what a row held earlier, where its circle of readers changes.

What was written for few stays theirs after the row is opened to more: in its history, as an old value
that is put back or undone, and as the “before” of a conflict.
"""

from collections.abc import Callable
from typing import Any

from django.db import models

#: ``judge(reader, row)`` answers for each event of the row.
Judge = Callable[[Any, Any], Callable[[Any], bool]]
_judges: dict[type[models.Model], Judge] = {}


def shows_events(model: type[models.Model], judge: Judge) -> None:
    """Says which of a row's events a reader may see; of other models, who sees the row sees all."""
    _judges[model] = judge


def readable_events(row: models.Model, reader: Any) -> Callable[[Any], bool]:
    """Whether ``reader``, who sees the row, may also read an event of it."""
    judge = _judges.get(type(row))
    return judge(reader, row) if judge is not None else lambda event: True
