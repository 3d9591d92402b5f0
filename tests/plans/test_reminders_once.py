"""Each reminder comes once: when the night is repeated, killed outright, or done by two at once."""

import json
import signal
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.models import Account
from kam.models import Notification, Role
from kam.periods import company_today
from plans.models import AccountPlan, Activity, PlanSettings, Reminder
from plans.services import nightly, reminder_kinds, reminder_messages, reminders
from tests.conftest import person
from tests.own_process import own_process

KILL_ITSELF = """
import os, signal, django
django.setup()
from plans.services import reminder_messages, reminders
def told(done, total):
    if done >= 7 and {when!r} == "between":
        os.kill(os.getpid(), signal.SIGKILL)
if {when!r} == "within":
    deliver, delivered = reminder_messages.deliver, []
    def delivering(messages):
        delivered.append(deliver(messages))
        if len(delivered) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return delivered[-1]
    reminder_messages.deliver = delivering
if {when!r} == "early":
    write, written = reminders.write_down, []
    def write_down(*args):
        written.append(write(*args))
        if len(written) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return written[-1]
    reminders.write_down = write_down
reminders.PAGE = 5
reminder_messages.PEOPLE = 7
reminders.run(told=told)
"""
PEOPLE = 20


@pytest.fixture
def crowd(cast) -> None:
    """Twenty KAMs, each with three activities that are due today."""
    today = company_today()
    Activity.objects.update(due_on=None)
    for n in range(PEOPLE):
        kam = person(f"Crowd {n}", Role.KAM, cast.north)
        account = Account.objects.create(name=f"Crowd {n}", number=f"X{n}", owner=kam)
        plan = AccountPlan.objects.create(account=account, year=today.year, currency="EUR")
        for i in range(3):
            Activity.objects.create(plan=plan, title=f"{n}.{i}", due_on=today, responsible=kam)


def check_once() -> None:
    assert Reminder.objects.filter(told_at=None).count() == 0
    assert Reminder.objects.count() == 3 * PEOPLE
    messages = Counter(Notification.objects.values_list("recipient", flat=True))
    assert len(messages) == PEOPLE
    assert set(messages.values()) == {1}
    assert all("3 due or late" in n.title for n in Notification.objects.all())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("when", ["early", "between", "within"])
def test_a_run_killed_in_the_middle_goes_on_without_repeating(crowd, when):
    early = when == "early"
    killed = subprocess.run(
        [sys.executable, "-c", KILL_ITSELF.format(when=when)],
        env=own_process(),
        cwd=settings.BASE_DIR,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert Notification.objects.count() == (0 if early else 7)
    assert Reminder.objects.filter(told_at=None).exists() or early
    reminders.run()
    check_once()
    reminders.run()
    check_once()


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_remind_once(crowd, monkeypatch):
    monkeypatch.setattr(reminders, "PAGE", 7)
    monkeypatch.setattr(reminder_messages, "PEOPLE", 3)
    together, failures = Barrier(2), []

    def work() -> None:
        try:
            together.wait()
            reminders.run()
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [Thread(target=work) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    check_once()


@pytest.mark.django_db(transaction=True)
def test_the_command_does_the_whole_night_and_may_be_repeated(crowd, capsys):
    for _run in range(2):
        call_command("nightly", "--json")
        night = json.loads(capsys.readouterr().out)
        assert night["failed"] == []
        assert [step["name"] for step in night["steps"]] == [s.name for s in nightly.NIGHT]
        check_once()
    assert all(step["counts"].get("reminders", 0) == 0 for step in night["steps"])
    call_command("nightly")
    assert "reminders" in capsys.readouterr().out


def test_a_step_that_fails_is_named_and_the_others_are_done(cast, monkeypatch):
    def fail() -> dict[str, int]:
        raise RuntimeError("no")

    steps = [nightly.NightStep("first", "First", fail), *nightly.NIGHT[-1:]]
    done = list(nightly.work_through(steps))
    assert [d.error for d in done] == ["RuntimeError: no", ""]


def test_a_night_of_many_rows_is_a_constant_number_of_statements(
    crowd, django_assert_max_num_queries
):
    people = reminders.people_at(timezone.now())
    kind = reminder_kinds.BY_NAME["activity"]
    PlanSettings.current()
    # settings · the page that has rows · the page after it, that has none
    with django_assert_max_num_queries(3):
        assert reminders.write_down(kind, people, timezone.now()) == 3 * PEOPLE
    with django_assert_max_num_queries(7):
        reminders.people_at(timezone.now() + timedelta(days=1))


@pytest.mark.parametrize("people", [1, PEOPLE])
def test_telling_many_takes_as_many_statements_as_telling_one(
    crowd, people, django_assert_num_queries
):
    now = timezone.now()
    reminders.write_down(reminder_kinds.BY_NAME["activity"], reminders.people_at(now), now)
    some = list(Reminder.objects.values_list("recipient", flat=True).distinct()[:people])
    Reminder.objects.exclude(recipient__in=some).update(told_at=now)
    # who is told together · of these (a savepoint's two): the ledger, the people, of the one kind the
    # open ones, those seen and those named, who knows already, the messages, the marks
    with django_assert_num_queries(1 + 2 + 8):
        assert reminders.tell(now) == people


def test_more_than_are_told_together_come_in_groups(crowd, monkeypatch):
    monkeypatch.setattr(reminder_messages, "TOGETHER", 7)  # two people with three each
    groups = []
    reminders.run(told=lambda done, total: groups.append((done, total)))
    assert groups == [(done, PEOPLE) for done in range(0, PEOPLE, 2)]
    check_once()
