"""Reminders of what is due and late: the right person, in their language, on their date, once each.

Two steps, each safe to break off and to repeat, also by two processes at once. First the ledger: one
statement for each page of rows writes who is to be told of which row's day (``Reminder``, unique), by
the date at each recipient's place. Then the telling (``reminder_messages``): some people at a time, in
one transaction, what waits becomes one notification per kind, and the ledger rows are marked as told.

Before its day and on it, the one who is to do it is reminded. After it: the same and who answers for
the account, whoever stands in for them on that day, and after a while the leader (``PlanSettings``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import F, Q
from django.utils import timezone

from kam.leaders import leaders_above
from kam.models import Company, Role, Substitution, TaskRun, User
from plans.models import PlanSettings, Reminder
from plans.services.reminder_kinds import KINDS, DueKind
from plans.services.reminder_messages import Told, tell

NAME = "reminders"
PATIENCE = timedelta(minutes=45)
#: How many rows one statement looks at.
PAGE = 5_000
#: A step that could not be taken for so many days (nobody ran the night) is left out.
CATCH_UP = 14
#: The ledger is kept for so long.
KEPT = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class People:
    """Everybody who can be reminded: their own date, who leads them, who stands in for them."""

    days: Mapping[int, date]
    leaders: Sequence[tuple[int, int]]
    substitutes: Sequence[tuple[int, int]]


def remind(now: datetime | None = None, told: Told | None = None) -> dict[str, int]:
    """Writes down and tells what ``now`` is due somewhere; returns how many reminders and messages.

    Any number of times, by any number of processes: each reminder comes once.
    """
    now = now or timezone.now()
    people = people_at(now)
    written = sum(write_down(kind, people, now) for kind in KINDS)
    messages = tell(now, told)
    Reminder.objects.filter(made_at__lt=now - KEPT).delete()
    return {"reminders": written, "messages": messages}


# --- who, and on which date -----------------------------------------------------------------------
def days_by_zone(now: datetime) -> dict[str, date]:
    """The date in each time zone that somebody lives in (one query); ``""``: the company's."""
    zones = User.objects.people().order_by().values_list("timezone", flat=True).distinct()
    company = Company.current().timezone
    return {zone: now.astimezone(ZoneInfo(zone or company)).date() for zone in zones}


def people_at(now: datetime) -> People:
    """All who can be reminded (four queries, whatever their number)."""
    by_zone = days_by_zone(now)
    rows = list(User.objects.people().order_by("pk").values_list("pk", "timezone", "team"))
    days = {pk: by_zone[zone] for pk, zone, _team in rows}
    soon = now.date()
    covering = Substitution.objects.covering(soon, slack=1).filter(absent__in=days)
    substitutes = {
        (row.absent_id, row.substitute_id)
        for row in covering
        if row.starts_on <= days[row.absent_id] <= row.ends_on and row.substitute_id in days
    }
    return People(days, _leaders([(pk, team) for pk, _zone, team in rows]), sorted(substitutes))


def _leaders(people: Sequence[tuple[int, int | None]]) -> list[tuple[int, int]]:
    """Each person with the nearest leader above them who may decide, else with management."""
    management = User.objects.people().filter(role=Role.MANAGEMENT).order_by("pk")
    others = list(management.values_list("pk", flat=True))
    above = leaders_above(people)
    return [
        (person, leader)
        for person, _team in people
        for leader in ([above[person]] if person in above else others)
        if leader != person
    ]


# --- the ledger -----------------------------------------------------------------------------------
WRITE = """
    WITH item(row, due_on, person, owner) AS MATERIALIZED ({rows}),
    people(id, today) AS MATERIALIZED (SELECT * FROM unnest(%s::bigint[], %s::date[])),
    leaders(person, leader) AS MATERIALIZED (SELECT * FROM unnest(%s::bigint[], %s::bigint[])),
    stand_ins(absent, substitute) AS MATERIALIZED
        (SELECT * FROM unnest(%s::bigint[], %s::bigint[])),
    asked(recipient, behalf, row, due_on, step, since, until) AS (
        SELECT person, person, row, due_on, 'before', -%s, -1 FROM item
         UNION ALL SELECT person, person, row, due_on, 'due', 0, 0 FROM item
         UNION ALL SELECT person, person, row, due_on, 'late', 1, %s FROM item WHERE %s
         UNION ALL SELECT owner, owner, row, due_on, 'late', 1, %s FROM item
                    WHERE %s AND owner <> person
         UNION ALL SELECT s.substitute, s.absent, row, due_on, 'substitute', %s, %s
                     FROM item JOIN stand_ins s ON s.absent = item.owner WHERE %s
         UNION ALL SELECT s.substitute, s.absent, row, due_on, 'substitute', %s, %s
                     FROM item JOIN stand_ins s ON s.absent = item.person
                    WHERE %s AND owner <> person
         UNION ALL SELECT l.leader, l.person, row, due_on, 'leader', %s, %s
                     FROM item JOIN leaders l ON l.person = coalesce(item.owner, item.person)
                    WHERE %s
    ),
    written AS (
        INSERT INTO plans_reminder (recipient_id, behalf_id, kind, row, due_on, step, made_at)
        SELECT a.recipient, a.behalf, %s, a.row, a.due_on, a.step, %s
          FROM asked a JOIN people p ON p.id = a.recipient
         WHERE p.today - a.due_on BETWEEN a.since AND a.until
         ORDER BY a.row, a.step, a.recipient
            ON CONFLICT DO NOTHING
        RETURNING 1
    )
    SELECT max(row), (SELECT count(*) FROM written) FROM item
"""


def write_down(kind: DueKind, people: People, now: datetime) -> int:
    """Writes the reminders of one kind that are due, page by page; returns how many were new."""
    if not people.days:
        return 0
    settings = PlanSettings.current()
    substitute, leader = max(1, settings.substitute_days), max(1, settings.escalate_days)
    last = max(substitute, leader) + CATCH_UP if kind.late else 0
    first_day, last_day = min(people.days.values()), max(people.days.values())
    rows = (
        kind.rows()
        .filter(due__gte=first_day - timedelta(days=last))
        .filter(due__lte=last_day + timedelta(days=settings.remind_days))
        .order_by("pk")
        .values_list("pk", "due", "person", "owner_of")
    )
    late = [kind.late]
    told_substitute = [substitute, substitute + CATCH_UP, *late]
    who: list[Any] = [
        list(people.days), list(people.days.values()),
        *_columns(people.leaders), *_columns(people.substitutes),
    ]  # fmt: skip
    steps: list[Any] = [
        settings.remind_days,
        CATCH_UP, *late, CATCH_UP, *late,
        *told_substitute, *told_substitute,
        leader, leader + CATCH_UP, *late,
    ]  # fmt: skip
    written, key = 0, 0
    with connection.cursor() as cursor:
        while True:
            page = rows.filter(pk__gt=key)[:PAGE]
            sql, asked = page.query.sql_with_params()
            cursor.execute(WRITE.format(rows=sql), [*asked, *who, *steps, kind.name, now])
            last_key, new = cursor.fetchone()
            if last_key is None:
                return written
            key, written = last_key, written + new


def _columns(pairs: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
    return [first for first, _second in pairs], [second for _first, second in pairs]


# --- when -----------------------------------------------------------------------------------------
def claim(now: datetime | None = None) -> bool:
    """Whether somewhere a day has begun of which nobody was told, and that is now the caller's.

    By the date in each zone that somebody lives in: nights of 23 and 25 hours are nights like others.
    """
    now = now or timezone.now()
    run, _made = TaskRun.objects.get_or_create(name=NAME)
    if run.detail.get("days") == _as_kept(days_by_zone(now)):
        return False
    at_rest = Q(started_at=None) | Q(finished_at__gte=F("started_at"))
    lost = Q(started_at__lt=now - PATIENCE)
    return bool(TaskRun.objects.filter(at_rest | lost, name=NAME).update(started_at=now))


def run(now: datetime | None = None, told: Told | None = None) -> dict[str, int]:
    """Reminds, and keeps of which days people have now been told."""
    now = now or timezone.now()
    days = _as_kept(days_by_zone(now))
    try:
        found = remind(now, told)
    except BaseException:
        _ended("failed", {"days": {}})
        raise
    _ended("ok", {"days": days, **found})
    return found


def _as_kept(days: Mapping[str, date]) -> dict[str, str]:
    return {zone: day.isoformat() for zone, day in days.items()}


def _ended(status: str, detail: dict[str, Any]) -> None:
    now = timezone.now()
    TaskRun.objects.update_or_create(
        name=NAME, defaults={"finished_at": now, "status": status, "detail": detail}
    )
