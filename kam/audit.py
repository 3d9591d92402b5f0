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
import pgtrigger
from django.db import models

Model = TypeVar("Model", bound=type[models.Model])

#: Kept by triggers and never typed by a person: no history of their own.
DERIVED_FIELDS = ("path", "updated_at")


class KeepTrail(pgtrigger.Trigger):
    """Notes each event in the company-wide trail, with the names of the changed columns."""

    name = "keep_trail"
    when = pgtrigger.After
    operation = pgtrigger.Insert
    declare = [("before", "jsonb"), ("names", "text[]"), ("facts", "jsonb")]

    def get_func(self, model: models.Model | type[models.Model]) -> str:
        table = model._meta.db_table
        label = model._meta.get_field("pgh_obj").related_model._meta.label_lower  # type: ignore[union-attr]
        return f"""
            names = '{{}}';
            IF NEW.pgh_label = 'update' THEN
                SELECT to_jsonb(e) INTO before FROM {table} e
                 WHERE e.pgh_obj_id = NEW.pgh_obj_id AND e.pgh_id < NEW.pgh_id
                 ORDER BY e.pgh_id DESC LIMIT 1;
                SELECT coalesce(array_agg(n.key ORDER BY n.key), '{{}}') INTO names
                  FROM jsonb_each(to_jsonb(NEW)) n
                 WHERE n.key NOT LIKE 'pgh%' AND n.key <> 'version'
                   AND before -> n.key IS DISTINCT FROM n.value;
            END IF;
            facts = coalesce(NEW.pgh_context, '{{}}');
            INSERT INTO kam_auditentry
                (at, model, row_id, event_id, label, fields, user_id, acting_for_id, source, batch_id)
            VALUES (NEW.pgh_created_at, '{label}', NEW.pgh_obj_id, NEW.pgh_id, NEW.pgh_label, names,
                (facts ->> 'user')::bigint, (facts ->> 'acting_for')::bigint,
                coalesce(left(facts ->> 'source', 12), ''), (facts ->> 'batch')::bigint);
            RETURN NULL;
        """


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
            meta={"triggers": [KeepTrail()]},
        )(model)

    return decorate


def source(name: str, **facts: Any) -> AbstractContextManager[Any]:
    """Says how the changes inside the block came about: ``import``, ``task`` or ``command``.

    >>> with source("import", user=user.pk, batch=batch.pk): ...
    """
    return pghistory.context(source=name, **facts)
