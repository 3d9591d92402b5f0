"""Writes on who is around an account: our team and the customer's contacts."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Account, AccountTeamMember, Contact
from accounts.services.accounts import _tell
from kam import editing
from kam.forms import violation
from kam.models import User
from kam.scoping import Role


def add_seat(
    account: Account, user: User, function: str, *, may_edit: bool = False
) -> AccountTeamMember:
    """Puts a person into the account's team; a seat that they had before comes back."""
    if not user.is_active or user.archived_at or user.role == Role.SERVICE:
        raise ValidationError({"user": _("%(name)s has left.") % {"name": user}})
    with transaction.atomic():
        seat = (
            AccountTeamMember.objects.select_for_update(of=("self",))
            .filter(account=account, user=user, function=function)
            .first()
        )
        if seat is not None and seat.archived_at is None:
            raise ValidationError(_("This person has this role in the team already."))
        if seat is None:
            seat = AccountTeamMember(
                account=account, user=user, function=function, may_edit=may_edit
            )
            seat.full_clean()
            try:
                with transaction.atomic():
                    seat.save()
            except IntegrityError as error:
                raise violation(error, AccountTeamMember) from error
        else:
            seat = editing.save_fields(
                seat, {"archived_at": None, "may_edit": may_edit}, base_version=None
            )
        _tell([user], account, f"seat-{seat.pk}-{seat.version}", _seat_words)
    return seat


def _seat_words(account: Account) -> str:
    return _("You are on the team of %(account)s") % {"account": account}


def remove_seat(seat: AccountTeamMember) -> AccountTeamMember:
    """Takes a person out of the account's team."""
    return editing.archive(seat)


def create_contact(account: Account, **fields: Any) -> Contact:
    """Makes a contact at an account in use. Raises ``ValidationError`` by field."""
    if account.archived_at:
        raise ValidationError(_("%(name)s is archived.") % {"name": account})
    contact = Contact(account=account, **fields)
    contact.number = contact.number or None
    contact.full_clean(exclude=["path"])
    try:
        with transaction.atomic():
            contact.save()
    except IntegrityError as error:
        raise violation(error, Contact) from error
    contact.refresh_from_db()
    return contact


def change_contact(
    row: Contact,
    changes: Mapping[str, Any],
    *,
    base_version: int | None = None,
    overwrite: bool = False,
) -> Contact:
    """Saves touched fields of a contact, except ``account``: those who report to them work there.

    ``parent`` (whom they report to) works at the same account. Raises ``EditConflict`` and
    ``ValidationError`` (by field).
    """
    if "account" in changes:
        raise ValidationError({"account": _("A contact stays at its account.")})
    changes = dict(changes)
    if "number" in changes:
        changes["number"] = changes["number"] or None
    above = changes.get("parent")
    above = Contact.objects.get(pk=getattr(above, "pk", above)) if above is not None else None
    if above is not None and row.pk in above.path:
        text = _("%(above)s reports to %(name)s, directly or through others.")
        if above.pk == row.pk:
            text = _("Nobody reports to themselves.")
        raise ValidationError({"parent": text % {"above": above, "name": row}})
    try:
        return editing.save_fields(row, changes, base_version=base_version, overwrite=overwrite)
    except IntegrityError as error:
        raise violation(error, Contact) from error


def archive_contact(row: Contact) -> Contact:
    """Takes a contact out of use; who reported to them still shows so."""
    return editing.archive(row)


def restore_contact(row: Contact) -> Contact:
    """Brings a contact back; the account must be in use."""
    if row.account.archived_at:
        raise ValidationError(
            _("%(name)s is archived. Restore that account first."), params={"name": row.account}
        )
    return editing.restore(row)
