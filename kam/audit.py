"""The audit trail: who changed what, when, from which value to which, by which way.

Database triggers (django-pghistory) write one event row for each inserted, changed or deleted row,
so bulk writes leave their trace like any other. The context beside each event says who and how:
``user`` (id), ``acting_for`` (id, when a substitute acted), ``source`` (page, api, import, task,
command), ``url``, ``batch`` (import).
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import pghistory
from django.db import models

Model = TypeVar("Model", bound=type[models.Model])

#: Kept by triggers and never typed by a person: no history of their own.
DERIVED_FIELDS = ("path", "updated_at")


def audited(*, exclude: Iterable[str] = ()) -> Callable[[Model], Model]:
    """Class decorator: every change of this model's rows becomes an event row.

    ``exclude`` names fields that must not be kept in history (secrets, derived values).
    """

    def decorate(model: Model) -> Model:
        names = {field.name for field in model._meta.local_fields}
        left_out = sorted((set(exclude) | set(DERIVED_FIELDS)) & names)
        return pghistory.track(  # type: ignore[return-value]
            exclude=left_out,
            obj_field=pghistory.ObjForeignKey(related_name="events", db_index=True),
        )(model)

    return decorate


def source(name: str, **facts: Any) -> AbstractContextManager[Any]:
    """Says how the changes inside the block came about: ``import``, ``task`` or ``command``.

    >>> with source("import", user=user.pk, batch=batch.pk): ...
    """
    return pghistory.context(source=name, **facts)
