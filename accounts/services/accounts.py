"""Writes on accounts: making, changing, moving, archiving them, and many at once."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Account
from accounts.services import key_accounts
from kam import editing
from kam.forms import violation
from kam.models import User
from kam.notifications import in_language_of, notify
from kam.scoping import Role

#: Who can be an account's KAM.
OWNER_ROLES = (Role.KAM, Role.LEADER)
#: Asked before an account is archived: what stands against it, in words, or nothing.
_obstacles: list[Callable[[Account], str]] = []


def before_archiving(check: Callable[[Account], str]) -> Callable[[Account], str]:
    """Registers a check of an app above: it returns the reason against archiving, or ``""``."""
    _obstacles.append(check)
    return check


def create_account(**fields: Any) -> Account:
    """Makes an account. Raises ``ValidationError`` by field."""
    account = Account(**fields)
    account.number = account.number or None
    _check(account, fields)
    with key_accounts.held(when=account.is_key_account):
        account.full_clean(exclude=["path"])
        account.save()
        account.refresh_from_db()
        if account.owner_id:
            _tell_owner(account)
    return account


def change_account(
    row: Account,
    changes: Mapping[str, Any],
    *,
    base_version: int | None = None,
    overwrite: bool = False,
) -> Account:
    """Saves touched fields (also ``parent`` and ``owner``) of one account in use.

    Raises ``EditConflict`` and ``ValidationError`` (by field; also for a parent below the account).
    """
    changes = dict(changes)
    if "number" in changes:
        changes["number"] = changes["number"] or None
    _in_use(Account.objects.filter(pk=row.pk))
    _check(row, changes)
    before = row.owner_id
    try:
        with key_accounts.held(when=key_accounts.touches(changes)):
            saved = editing.save_fields(
                row, changes, base_version=base_version, overwrite=overwrite
            )
            if saved.owner_id and saved.owner_id != before:
                _tell_owner(saved)
    except IntegrityError as error:
        raise violation(error, Account) from error
    saved.refresh_from_db(fields=["path"])
    return saved


def move_account(
    row: Account, parent: Account | None, *, base_version: int | None = None
) -> Account:
    """Puts an account, with all below it, under another one or at the top."""
    return change_account(row, {"parent": parent}, base_version=base_version)


def archive_account(row: Account) -> Account:
    """Takes an account out of use. Refused while accounts in use stand below it, or where an app
    above objects (an open plan)."""
    with transaction.atomic():
        row = Account.objects.select_for_update(of=("self",)).get(pk=row.pk)
        below = row.children.active().count()
        if below:
            text = ngettext(
                "%(n)d account stands below this one. Archive it or move it first.",
                "%(n)d accounts stand below this one. Archive them or move them first.",
                below,
            )
            raise ValidationError(text % {"n": below})
        reasons = [reason for check in _obstacles if (reason := check(row))]
        if reasons:
            raise ValidationError(reasons)
        return editing.archive(row)


def restore_account(row: Account) -> Account:
    """Brings an account back into use; its parent must be in use."""
    parent = Account.objects.filter(pk=row.parent_id).first() if row.parent_id else None
    if parent is not None and parent.archived_at:
        raise ValidationError(
            _("Its parent, %(name)s, is archived. Restore that first."), params={"name": parent}
        )
    with key_accounts.held(when=row.is_key_account):
        return editing.restore(row)


def change_accounts(rows: Any, changes: Mapping[str, Any]) -> int:
    """Gives many accounts the same values; returns how many were different before.

    ``rows`` is a queryset of editable accounts. All are changed or none: one that is archived, and
    nothing is.
    """
    allowed = {"owner", "level", "is_key_account", "lifecycle", "industry"}
    if unknown := set(changes) - allowed:
        raise ValidationError(_("%(names)s cannot be changed here.") % {"names": sorted(unknown)})
    _in_use(rows)
    _check(None, changes)
    differs = Q()
    for name, value in changes.items():
        # A null is different from every value.
        differs |= ~Q(**{name: value}) | Q(**{f"{name}__isnull": True})
    with key_accounts.held(when=key_accounts.touches(changes)):
        ids = list(
            Account.objects.filter(pk__in=list(rows.values_list("pk", flat=True)))
            .filter(differs)
            .order_by("pk")
            .select_for_update(of=("self",))
            .values_list("pk", flat=True)
        )
        changed = Account.objects.filter(pk__in=ids).update(**changes, updated_at=timezone.now())
        owner = changes.get("owner")
        if owner is not None and ids:
            _tell_owner_of_many(owner, ids)
    return changed


def _in_use(rows: Any) -> None:
    """Archived accounts stay as they are until they are restored."""
    gone = list(rows.filter(archived_at__isnull=False).order_by("name")[:11])
    if not gone:
        return
    text = ngettext(
        "%(names)s is archived. Restore it first.",
        "These are archived: %(names)s. Restore them first.",
        len(gone),
    )
    names = ", ".join(str(row) for row in gone[:10]) + (" …" if len(gone) > 10 else "")
    raise ValidationError(text % {"names": names})


def _check(row: Account | None, changes: Mapping[str, Any]) -> None:
    owner = changes.get("owner")
    owner = User.objects.filter(pk=owner).first() if isinstance(owner, int) else owner
    gone = owner is not None and (not owner.is_active or owner.archived_at is not None)
    if owner is not None and (owner.role not in OWNER_ROLES or gone):
        raise ValidationError(
            {
                "owner": _("%(name)s cannot own accounts: only KAMs and leaders can.")
                % {"name": owner}
            }
        )
    above = changes.get("parent")
    if above is None:
        return
    # Read anew: what the caller holds may be older than the tree.
    parent = Account.objects.get(pk=getattr(above, "pk", above))
    if parent.archived_at:
        raise ValidationError({"parent": _("%(name)s is archived.") % {"name": parent}})
    if row is not None and row.pk is not None and row.pk in parent.path:
        text = (
            _("An account cannot stand below itself.")
            if parent.pk == row.pk
            else _("%(parent)s stands below %(name)s itself, so it cannot be its parent.")
        )
        raise ValidationError({"parent": text % {"parent": parent, "name": row}})


def _tell_owner(account: Account) -> None:
    _tell([account.owner], account, f"owner-{account.version}", _owner_words)


def _owner_words(account: Account) -> str:
    return _("%(account)s is your account now") % {"account": account}


def _tell(
    people: Iterable[User | None], account: Account, what: str, words: Callable[[Account], str]
) -> None:
    for person in people:
        if person is None:
            continue
        with in_language_of(person):
            notify(
                [person],
                kind="account",
                occasion=f"account-{account.pk}-{what}",
                title=words(account),
                url=account.get_absolute_url(),
            )


def _tell_owner_of_many(owner: User, ids: list[int]) -> None:
    from django.urls import reverse

    with in_language_of(owner):
        text = ngettext("%(n)d account is yours now", "%(n)d accounts are yours now", len(ids)) % {
            "n": len(ids)
        }
        notify(
            [owner],
            kind="account",
            occasion=f"accounts-owner-{owner.pk}-{timezone.now():%Y%m%d%H%M%S%f}",
            title=text,
            url=f"{reverse('accounts:list')}?who=mine",
        )
