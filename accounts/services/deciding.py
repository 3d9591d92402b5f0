"""Who gives an account to another owner, moves it or marks it as key: one rule for every way in."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from accounts.querysets import DECIDED_FIELDS, AccountQuerySet


def changeable(accounts: AccountQuerySet, user: Any, changes: Mapping[str, Any]) -> AccountQuerySet:
    """Those of ``accounts`` to which this person may give these values (no query yet).

    Whoever may edit an account changes it, except for ``DECIDED_FIELDS``: a value of these that is
    not the account's already is given only by those who decide on it. They may give it to anybody
    who can own accounts, also where they see it no longer thereafter.
    """
    editable = accounts.editable_by(user)
    decided = {name: changes[name] for name in sorted(DECIDED_FIELDS & set(changes))}
    if not decided:
        return editable
    same = Q()
    for name, value in decided.items():
        same &= Q(**({f"{name}__isnull": True} if value is None else {name: value}))
    mine = accounts.model._default_manager.staffed_by(user).order_by().values("pk")
    return editable.filter(same | Q(pk__in=mine))
