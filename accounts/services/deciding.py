"""Who gives an account to another owner, moves it or marks it as key: one rule for every way in."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.querysets import CLASSIFIED_FIELDS, DECIDED_FIELDS, AccountQuerySet
from kam.scoping import EDITS_ALL, principal


def marks_key(user: Any) -> bool:
    """Whether this person changes the key mark directly; all others propose it (no query).

    A substitute does not inherit that.
    """
    person = principal(user)
    if person is None or getattr(user, "read_only", False):
        return False
    return person.role in EDITS_ALL


def changeable(accounts: AccountQuerySet, user: Any, changes: Mapping[str, Any]) -> AccountQuerySet:
    """Those of ``accounts`` to which this person may give these values (no query yet).

    Whoever may edit an account changes it, except for ``DECIDED_FIELDS``: a value of these that is
    not the account's already is given only by those who decide on it. They may give it to anybody
    who can own accounts, also where they see it no longer thereafter. ``CLASSIFIED_FIELDS`` are changed
    only by those who may (``marks_key``).
    """
    editable = accounts.editable_by(user)
    if not marks_key(user):
        editable = editable.filter(_same(changes, CLASSIFIED_FIELDS))
    if not DECIDED_FIELDS & set(changes):
        return editable
    same = _same(changes, DECIDED_FIELDS)
    mine = accounts.model._default_manager.staffed_by(user).order_by().values("pk")
    return editable.filter(same | Q(pk__in=mine))


def _same(changes: Mapping[str, Any], fields: frozenset[str]) -> Q:
    """The accounts that have these values of these fields already."""
    same = Q()
    for name in sorted(fields & set(changes)):
        value = changes[name]
        same &= Q(**({f"{name}__isnull": True} if value is None else {name: value}))
    return same


def check_new(user: Any, values: Mapping[str, Any]) -> None:
    """Raises ``ValidationError`` where this person may not make an account with these values."""
    if values.get("is_key_account") and not marks_key(user):
        raise ValidationError(
            {
                "is_key_account": _(
                    "Only administrators set this directly. Enter the account, then propose it as a key account."
                )
            }
        )
