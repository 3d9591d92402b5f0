"""What meetings tell about a person's week: hours to take over, hours taken, and what became of them."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from kam.models import User
from kam.money import ZERO
from kam.number_text import plain
from kam.templatetags.kam_format import day
from portfolio import meetings
from portfolio.meetings import Meeting
from portfolio.models import MeetingHours

WEEK = timedelta(days=7)
#: How far back meetings that were taken over are looked at again.
LOOKED_AT = 26 * WEEK


@dataclass(slots=True)
class Offer:
    """A meeting of the week that is not taken over; ``hours`` are what was typed at it."""

    meeting: Meeting
    typed: str | None = None
    hours: Decimal | None = None
    error: str = ""

    @property
    def shown(self) -> str:
        hours = self.meeting.hours
        return self.typed if self.typed is not None else "" if hours is None else f"{hours:f}"


@dataclass(slots=True)
class Taken:
    """A meeting that was taken over, and how it stands now; ``seen``: the reader may open it."""

    line: MeetingHours
    now: Meeting | None
    seen: bool

    @property
    def key(self) -> str:
        return f"{self.line.kind}-{self.line.source}"

    @property
    def label(self) -> Any:
        return meetings.label_of(self.line.kind)

    @property
    def change(self) -> str:
        """``withdrawn``, ``moved``, ``hours``, or empty: as it was when it was taken over."""
        if not self.seen:
            return ""
        if self.now is None:
            return "withdrawn"
        spent = self.line.spent
        week = self.now.day - timedelta(days=self.now.day.weekday())
        if week != spent.week or self.now.account.pk != spent.account_id:
            return "moved"
        known = (None, self.line.offered, self.line.hours)
        return "" if self.now.hours in known else "hours"

    @property
    def told(self) -> str:
        """The change in words."""
        if self.change == "withdrawn":
            return _("It is no longer done, or you are not part of it any more.")
        if self.change == "moved" and self.now is not None:
            return _("It now stands at %(account)s on %(day)s.") % {
                "account": self.now.account,
                "day": day(self.now.day),
            }
        if self.change == "hours" and self.now is not None and self.now.hours is not None:
            return _("It now says %(n)s hours.") % {"n": plain(self.now.hours, 2)}
        return ""


@dataclass(slots=True)
class WeekMeetings:
    """Meetings of one person's week. ``changed``: other weeks in which a taken one has changed."""

    offers: list[Offer] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    changed: list[date] = field(default_factory=list)

    @property
    def ready(self) -> list[Offer]:
        """Those that say how long they were: taken over together by one click."""
        return [offer for offer in self.offers if offer.meeting.hours]

    def offered(self, account: int) -> Decimal:
        """Hours that the week's meetings at an account would add."""
        hours = [o.meeting.hours for o in self.ready if o.meeting.account.pk == account]
        return sum((h for h in hours if h is not None), ZERO)


def meetings_of(user: Any, person: User, monday: date, today: date) -> WeekMeetings:
    """The meetings of ``person``'s week that ``user`` may see (a query, and one for each kind)."""
    since = min(monday, today - LOOKED_AT)
    lines = list(
        MeetingHours.objects.active()  # one's own, whatever became of the account
        .filter(user=person, spent__week__gte=since)
        .select_related("spent__account")
        .order_by("happened_on", "pk")
    )
    named: dict[str, set[int]] = defaultdict(set)
    for line in lines:
        named[line.kind].add(line.source)
    found = meetings.find(user, person, monday, monday + WEEK, named)
    result, others = WeekMeetings(), set()
    for line in lines:
        key = (line.kind, line.source)
        taken = Taken(line, found.get(key), key in found)
        if line.spent.week == monday:
            result.taken.append(taken)
        elif taken.change:
            others.add(line.spent.week)
    result.changed = sorted(others)
    held = {(line.kind, line.source) for line in lines}
    result.offers = sorted(
        (Offer(m) for key, m in found.items() if m is not None and key not in held),
        key=lambda o: (o.meeting.account.name, o.meeting.day, o.meeting.key),
    )
    return result


def waiting(user: User, monday: date) -> int:
    """How many meetings of one's own week are not taken over (a query for each kind, and one)."""
    found = {
        key
        for key, m in meetings.find(user, user, monday, monday + WEEK, {}).items()
        if m is not None
    }
    if not found:
        return 0
    sources = {source for _kind, source in found}
    lines = MeetingHours.objects.active().filter(user=user, source__in=sources)  # one's own
    return len(found - set(lines.values_list("kind", "source")))
