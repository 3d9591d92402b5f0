"""The base of all resources: how rows are known, compared and written."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django.db import connection, models
from django.db.models.functions import Lower

from kam.importing.resource.columns import KEEP, Column
from kam.importing.resource.records import Change, Key, Record, Stored
from kam.importing.resource.references import CHUNK, Reference
from kam.models import ImportBatch


class Resource:
    """Base of all resources: rows of ``model`` known by ``key``. Subclasses name the columns."""

    name: ClassVar[str]
    label: ClassVar[Any]
    help: ClassVar[Any] = ""
    model: ClassVar[type[models.Model]]
    key: ClassVar[tuple[str, ...]]
    columns: ClassVar[Sequence[Column]]
    #: Field of the row above, by the key of the same resource: rows come in any order.
    parent: ClassVar[str] = ""
    #: References whose list may grow by an import (``create_missing``).
    may_create: ClassVar[tuple[str, ...]] = ()
    #: Numbers that are added up where rows have the same key (``sum``).
    may_sum: ClassVar[tuple[str, ...]] = ()
    #: Place in the order in which an empty installation is filled.
    order: ClassVar[int] = 100

    def __init__(self, user: Any = None) -> None:
        self.user = user
        #: What may grow in this run, and the words that it would grow by: folded → as written.
        self.new_words: dict[str, dict[str, str]] = {}
        self._by_name = {column.name: column for column in self.columns}
        self._folding = [(name, self._folds(self._by_name[name])) for name in self.key]

    def column(self, name: str) -> Column:
        return self._by_name[name]

    def reference_of(self, name: str) -> Reference:
        """Where the words of a field are known that is a reference, as ``parent`` and others are."""
        reference = self.column(name).reference
        assert reference is not None  # noqa: S101
        return reference

    @property
    def key_columns(self) -> list[Column]:
        return [self.column(name) for name in self.key]

    def _folds(self, column: Column) -> bool:
        reference = column.reference
        return reference.folded if reference is not None else column.folded

    def key_of(self, values: dict[str, Any]) -> Key:
        """The key as it is compared: names without regard to upper and lower case."""
        return tuple(
            [values[name].lower() if folds else values[name] for name, folds in self._folding]
        )

    def key_shown(self, values: dict[str, Any]) -> str:
        return " · ".join(self.column(name).shown(values[name]) for name in self.key)

    def same(self, name: str, stored: Any, wanted: Any) -> bool:
        """Whether a field holds what it shall hold already."""
        if stored == wanted:
            return True
        column = self.column(name)
        if column.reference is not None and isinstance(stored, str) and isinstance(wanted, str):
            return column.reference.key(stored) == column.reference.key(wanted)
        return False

    # What subclasses may say -------------------------------------------------------------------

    def refuse(
        self, records: list[Record], stored: dict[Key, Stored]
    ) -> Iterable[tuple[Record, str, str]]:
        """Rules over several fields: (record, field, what was expected) for each that breaks one."""
        return ()

    def refuse_all(self, pairs: dict[Key, Any]) -> Iterable[tuple[int, str, str]]:
        """Rules over the whole file, once it has been read: (line, field, what was expected)."""
        return ()

    def growable(self, name: str, words: Sequence[str]) -> None:
        """Adds words to the list behind a reference field."""
        reference = self.reference_of(name)
        reference.model._default_manager.bulk_create(
            [reference.model(**{reference.field: word}) for word in words]
        )

    def defaults(self, values: dict[str, Any]) -> dict[str, Any]:
        """Model attributes of a new row beside the columns."""
        return {}

    # Reading and writing -----------------------------------------------------------------------

    def _matching(self, keys: Iterable[Key]) -> models.QuerySet:
        keys = list(keys)
        found = self.model._default_manager.order_by()
        for position, name in enumerate(self.key):
            column = self.column(name)
            words = list({key[position] for key in keys})
            if self._folds(column):
                found = found.annotate(**{f"_{name}": Lower(column.path)})
                found = found.filter(**{f"_{name}__in": words})
            else:
                found = found.filter(**{f"{column.path}__in": words})
        return found

    def existing(
        self, keys: Iterable[Key], fields: Sequence[str], *, lock: bool
    ) -> dict[Key, Stored]:
        """The rows with these keys, each with the asked fields; locked until the end if wanted."""
        found = self._matching(keys)
        if lock:
            ids = list(found.values_list("pk", flat=True))
            rows = self.model._default_manager.filter(pk__in=ids).order_by("pk")
            list(rows.select_for_update().values_list("pk"))
        names = list(dict.fromkeys([*self.key, *fields]))
        paths = [self.column(name).path for name in names]
        wanted = set(keys)
        result = {}
        for pk, *values in found.values_list("pk", *paths):
            held = {n: self.held(n, v) for n, v in zip(names, values, strict=True)}
            key = self.key_of(held)
            if key in wanted:
                result[key] = Stored(pk, held)
        return result

    def held(self, name: str, value: Any) -> Any:
        """A stored value in the form in which a file's value is compared with it."""
        column = self.column(name)
        if column.kind == "country":
            return getattr(value, "code", value) or ""
        return value

    def create(self, records: list[Record], batch: ImportBatch) -> None:
        """Writes new rows; parents are set afterwards."""
        self.model._default_manager.bulk_create(
            [self.model(**self._attributes(record)) for record in records], batch_size=500
        )

    def _attributes(self, record: Record) -> dict[str, Any]:
        found = self.defaults(record.values)
        for name, value in record.values.items():
            column = self.column(name)
            if value is KEEP or name == self.parent:
                continue
            if column.reference is not None:
                found[f"{column.attribute}_id"] = record.ids.get(name)
            else:
                found[column.attribute] = value
        return found

    def change(self, changes: list[Change], batch: ImportBatch) -> None:
        """Writes the changed fields of existing rows, one statement per set of fields."""
        groups: dict[tuple[str, ...], list[Change]] = {}
        for change in changes:
            fields = tuple(name for name in change.fields if name != self.parent)
            if fields:
                groups.setdefault(fields, []).append(change)
        for fields, group in groups.items():
            self._update(fields, group)

    def _update(self, fields: tuple[str, ...], group: list[Change]) -> None:
        columns, values = [], []
        for name in fields:
            column = self.column(name)
            model_field: Any = self.model._meta.get_field(column.attribute)
            columns.append((model_field.column, model_field.db_type(connection)))
            if column.reference is not None and model_field.is_relation:
                values.append([c.record.ids.get(name) for c in group])
            else:
                values.append(
                    [model_field.get_db_prep_save(c.record.values[name], connection) for c in group]
                )
        update_rows(self.model, [c.stored.pk for c in group], columns, values)

    def finish(self, batch: ImportBatch) -> None:
        """Called once after the last row was given to ``create`` or ``change``."""

    def set_parents(self, pairs: list[tuple[Any, Any]]) -> None:
        """Hangs rows under their parents: (key, parent's key or None), parents before children."""
        ids = self.reference_of(self.parent).ids(
            {w for pair in pairs for w in pair if w is not None}
        )
        field_: Any = self.model._meta.get_field(self.column(self.parent).attribute)
        for start in range(0, len(pairs), CHUNK):
            part = pairs[start : start + CHUNK]
            update_rows(
                self.model,
                [ids[key] for key, _parent in part],
                [(field_.column, field_.db_type(connection))],
                [[None if parent is None else ids[parent] for _key, parent in part]],
            )


def update_rows(
    model: type[models.Model],
    ids: list[int],
    columns: list[tuple[str, str]],
    values: list[list[Any]],
) -> None:
    """One UPDATE of many rows, each with its own values. Column names come from the model alone."""
    quote = connection.ops.quote_name
    sets = ", ".join(f"{quote(name)} = v.c{i}" for i, (name, _type) in enumerate(columns))
    arrays = ", ".join(["%s::bigint[]", *(f"%s::{kind}[]" for _name, kind in columns)])
    names = ", ".join(["id", *(f"c{i}" for i in range(len(columns)))])
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {quote(model._meta.db_table)} t SET {sets} "  # noqa: S608
            f"FROM unnest({arrays}) v({names}) WHERE t.id = v.id",
            [ids, *values],
        )
