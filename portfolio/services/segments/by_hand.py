"""Segments by hand: one account in another segment than the rules say, until a date."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Account
from kam import editing, history
from kam.forms import save_new
from kam.models import User
from kam.periods import company_today
from portfolio.models import Segment, SegmentOverride
from portfolio.services.segments.placing import place_accounts

#: How long a segment by hand may last.
LONGEST = timedelta(days=366 * 2)


def set_override(
    account: Account, segment: Segment, by: User | None, *, reason: str, expires_on: date
) -> SegmentOverride:
    """Puts an account into a segment by hand, until a date, and places it at once.

    One that is there already gives way to the new one. Raises ``ValidationError`` by field.
    """
    today = company_today()
    _check_expiry(expires_on, today)
    if account.archived_at is not None:
        raise ValidationError(_("%(name)s is archived. Restore it first.") % {"name": account})
    if segment.archived_at is not None or segment.scheme.archived_at is not None:
        raise ValidationError({"segment": _("%(name)s is archived.") % {"name": segment}})
    with transaction.atomic():
        Account.objects.select_for_update(of=("self",), no_key=True).get(pk=account.pk)
        held = SegmentOverride.objects.active().filter(account=account, scheme=segment.scheme)
        for row in held:
            editing.archive(row)
        override = SegmentOverride(
            account=account,
            scheme=segment.scheme,
            segment=segment,
            author=by,
            reason=reason.strip(),
            expires_on=expires_on,
        )
        override = save_new(override)
        place_accounts(today, schemes=[segment.scheme], account=account.pk)
    return override


def change_override(
    row: SegmentOverride,
    changes: Mapping[str, Any],
    *,
    base_version: int | None = None,
    overwrite: bool = False,
) -> SegmentOverride:
    """Saves another segment of the same scheme, reason or date, and places the account at once."""
    today = company_today()
    segment = changes.get("segment")
    if segment is not None and segment.scheme_id != row.scheme_id:
        raise ValidationError({"segment": _("Choose a segment of the same scheme.")})
    if segment is not None and segment.archived_at is not None:
        raise ValidationError({"segment": _("%(name)s is archived.") % {"name": segment}})
    if changes.get("expires_on") is not None:
        _check_expiry(changes["expires_on"], today)
    with transaction.atomic():
        saved = editing.save_fields(row, changes, base_version=base_version, overwrite=overwrite)
        place_accounts(today, schemes=[saved.scheme], account=saved.account_id)
    return saved


def end_override(row: SegmentOverride) -> SegmentOverride:
    """The rules decide about the account again, at once."""
    with transaction.atomic():
        saved = editing.archive(row)
        place_accounts(company_today(), schemes=[saved.scheme], account=saved.account_id)
    return saved


def restore_override(row: SegmentOverride) -> SegmentOverride:
    """A segment by hand that was ended counts again, if its time has not run out."""
    _check_expiry(row.expires_on, company_today())
    with transaction.atomic():
        saved = editing.restore(row)
        place_accounts(company_today(), schemes=[saved.scheme], account=saved.account_id)
    return saved


def _check_expiry(day: date, today: date) -> None:
    if day < today:
        raise ValidationError({"expires_on": _("This day has passed.")})
    if day > today + LONGEST:
        raise ValidationError(
            {"expires_on": _("A segment by hand ends within two years: say when to look again.")}
        )


history.restores(SegmentOverride, restore_override)
