"""Saving what a person changed, without losing what another one saved in the meantime.

A save names the version it started from and the fields it touches. If the row has moved on, only a
touched field that the other one changed too is a conflict; everything else is merged. What a field
held at the starting version is read from the audit trail, so no client is trusted with it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Protocol, TypeVar, cast

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.db import models, transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from kam.event_readers import readable_events
from kam.models.row import Row
from kam.scoping import ScopedQuerySet
from kam.tree import TreeNode, lock_tree

R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """One field that two people changed: what it held before, what each of them wrote."""

    name: str
    label: str
    before: Any
    theirs: Any
    yours: Any


class EditConflict(Exception):
    """Somebody else changed the same fields. Nothing was saved.

    ``base`` is the row's event at the version from which the save started, where there is one.
    """

    def __init__(
        self, row: models.Model, fields: list[FieldConflict], base: models.Model | None = None
    ) -> None:
        super().__init__(", ".join(field.name for field in fields))
        self.row = row
        self.fields = fields
        self.base = base

    def fields_for(self, reader: Any) -> list[FieldConflict]:
        """The fields as this person may read them: what they held before may be kept from them."""
        if self.base is None or readable_events(self.row, reader)(self.base):
            return self.fields
        return [replace(field, before=_("(not for you to see)")) for field in self.fields]


class Scoped(Protocol):
    """Rows with a scope: a ``ScopedQuerySet`` or the manager made of it."""

    def visible_to(self, user: Any) -> models.QuerySet[Any]: ...


def fetch_visible(queryset: Scoped, user: Any, **lookup: Any) -> Any:
    """The one visible row, or 404: a foreign row does not exist."""
    try:
        return queryset.visible_to(user).get(**lookup)
    except ObjectDoesNotExist:
        raise Http404 from None


def fetch_editable(queryset: Scoped, user: Any, **lookup: Any) -> Any:
    """The one row to change: 404 where it is not seen, 403 where it is seen but not editable."""
    row = fetch_visible(queryset, user, **lookup)
    if not is_editable(row, user):
        raise PermissionDenied
    return row


def is_editable(row: models.Model, user: Any) -> bool:
    """Whether this person may change the row as it stands in the database (one query)."""
    rows = cast(ScopedQuerySet, type(row)._default_manager.filter(pk=row.pk))
    return rows.editable_by(user).exists()


def save_fields(
    row: R,
    changes: Mapping[str, Any],
    *,
    base_version: int | None,
    overwrite: bool = False,
    validate: bool = True,
) -> R:
    """Saves the touched fields of one row and returns it as it now stands.

    ``base_version`` is the version the person saw; ``None`` means the row as it is now.
    ``overwrite`` is the person's word that theirs shall replace the other's.
    Raises ``EditConflict`` (nothing saved) and ``ValidationError`` (by field).
    """
    model = type(row)
    with transaction.atomic():
        if "parent" in changes and issubclass(model, TreeNode):
            lock_tree(model)  # before any row: two moves at once must not wait for each other
        locked = model._default_manager.select_for_update(of=("self",), no_key=True)
        current = locked.get(pk=row.pk)
        touched = touching(current, changes)
        if not touched:
            return current
        if base_version is not None and base_version != current.version and not overwrite:
            base = _base(current, base_version)
            conflicts = _conflicts(current, touched, base)
            if conflicts:
                raise EditConflict(current, conflicts, base)
        for name, value in touched.items():
            plain = not isinstance(value, models.Model)
            field = current._meta.get_field(name)
            setattr(current, field.attname if plain else name, value)  # type: ignore[union-attr]
        if validate:
            untouched = [f.name for f in model._meta.fields if f.name not in touched]
            current.clean_fields(exclude=untouched)
            current.clean()
            _validate_constraints(current, touched)
        current.save(update_fields=[*touched, "updated_at"])
        current.refresh_version()
    return current


def touching(row: models.Model, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the changes that say something else than the row in hand."""
    return {name: value for name, value in changes.items() if _held(row, name) != _plain(value)}


def archive(row: R) -> R:
    """Takes the row out of use; it can be brought back."""
    return save_fields(row, {"archived_at": timezone.now()}, base_version=None, validate=False)


def restore(row: R) -> R:
    """Brings an archived row back into use."""
    return save_fields(row, {"archived_at": None}, base_version=None)


@cache
def _constraints(model: type[models.Model]) -> list[tuple[models.BaseConstraint, frozenset[str]]]:
    """The model's constraints, each with the fields that it speaks of; none: not known."""
    found = []
    for constraint in model._meta.constraints:
        names = set(getattr(constraint, "fields", ()))
        condition = getattr(constraint, "condition", None)
        if condition is not None:
            names |= condition.referenced_base_fields
        opaque = not isinstance(constraint, models.CheckConstraint | models.UniqueConstraint)
        if opaque or getattr(constraint, "expressions", None):
            names = set()
        found.append((constraint, frozenset(names)))
    return found


def _validate_constraints(row: models.Model, touched: Collection[str]) -> None:
    """As ``validate_constraints``, of what a touched field can break: each costs a query.

    What the other constraints speak of was just read and stands in the database, which holds them.
    """
    model = type(row)
    names = {n for name in touched for n in (name, model._meta.get_field(name).attname)}  # type: ignore[union-attr]
    errors: dict[str, Any] = {}
    for constraint, fields in _constraints(model):
        if fields and fields.isdisjoint(names):
            continue
        try:
            constraint.validate(model, row)
        except ValidationError as error:
            own: Any = getattr(constraint, "fields", ())
            if getattr(error, "code", None) == "unique" and len(own) == 1:
                errors.setdefault(own[0], []).append(error)
            else:
                errors = error.update_error_dict(errors)
    if errors:
        raise ValidationError(errors)


def _held(row: models.Model, name: str) -> Any:
    return getattr(row, row._meta.get_field(name).attname)  # type: ignore[union-attr]


def _plain(value: Any) -> Any:
    return value.pk if isinstance(value, models.Model) else value


def _base(current: models.Model, base_version: int) -> Any:
    """The row's event at this version; without a history every touched field conflicts."""
    events = getattr(current, "events", None)
    if events is None:
        return None
    return events.filter(version=base_version).order_by("-pgh_id").first()


def _conflicts(current: models.Model, touched: Mapping[str, Any], base: Any) -> list[FieldConflict]:
    found = []
    for name, yours in touched.items():
        field = current._meta.get_field(name)
        theirs = _held(current, name)
        before = getattr(base, field.attname) if base is not None else None  # type: ignore[union-attr]
        if base is not None and before == theirs:
            continue  # the other one left this field alone
        found.append(
            FieldConflict(
                name=name,
                label=str(field.verbose_name),  # type: ignore[union-attr]
                before=_shown(field, before),
                theirs=_shown(field, theirs),
                yours=_shown(field, _plain(yours)),
            )
        )
    return found


def _shown(field: Any, value: Any) -> Any:
    """A stored value as a person reads it: a choice's label, a related row's name."""
    if value is None:
        return None
    if field.is_relation:
        related = field.related_model._default_manager.filter(pk=value).first()
        return str(related) if related is not None else None
    if field.choices:
        return dict(field.flatchoices).get(value, value)
    return value


__all__ = [
    "EditConflict",
    "FieldConflict",
    "archive",
    "fetch_editable",
    "fetch_visible",
    "is_editable",
    "restore",
    "save_fields",
    "touching",
]
