"""Writes of hours spent: one person, one account, one week."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from accounts.models import Account
from kam import editing, history
from kam.editing import EditConflict
from kam.forms import save_new
from kam.models import User
from kam.number_text import plain
from kam.periods import company_today
from portfolio.models import HoursSpent
from portfolio.services.inputs import (
    require_in_use,
    require_not_archived,
    require_worker,
    save_changed,
)

WEEK_HOURS = Decimal(168)
FIRST_WEEK = date(1990, 1, 1)  # a Monday


def monday(day: date) -> date:
    """The Monday of the week that ``day`` lies in."""
    return day - timedelta(days=day.weekday())


@dataclass(frozen=True, slots=True)
class WeekEntry:
    """What somebody typed for one account in a week; ``hours`` of ``None`` takes the row away."""

    account: Account
    hours: Decimal | None
    note: str = ""
    base_version: int | None = None


@contextmanager
def week_of_hours(user: int, week: date) -> Iterator[None]:
    """Within it one person's hours of a week change; at its end they must fit into the week.

    Whoever writes hours of the same person meanwhile waits. More than 168 hours over all accounts
    are refused with ``ValidationError``, unless there were as many before.
    """
    with transaction.atomic():
        User.objects.select_for_update(no_key=True, of=("self",)).get(pk=user)
        before = week_sum(user, week)
        yield
        after = week_sum(user, week)
        if after > max(WEEK_HOURS, before):
            text = _("%(n)s hours stand in this week; a week has 168.")
            raise ValidationError({"hours": text % {"n": after}})


def week_sum(user: int, week: date) -> Decimal:
    """Hours of one person in one week over all accounts."""
    held = HoursSpent.objects.active().filter(user=user, week=week)
    return held.aggregate(n=Sum("hours"))["n"] or Decimal(0)


def week_sums(weeks: Collection[tuple[int, date]]) -> dict[tuple[int, date], Decimal]:
    """``week_sum`` of many: (person's id, Monday) → hours, in one query; without empty weeks."""
    held = HoursSpent.objects.active().filter(
        user__in={user for user, _monday in weeks}, week__in={week for _user, week in weeks}
    )
    rows = held.order_by().values_list("user", "week").annotate(n=Sum("hours"))
    return {(user, week): n for user, week, n in rows if (user, week) in weeks}


def require_spent(week: date, today: date | None = None) -> None:
    if week != monday(week):
        raise ValidationError({"week": _("A week is named by its Monday.")})
    if week > (today or company_today()):
        raise ValidationError({"week": _("This week has not come yet.")})
    if week < FIRST_WEEK:
        raise ValidationError({"week": _("Hours are kept from 1990 on.")})


def record_hours(
    user: User, week: date, entries: list[WeekEntry], *, today: date | None = None
) -> int:
    """Keeps one person's hours of one week, all or nothing; returns how many rows changed.

    Raises ``EditConflict`` where somebody else wrote the same hours meanwhile, and
    ``ValidationError`` for a coming week or more hours than a week has.
    """
    require_spent(week, today)
    require_worker(user)
    changed = 0
    with week_of_hours(user.pk, week):
        held = {
            row.account_id: row
            for row in HoursSpent.objects.filter(user=user, week=week).select_related("account")
        }
        for entry in entries:
            changed += _record(held, user, week, entry)
    return changed


def _record(held: dict[int, HoursSpent], user: User, week: date, entry: WeekEntry) -> bool:
    row = held.get(entry.account.pk)
    wanted: dict[str, Any] = {"hours": entry.hours, "note": entry.note, "archived_at": None}
    if entry.hours is None:
        if row is None or row.archived_at is not None:
            return False
        if entry.base_version not in (None, row.version):
            conflict = editing.FieldConflict("hours", str(_("hours")), None, row.hours, None)
            raise EditConflict(row, [conflict])
        held[entry.account.pk] = _taken_away(row)
        return True
    if row is None:
        require_in_use(entry.account)
        new = HoursSpent(
            account=entry.account, user=user, week=week, hours=entry.hours, note=entry.note
        )
        held[entry.account.pk] = save_new(new)
        return True
    if all(getattr(row, name) == value for name, value in wanted.items()):
        return False
    require_in_use(entry.account)
    held[entry.account.pk] = editing.save_fields(row, wanted, base_version=entry.base_version)
    return True


def add_hours(account: Account, user: User, week: date, **values: Any) -> HoursSpent:
    """Keeps hours of one person on one account in one week; archived ones come back changed.

    Raises ``ValidationError`` as ``record_hours`` does.
    """
    require_in_use(account)
    require_spent(week)
    require_worker(user)
    with week_of_hours(user.pk, week):
        old = HoursSpent.objects.archived().filter(account=account, user=user, week=week).first()
        if old is not None:
            return editing.save_fields(old, {**values, "archived_at": None}, base_version=None)
        return save_new(HoursSpent(account=account, user=user, week=week, **values))


def change_hours(
    row: HoursSpent,
    changes: Mapping[str, Any],
    *,
    base_version: int | None = None,
    overwrite: bool = False,
) -> HoursSpent:
    """Saves touched hours and note; whose, where and when stays. Never fewer than from meetings.

    Raises ``EditConflict`` and ``ValidationError`` (by field): also where the row is archived.
    """
    require_in_use(row.account)
    require_not_archived(row)
    with week_of_hours(row.user_id, row.week):
        met = HoursSpent.objects.get(pk=row.pk).from_meetings
        if changes.get("hours", met) < met:
            raise ValidationError({"hours": fewer_than_met(met)})
        return save_changed(row, changes, base_version, overwrite)


def fewer_than_met(met: Decimal) -> str:
    """Why hours cannot be fewer than those from meetings among them."""
    return _("at least %(n)s hours: so many are from meetings") % {"n": plain(met, 2)}


def archive_hours(row: HoursSpent) -> HoursSpent:
    """Takes hours away; refused while some of them are from meetings."""
    with week_of_hours(row.user_id, row.week):
        return _taken_away(HoursSpent.objects.get(pk=row.pk))


def restore_hours(row: HoursSpent) -> HoursSpent:
    """Brings hours back; the account must be in use, and they must fit into their week."""
    require_in_use(row.account)
    with week_of_hours(row.user_id, row.week):
        return editing.restore(row)


def _taken_away(row: HoursSpent) -> HoursSpent:
    if row.from_meetings:
        raise ValidationError({"hours": fewer_than_met(row.from_meetings)})
    return editing.archive(row)


history.puts_back(HoursSpent, change_hours, "hours", "note")
history.restores(HoursSpent, restore_hours)
