"""Meetings taken over at the same moment, each on a connection of their own: counted once, none lost."""

import threading
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.db import transaction

from kam.periods import company_today
from plans.models import Activity
from portfolio import meetings as registry
from portfolio.models import HoursSpent, MeetingHours
from portfolio.services import hours as week_hours
from portfolio.services import meetings
from portfolio.services.hours import monday
from tests.plans.test_concurrency import together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def visits(cast):
    """Two visits of Kari's in this week, of three hours each, beside two hours that she typed."""
    week = monday(company_today())
    week_hours.record_hours(cast.kam, week, [week_hours.WeekEntry(cast.account, Decimal(2))])
    rows = [
        Activity.objects.create(
            plan=cast.plan, title=f"Visit {n}", responsible=cast.kam, status="done", done_on=week,
            effort_hours=3,
        )
        for n in range(2)
    ]  # fmt: skip
    return [registry.one(cast.kam, cast.kam, "activity", row.pk) for row in rows]


def taking(person, meeting):
    return lambda: meetings.take_over(person, meeting)


def stands():
    row = HoursSpent.objects.get()
    return row.hours, row.from_meetings, MeetingHours.objects.active().count()


def test_the_same_meeting_many_times_at_once_counts_once(cast, visits):
    together(*[taking(cast.kam, visits[0])] * 6)
    assert stands() == (5, 3, 1)


def test_two_meetings_at_once_are_both_counted(cast, visits):
    together(*[taking(cast.kam, visit) for visit in visits])
    assert stands() == (8, 6, 2)


def test_taken_over_and_back_at_once_leaves_what_the_lines_say(cast, visits):
    line = meetings.take_over(cast.kam, visits[0])
    together(
        *[lambda: meetings.take_back(line)] * 3,
        *[taking(cast.kam, visit) for visit in visits],
        lambda: meetings.count_again(line),
    )
    hours, met, lines = stands()
    assert (hours - met, met) == (2, 3 * lines)


def test_without_the_lock_hours_are_lost(cast, visits, monkeypatch):
    """The race is real: each reads the row before the other has saved it."""
    both_read = threading.Barrier(2)
    save = meetings.editing.save_fields

    @contextmanager
    def unlocked(_user, _week):
        with transaction.atomic():
            yield

    def saving(row, *args, **kwargs):
        both_read.wait(timeout=20)
        return save(row, *args, **kwargs)

    monkeypatch.setattr(meetings, "week_of_hours", unlocked)
    monkeypatch.setattr(meetings.editing, "save_fields", saving)
    together(*[taking(cast.kam, visit) for visit in visits])
    assert stands() == (5, 3, 2)
