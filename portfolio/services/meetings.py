"""Hours taken over from meetings: each meeting once, as part of the hours of its week.

``HoursSpent.hours`` stays all that was spent; ``from_meetings`` is the part that stands in
``MeetingHours``. Both change together, while the person's hours are locked.
"""

from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account
from kam import editing, history
from kam.forms import save_new
from kam.models import User
from kam.money import ZERO
from portfolio.meetings import Meeting, one
from portfolio.models import HoursSpent, MeetingHours
from portfolio.services.hours import monday, require_spent, week_of_hours
from portfolio.services.inputs import require_in_use, require_worker

NO_MEETING = gettext_lazy("You took part in no such meeting, or it has not been held.")


def take_over(person: User, meeting: Meeting, hours: Decimal | None = None) -> MeetingHours:
    """Counts a meeting's hours as spent by ``person`` in its week.

    ``hours`` are what it took them; what the meeting says, where that is not typed. One that was taken
    over before is brought up to date: nothing counts twice. Raises ``ValidationError`` where nobody
    says how long it was, for a coming week, or where the week has no room for it.
    """
    hours = meeting.hours if hours is None else hours
    if hours is None or hours <= 0:
        raise ValidationError({"hours": _("Say how many hours it took.")})
    week = monday(meeting.day)
    require_spent(week)
    require_worker(person)
    require_in_use(meeting.account)
    with week_of_hours(person.pk, week):
        line = (
            MeetingHours.objects.filter(user=person, kind=meeting.kind, source=meeting.source)
            .select_related("spent__account")
            .order_by("archived_at", "pk")  # the one in use stands last: it has no such time
            .last()
        )
        if line is not None and line.archived_at is None:
            _add(line.spent, -line.hours)
        spent = _row(meeting.account, person, week, hours)
        values = {
            "spent": spent,
            "title": meeting.title[:200],
            "happened_on": meeting.day,
            "hours": hours,
            "offered": meeting.hours,
        }
        if line is None:
            return save_new(
                MeetingHours(user=person, kind=meeting.kind, source=meeting.source, **values)
            )
        return editing.save_fields(line, {**values, "archived_at": None}, base_version=None)


def take_back(line: MeetingHours) -> MeetingHours:
    """Takes a meeting's hours out of what was spent; hours typed by hand stay."""
    with week_of_hours(line.user_id, line.spent.week):
        line = MeetingHours.objects.select_related("spent").get(pk=line.pk)
        if line.archived_at is not None:
            return line
        line = editing.archive(line)
        _add(line.spent, -line.hours)
        return line


def count_again(line: MeetingHours, by: User | None = None) -> MeetingHours:
    """Brings back what was taken back, as it was.

    ``by`` who takes it back may be its person as a substitute: then they see more meetings. Raises
    ``ValidationError`` where the meeting no longer counts for its person.
    """
    require_in_use(line.spent.account)
    reader = by if by is not None and by == line.user else line.user
    if one(reader, line.user, line.kind, line.source) is None:
        raise ValidationError({"source": NO_MEETING})
    with week_of_hours(line.user_id, line.spent.week):
        line = MeetingHours.objects.select_related("spent").get(pk=line.pk)
        if line.archived_at is None:
            return line
        line = editing.restore(line)
        _add(line.spent, line.hours)
        return line


def _row(account: Account, person: User, week: date, hours: Decimal) -> HoursSpent:
    row = HoursSpent.objects.filter(account=account, user=person, week=week).first()
    if row is not None:
        return _add(row, hours)
    new = HoursSpent(account=account, user=person, week=week, hours=hours, from_meetings=hours)
    return save_new(new)


def _add(row: HoursSpent, hours: Decimal) -> HoursSpent:
    """The row with so many hours from meetings more or, below zero, fewer; gone where none are left."""
    row = HoursSpent.objects.get(pk=row.pk)
    total = (ZERO if row.archived_at else row.hours) + hours
    met = row.from_meetings + hours
    if total == 0 and not row.note:
        # No hours: whoever brings the row back must not find those of the meeting in it.
        changes = {"hours": ZERO, "from_meetings": ZERO, "archived_at": timezone.now()}
    else:
        changes = {"hours": total, "from_meetings": met, "archived_at": None}
    return editing.save_fields(row, changes, base_version=None)


history.restores(MeetingHours, count_again)
