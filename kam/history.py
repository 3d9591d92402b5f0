"""One row's history in words: who changed which field from what to what, when, by which way.

The events of a model stand in its own event table (see `kam.audit`). Values are shown as people read
them: a choice's label, a related row's name (only of rows that the reader may see).
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import Http404
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kam import editing
from kam.event_readers import readable_events
from kam.inplace import _views as inplace_views
from kam.models import User

#: Never shown, whatever an event table holds.
SENSITIVE = frozenset({"password", "digest", "secret", "last_login"})
#: Kept by the database itself.
SILENT = frozenset({"id", "version", "created_at", "updated_at", "path"})
SIZE = 20
SOURCES = {
    "page": gettext_lazy("page"),
    "api": gettext_lazy("API"),
    "import": gettext_lazy("import"),
    "task": gettext_lazy("background work"),
    "command": gettext_lazy("command"),
    "link": gettext_lazy("shared link"),
}
Save = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one event. ``event`` holds the old value, if it may be put back."""

    name: str
    label: str
    before: Any
    after: Any
    event: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One change of a row."""

    pk: int
    when: datetime
    who: str
    for_whom: str
    what: str
    source: str
    batch: int | None
    changes: Sequence[Change] = ()


@dataclass(frozen=True, slots=True)
class History:
    events: Sequence[Event]
    next: int | None = None


# --- which old values may be put back, and by which service ---------------------------------------
@dataclass(frozen=True, slots=True)
class Restorable:
    """How old values of a model are put back: which fields, by which service, when."""

    fields: frozenset[str]
    save: Save
    may: Callable[[Any, Any, str], bool]


def _always(user: Any, row: Any, name: str) -> bool:
    return True


_restorable: dict[type[models.Model], Restorable] = {}
_restores: dict[type[models.Model], Callable[[Any], Any]] = {}
_may_restore: dict[type[models.Model], Callable[[Any, Any], bool]] = {}


def puts_back(model: type[models.Model], save: Save, *fields: str) -> None:
    """Says which fields of a model may be put back, and by which service."""
    _restorable[model] = Restorable(frozenset(fields), save, _always)


def restores(
    model: type[models.Model],
    restore: Callable[[Any], Any],
    may: Callable[[Any, Any], bool] | None = None,
) -> None:
    """Says by which service an archived row of a model comes back.

    ``may(user, row)`` says who of those who may edit the row brings it back; all of them without.
    """
    _restores[model] = restore
    if may is not None:
        _may_restore[model] = may


def may_bring_back(row: Any, user: Any) -> bool:
    """Whether this person, who may edit the row, may take it into use again."""
    may = _may_restore.get(type(row))
    return may is None or may(user, row)


def restorable(model: type[models.Model]) -> Restorable:
    """What was registered; else what can be edited in place; else nothing."""
    if model in _restorable:
        return _restorable[model]
    view = inplace_views.get(model)
    if view is None:
        return Restorable(frozenset(), editing.save_fields, _always)
    names = set(view.fields) | {n for g in view.groups.values() for n in g.fields}
    names -= {f.name for f in model._meta.many_to_many}
    group_of = {n: key for key, g in view.groups.items() for n in g.fields}
    return Restorable(
        frozenset(names),
        view.save,
        may=lambda user, row, name: view.may_edit(user, row, group_of.get(name, name)),
    )


# --- reading ----------------------------------------------------------------------------------------
def rows_of(label: str) -> Any:
    """All rows of the audited model with this label (``app.model``), to be scoped; else 404."""
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        raise Http404 from None
    if not hasattr(model, "events"):
        raise Http404
    return model._default_manager


def history_of(
    row: models.Model,
    reader: Any,
    *,
    before: int | None = None,
    size: int = SIZE,
    may: bool = False,
) -> History:
    """The row's events, newest first, from before event ``before``; the row is in the reader's scope.

    ``may`` says whether the reader may change the row: then old values can be put back.
    """
    events = row.events.order_by("-pgh_id")  # type: ignore[attr-defined]
    if before is not None:
        events = events.filter(pgh_id__lte=before)
    found = list(events[: size + 1])
    shown, older = found[:size], found[1:]
    fields = _fields(type(row))
    pairs = [(event, older[i] if i < len(older) else None) for i, event in enumerate(shown)]
    seen = readable_events(row, reader)
    pairs = [
        (event, previous if previous is None or seen(previous) else None)
        for event, previous in pairs
        if seen(event)
    ]
    names = _Names(fields, pairs, reader)
    back = restorable(type(row)) if may else None
    allowed = (
        {n for n in back.fields if back.may(reader, row, n)} if back is not None else frozenset()
    )
    return History(
        [
            _event(event, previous, fields, names, allowed if previous else frozenset())
            for event, previous in pairs
        ],
        found[size].pgh_id if len(found) > size else None,
    )


def _fields(model: type[models.Model]) -> list[models.Field]:
    return [
        f for f in model._meta.concrete_fields if f.name not in SENSITIVE and f.name not in SILENT
    ]


def _facts(event: Any) -> Mapping[str, Any]:
    return event.pgh_context or {}


def _known(*ids: int | None) -> set[int]:
    return {pk for pk in ids if pk is not None}


class _Names:
    """Names of related rows and people, a query for each kind of row."""

    def __init__(
        self, fields: Sequence[Any], pairs: Sequence[tuple[Any, Any]], reader: Any
    ) -> None:
        wanted: dict[Any, set[int]] = defaultdict(set)
        for event, previous in pairs:
            facts = _facts(event)
            wanted[User] |= _known(facts.get("user"), facts.get("acting_for"))
            if previous is None:
                continue
            for f in fields:
                if f.is_relation and _value(event, f) != _value(previous, f):
                    wanted[f.related_model] |= _known(_value(event, f), _value(previous, f))
        self._names: dict[tuple[Any, int], str] = {}
        for model, ids in wanted.items():
            if not ids:
                continue
            rows = model._default_manager.filter(pk__in=ids)
            if hasattr(rows, "visible_to"):
                rows = rows.visible_to(reader)
            self._names |= {(model, r.pk): str(r) for r in rows}

    def person(self, pk: Any) -> str:
        return self._names.get((User, pk), "") if pk else ""

    def related(self, model: Any, pk: int) -> str:
        return self._names.get((model, pk)) or _("(not for you to see)")


def _value(event: Any, f: Any) -> Any:
    return getattr(event, f.attname, None)


def _event(event: Any, previous: Any, fields: Any, names: _Names, allowed: Any) -> Event:
    facts = _facts(event)
    changes: list[Change] = []
    if previous is not None and event.pgh_label != "delete":
        changes = [
            Change(
                name=f.name,
                label=_sentence(f.verbose_name),
                before=_shown(f, _value(previous, f), names),
                after=_shown(f, _value(event, f), names),
                event=previous.pgh_id if f.name in allowed else None,
            )
            for f in fields
            if _value(previous, f) != _value(event, f) and f.name != "archived_at"
        ]
    return Event(
        pk=event.pgh_id,
        when=event.pgh_created_at,
        who=names.person(facts.get("user")) or _("The system"),
        for_whom=names.person(facts.get("acting_for")),
        what=_what(event, previous, bool(changes)),
        source=str(SOURCES.get(facts.get("source", ""), "")),
        batch=facts.get("batch"),
        changes=changes,
    )


def _what(event: Any, previous: Any, changed: bool) -> str:
    if event.pgh_label == "insert":
        return _("created it")
    if event.pgh_label == "delete":
        return _("deleted it")
    was, is_now = getattr(previous, "archived_at", None), getattr(event, "archived_at", None)
    if previous is not None and bool(was) != bool(is_now):
        return _("archived it") if is_now else _("brought it back")
    if not changed:
        return _("changed what is kept secret")
    return _("changed it")


def _sentence(label: Any) -> str:
    text = str(label)
    return text[:1].upper() + text[1:]


def _shown(f: Any, value: Any, names: _Names) -> Any:
    if value is None or value == "":
        return None
    if f.is_relation:
        return names.related(f.related_model, value)
    if f.choices:
        return dict(f.flatchoices).get(value, value)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, datetime):
        return formats.date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")
    if hasattr(value, "year"):
        return formats.date_format(value, "SHORT_DATE_FORMAT")
    if hasattr(value, "code") and hasattr(value, "name"):
        return value.name or value.code
    if isinstance(value, int | float) or hasattr(value, "quantize"):
        return formats.localize(value, use_l10n=True)
    if isinstance(value, dict):  # an agenda, findings: to be read where they stand
        return _("recorded")
    if isinstance(value, list | tuple):
        return ", ".join(str(_shown(f, item, names) or "–") for item in value) or None
    return str(value)


# --- putting back -------------------------------------------------------------------------------
def put_back(row: Any, user: Any, *, event: int, name: str) -> Any:
    """Gives one field the value that it had in ``event``, by the model's own service.

    The caller has fetched ``row`` through ``editable_by``. Raises ``Http404`` for an event of
    another row or one that ``user`` may not read, ``PermissionDenied`` for a field that may not be put back, ``ValidationError`` where
    the old value no longer fits.
    """
    back = restorable(type(row))
    held = row.events.filter(pgh_id=event).first()
    if held is None or not readable_events(row, user)(held):
        raise Http404
    if name not in back.fields or name in SENSITIVE or not back.may(user, row, name):
        raise PermissionDenied
    model_field = row._meta.get_field(name)
    value = _value(held, model_field)
    if model_field.is_relation and value is not None:
        rows = model_field.related_model._default_manager.filter(pk=value)
        if hasattr(rows, "visible_to"):
            rows = rows.visible_to(user)
        value = rows.first()
        if value is None:
            raise ValidationError(
                _("What it referred to is no longer there, or not for you to see.")
            )
    return back.save(row, {name: value}, base_version=None)


def bring_back(row: Any) -> Any:
    """Takes an archived row into use again, by the model's own service."""
    return _restores.get(type(row), editing.restore)(row)
