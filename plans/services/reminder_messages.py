"""The telling of reminders: what waits in the ledger becomes messages.

Some people at a time, in one transaction: their waiting reminders are locked and read, each kind of row
is read once for all of them, one message per kind is written to each, and the reminders are marked as
told. How many statements that takes depends on the kinds, not on the people, nor on their reminders.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import BigIntegerField, Count, Value
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kam.models import Notification, Substitution, User
from kam.notifications import deliver, in_language_of, may_be_told, message
from plans.models import Reminder
from plans.services.reminder_kinds import BY_NAME, DueKind

log = logging.getLogger(__name__)

#: How many of one kind a message names; the rest stand as a number.
NAMED = 12
#: At most so many reminders are told together …
TOGETHER = 1_000
#: … to at most so many people.
PEOPLE = 50

Told = Callable[[int, int], None]
Step = Reminder.Step
#: Who is told of what: one message for each, of each kind.
MINE, STANDING_IN, LEADING = "mine", "standing_in", "leading"
GROUPS = {Step.SUBSTITUTE: STANDING_IN, Step.LEADER: LEADING}


@dataclass(frozen=True, slots=True)
class Draft:
    """A message about rows of one kind: to whom, by whose rights, why, and its reminders."""

    recipient: int
    behalf: int
    kind: DueKind
    group: str
    reminders: Sequence[Reminder]

    @property
    def days(self) -> dict[int, Reminder]:
        """Row → its reminder; of several the last, as of the latest step."""
        return {reminder.row: reminder for reminder in self.reminders}


@dataclass(frozen=True, slots=True)
class OpenRows:
    """What a draft tells: the rows that are named, in order, and how many there are in all."""

    rows: Sequence[Any]
    count: int


def tell(now: datetime | None = None, told: Told | None = None) -> int:
    """Puts what waits in the ledger into notifications; returns how many.

    Where a message cannot be written, the people told together with it are told one by one, so that
    one does not keep the others' back.
    """
    now = now or timezone.now()
    messages, done = 0, 0
    groups = list(_together())
    total = sum(len(people) for people in groups)
    for people in groups:
        if told is not None:
            told(done, total)
        messages += _tell(people, now)
        done += len(people)
    return messages


def _together() -> Iterator[list[int]]:
    """Who is told together (one query): whole people, as long as the limits allow."""
    waiting = Reminder.objects.filter(told_at=None).order_by("recipient").values("recipient")
    people: list[int] = []
    held = 0
    for recipient, count in waiting.annotate(n=Count("pk")).values_list("recipient", "n"):
        if people and (len(people) == PEOPLE or held + count > TOGETHER):
            yield people
            people, held = [], 0
        people.append(recipient)
        held += count
    if people:
        yield people


def _tell(people: Sequence[int], now: datetime) -> int:
    try:
        return _tell_all(people, now)
    except Exception:
        if len(people) == 1:
            log.exception("person %s was not reminded", people[0])
            return 0
        log.warning("%d people are reminded one by one", len(people), exc_info=True)
    return sum(_tell([person], now) for person in people)


def _tell_all(people: Sequence[int], now: datetime) -> int:
    messages = 0
    while True:
        with transaction.atomic():
            waiting = Reminder.objects.filter(recipient__in=people, told_at=None)
            locked = waiting.order_by("recipient", "pk").select_for_update(of=("self",))
            reminders = list(locked[:TOGETHER])
            messages += deliver(_written(reminders, now))
            Reminder.objects.filter(pk__in=[row.pk for row in reminders]).update(told_at=now)
        if len(reminders) < TOGETHER:
            return messages


def _written(reminders: Sequence[Reminder], now: datetime) -> list[Notification]:
    """The messages about these reminders, each in its reader's language."""
    drafts = list(_drafts(reminders))
    keys = {draft.recipient for draft in drafts} | {draft.behalf for draft in drafts}
    people = User.objects.in_bulk(keys)
    standing_in = _standing_in(drafts, people, now)
    drafts = [
        draft
        for draft in drafts
        if may_be_told(people[draft.recipient])
        and (draft.group != STANDING_IN or (draft.behalf, draft.recipient) in standing_in)
    ]
    written = []
    for name in sorted({draft.kind.name for draft in drafts}):
        kind = BY_NAME[name]
        of_kind = [draft for draft in drafts if draft.kind is kind]
        for draft, open_rows in zip(of_kind, _open_rows(kind, of_kind, people), strict=True):
            if open_rows.rows:
                person = people[draft.recipient]
                with in_language_of(person):
                    written.append(_message(draft, open_rows, person, people[draft.behalf], now))
    return written


def _standing_in(
    drafts: Sequence[Draft], people: dict[int, User], now: datetime
) -> set[tuple[int, int]]:
    """Who of these stands in for whom when it is told, as (absent, substitute): a message that waited
    must not tell of another's rows when that is over. One query, where there are any."""
    substitutes = {draft.recipient for draft in drafts if draft.group == STANDING_IN}
    if not substitutes:
        return set()
    covering = Substitution.objects.covering(now.date(), slack=1)
    return {
        (row.absent_id, row.substitute_id)
        for row in covering.filter(substitute__in=substitutes)
        if row.absent_id in people
        and may_be_told(people[row.absent_id])
        and row.starts_on <= now.astimezone(people[row.absent_id].zone).date() <= row.ends_on
    }


def _drafts(reminders: Sequence[Reminder]) -> Iterator[Draft]:
    """Reminders with the same answer stand in one message."""

    def answer(row: Reminder) -> tuple[int, str, str, int]:
        group = GROUPS.get(Step(row.step), MINE)
        behalf = row.behalf_id if group == STANDING_IN else row.recipient_id
        return row.recipient_id, row.kind, group, behalf

    for (recipient, kind, group, behalf), some in groupby(
        sorted(reminders, key=answer), key=answer
    ):
        yield Draft(recipient, behalf, BY_NAME[kind], group, list(some))


# --- what is still open, and seen by the one whose rights count ------------------------------------
def _open_rows(kind: DueKind, drafts: Sequence[Draft], people: dict[int, User]) -> list[OpenRows]:
    """For each draft what is told (three queries): the rows that are still open and due on that day,
    those among them that the one whose rights count sees, and the ones that are named."""
    asked = {row for draft in drafts for row in draft.days}
    due: dict[int, date] = dict(
        kind.rows().filter(pk__in=asked).order_by().values_list("pk", "due")
    )
    still = [
        [row for row, reminder in draft.days.items() if due.get(row) == reminder.due_on]
        for draft in drafts
    ]
    seen = _seen(kind, zip((draft.behalf for draft in drafts), still, strict=True), people)
    chosen = []
    for draft, rows in zip(drafts, still, strict=True):
        rows = [row for row in rows if (draft.behalf, row) in seen]
        chosen.append(sorted(rows, key=lambda row: (due[row], row)))
    named = {row for rows in chosen for row in rows[:NAMED]}
    known = kind.rows().select_related(*kind.related).in_bulk(named)
    found = []
    for rows in chosen:
        first = [known[row] for row in rows[:NAMED] if row in known]
        found.append(OpenRows(first, len(first) + len(rows[NAMED:])))
    return found


def _seen(
    kind: DueKind, asked: Iterable[tuple[int, Collection[int]]], people: dict[int, User]
) -> set[tuple[int, int]]:
    """Which of their rows each person sees, as (person, row): one query for all of them."""
    rows_of: dict[int, set[int]] = {}
    for person, rows in asked:
        rows_of.setdefault(person, set()).update(rows)
    everything = kind.rows().model._default_manager
    parts = [
        everything.visible_to(people[person])
        .filter(pk__in=rows)
        .order_by()
        .values_list(Value(person, output_field=BigIntegerField()), "pk")
        for person, rows in rows_of.items()
        if rows
    ]
    if not parts:
        return set()
    first, *others = parts
    return set(first.union(*others, all=True) if others else first)


# --- the words ------------------------------------------------------------------------------------
def _message(
    draft: Draft, told: OpenRows, person: User, behalf: User, now: datetime
) -> Notification:
    kind, days = draft.kind, draft.days
    lines = [f"{_when(days[row.pk])}: {kind.text(row)}" for row in told.rows]
    more = told.count - len(told.rows)
    if more:
        lines.append(ngettext("and %(n)d more", "and %(n)d more", more) % {"n": more})
    if draft.group == STANDING_IN:
        lines.insert(0, _("You stand in for %(name)s.") % {"name": behalf})
    if told.count == 1:
        title, url = f"{kind.one}: {kind.text(told.rows[0])}", kind.url(told.rows[0])
    else:
        title, url = _title(kind, draft.group, told.count), kind.list_url()
    first = min(row.pk for row in draft.reminders)
    return message(
        person,
        now,
        kind=f"reminder_{kind.name}",
        occasion=f"reminder-{first}",
        title=title,
        body="\n".join(lines),
        url=url,
    )


def _title(kind: DueKind, group: str, n: int) -> str:
    words = {"kind": kind.many, "n": n}
    if group == LEADING:
        return _("%(kind)s: %(n)d late among those you lead") % words
    if group == STANDING_IN:
        return _("%(kind)s: %(n)d late for whom you stand in") % words
    return _("%(kind)s: %(n)d due or late") % words


def _when(reminder: Reminder) -> str:
    day = date_format(reminder.due_on, "SHORT_DATE_FORMAT")
    if reminder.step == Step.BEFORE:
        return _("due on %(day)s") % {"day": day}
    if reminder.step == Step.DUE:
        return _("due today")
    return _("late since %(day)s") % {"day": day}
