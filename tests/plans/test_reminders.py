"""Reminders: the right person, on their own date, in their language, once each."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from kam.editing import archive
from kam.models import Notification, Substitution, TaskRun
from plans.models import Activity, GoalStep, Need, PlanSettings, Reminder, Review
from plans.services import reminder_messages, reminders

DUE = date(2026, 3, 20)


def at(day: date, hour: int = 12) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def told(day: date, hour: int = 12) -> set[tuple[str, str]]:
    """Who has been told which step after a run on this day."""
    reminders.remind(at(day, hour))
    return set(Reminder.objects.values_list("recipient__name", "step"))


@pytest.fixture
def visit(cast) -> Activity:
    cast.goal.delete()
    Activity.objects.filter(pk=cast.activity.pk).update(due_on=DUE)
    cast.activity.refresh_from_db()
    return cast.activity


def test_the_responsible_one_is_told_before_the_day_on_it_and_after_it(visit):
    assert told(DUE - timedelta(days=8)) == set()
    assert told(DUE - timedelta(days=7)) == {("Kari Kam", "before")}
    assert told(DUE - timedelta(days=6)) == {("Kari Kam", "before")}
    assert told(DUE) == {("Kari Kam", "before"), ("Kari Kam", "due")}
    assert ("Kari Kam", "late") in told(DUE + timedelta(days=1))
    assert Notification.objects.count() == 3


def test_what_is_late_goes_to_the_owner_the_substitute_and_then_the_leader(visit, cast):
    Activity.objects.update(responsible=cast.editor)
    Substitution.objects.create(
        absent=cast.kam, substitute=cast.outsider, starts_on=DUE, ends_on=DUE + timedelta(days=3)
    )
    assert told(DUE) == {("Eva Editor", "due")}
    assert told(DUE + timedelta(days=1)) == {
        ("Eva Editor", "due"),
        ("Eva Editor", "late"),
        ("Kari Kam", "late"),
        ("Ola Outsider", "substitute"),
    }
    assert ("Lena Leader", "leader") not in told(DUE + timedelta(days=6))
    assert ("Lena Leader", "leader") in told(DUE + timedelta(days=7))
    standing_in = Notification.objects.get(recipient=cast.outsider)
    assert "You stand in for Kari Kam." in standing_in.body
    assert Notification.objects.get(recipient=cast.leader).title.startswith("Activity: Visit")


def test_who_stands_in_is_asked_of_the_day_itself(visit, cast):
    Substitution.objects.create(
        absent=cast.kam, substitute=cast.outsider, starts_on=DUE, ends_on=DUE + timedelta(days=3)
    )
    assert ("Ola Outsider", "substitute") not in told(DUE + timedelta(days=4))


def test_a_moved_day_reminds_anew_and_what_is_done_does_not(visit):
    told(DUE)
    Activity.objects.update(due_on=DUE + timedelta(days=1))
    told(DUE + timedelta(days=1))
    assert Notification.objects.count() == 2
    Activity.objects.update(status="done", done_on=DUE)
    told(DUE + timedelta(days=2))
    assert Notification.objects.count() == 2


def test_what_was_done_between_writing_down_and_telling_is_not_told(visit):
    people = reminders.people_at(at(DUE))
    assert sum(reminders.write_down(kind, people, at(DUE)) for kind in reminders.KINDS) == 1
    Activity.objects.update(status="done", done_on=DUE)
    assert reminders.tell(at(DUE)) == 0
    assert Reminder.objects.get().told_at is not None


def test_many_of_one_kind_are_one_message(visit, cast):
    for n in range(20):
        Activity.objects.create(plan=cast.plan, title=f"Call {n}", responsible=cast.kam, due_on=DUE)
    told(DUE)
    message = Notification.objects.get()
    assert message.title == "Activities: 21 due or late"
    assert message.body.count("\n") == reminder_messages.NAMED
    assert message.body.endswith("and 9 more")


def test_the_message_speaks_the_readers_language(visit, cast):
    cast.kam.language = "nb"
    cast.kam.save()
    from django.utils import translation

    with translation.override("nb"):
        word = translation.gettext("Activity")
    told(DUE)
    assert Notification.objects.get().title.startswith(word)


def test_a_step_missed_for_weeks_is_left_out(visit):
    assert told(DUE + timedelta(days=60)) == set()


@pytest.mark.parametrize("over", ["ended", "archived", "absent one archived"])
def test_a_message_that_waited_tells_a_substitute_nothing_once_that_is_over(visit, cast, over):
    row = Substitution.objects.create(
        absent=cast.kam, substitute=cast.outsider, starts_on=DUE, ends_on=DUE + timedelta(days=3)
    )
    now = at(DUE + timedelta(days=1))
    for kind in reminders.KINDS:
        reminders.write_down(kind, reminders.people_at(now), now)
    assert Reminder.objects.filter(recipient=cast.outsider, told_at=None).exists()
    if over == "absent one archived":
        archive(cast.kam)
    elif over == "archived":
        archive(row)
    later = DUE + timedelta(days=5 if over == "ended" else 1)
    reminder_messages.tell(at(later))
    assert not Notification.objects.filter(recipient=cast.outsider).exists()
    assert not Reminder.objects.filter(told_at=None).exists()


def test_inactive_people_are_passed_over(visit, cast):
    Activity.objects.update(responsible=cast.editor)
    cast.editor.is_active = False
    cast.editor.save()
    assert told(DUE) == {("Kari Kam", "due")}


def test_nobody_is_told_of_what_they_do_not_see(visit, cast):
    Activity.objects.update(responsible=cast.outsider)
    told(DUE)
    assert Notification.objects.count() == 0


def test_what_one_sees_opens_nothing_for_who_is_told_together_with_them(visit, cast):
    Activity.objects.update(responsible=cast.outsider)
    told(DUE + timedelta(days=1))
    assert Reminder.objects.filter(recipient=cast.outsider).exists()
    assert [m.recipient for m in Notification.objects.all()] == [cast.kam]


def test_one_whose_message_fails_does_not_keep_the_others_back(visit, cast, monkeypatch):
    Activity.objects.create(
        plan=cast.foreign_plan, title="Call", responsible=cast.other_kam, due_on=DUE
    )
    write = reminder_messages._message

    def message(draft, told, person, behalf, now):
        if person == cast.kam:
            raise RuntimeError("no words")
        return write(draft, told, person, behalf, now)

    monkeypatch.setattr(reminder_messages, "_message", message)
    told(DUE)
    assert [m.recipient for m in Notification.objects.all()] == [cast.other_kam]
    assert Reminder.objects.get(told_at=None).recipient == cast.kam
    monkeypatch.undo()
    told(DUE)
    assert Notification.objects.filter(recipient=cast.kam).count() == 1
    assert Notification.objects.count() == 2


def test_every_kind_reminds(cast):
    goal, plan = cast.goal, cast.plan
    Activity.objects.update(due_on=None)
    goal.due_on = DUE
    goal.save()
    GoalStep.objects.create(goal=goal, on=DUE, target=5)
    Need.objects.create(plan=plan, kind="pain", title="Leaks", improved_by=DUE)
    Review.objects.create(kind="plan", plan=plan, due_on=DUE)
    Review.objects.create(kind="portfolio", owner=cast.kam, due_on=DUE)
    cast.section.confirmed_on = DUE - timedelta(days=180)
    cast.section.save()
    plan.shares.create(contact=cast.contact, token_hash="x", expires_on=DUE)
    told(DUE)
    assert set(Reminder.objects.values_list("kind", "recipient__name")) == {
        (kind, "Kari Kam") for kind in ("goal", "step", "need", "review", "section", "share")
    }
    assert Notification.objects.filter(recipient=cast.kam).count() == 6


def test_a_reached_goal_is_no_late_goal(cast):
    Activity.objects.update(due_on=None)
    cast.goal.due_on, cast.goal.actual = DUE, 21
    cast.goal.save()
    assert told(DUE) == set()


# --- dates and zones ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("night", "first", "second"),
    [
        # 29 March: 02:00 becomes 03:00.  25 October: 03:00 becomes 02:00, so 02:30 comes twice.
        (date(2026, 3, 29), "2026-03-29T00:30+00:00", "2026-03-29T01:30+00:00"),
        (date(2026, 10, 25), "2026-10-25T00:30+00:00", "2026-10-25T01:30+00:00"),
    ],
)
def test_nights_of_23_and_25_hours_remind_once(visit, cast, night, first, second):
    cast.kam.timezone = "Europe/Oslo"
    cast.kam.save()
    Activity.objects.update(due_on=night)
    moments = [datetime.fromisoformat(m) for m in (first, second)]
    hours = {m.astimezone(cast.kam.zone).hour for m in moments}
    assert hours == ({1, 3} if night.month == 3 else {2})
    for moment in (*moments, at(night, 20), at(night, 20)):
        reminders.remind(moment)
    assert list(Reminder.objects.values_list("step", flat=True)) == ["due"]
    before = datetime.fromisoformat(f"{night.isoformat()}T00:00+00:00") - timedelta(hours=3)
    assert before.astimezone(cast.kam.zone).date() == night - timedelta(days=1)


def test_the_day_begins_where_the_person_lives(visit, cast):
    """At 16:00 UTC it is already tomorrow in Shanghai; in Oslo not before 23:00."""
    cast.other_kam.timezone = "Asia/Shanghai"
    cast.other_kam.save()
    cast.kam.timezone = "Europe/Oslo"
    cast.kam.save()
    Activity.objects.create(plan=cast.foreign_plan, title="Tea", due_on=DUE)
    eve = DUE - timedelta(days=1)
    PlanSettings.current()
    PlanSettings.objects.update(remind_days=0)
    assert told(eve, 15) == set()
    assert told(eve, 16) == {("Odd Other", "due")}
    assert told(eve, 22) == {("Odd Other", "due")}
    assert told(eve, 23) == {("Odd Other", "due"), ("Kari Kam", "due")}


def test_a_run_is_due_when_somewhere_a_day_begins(cast):
    cast.kam.timezone = "Asia/Shanghai"
    cast.kam.save()
    eve = at(DUE - timedelta(days=1), 15)
    TaskRun.objects.filter(name=reminders.NAME).delete()
    assert reminders.claim(eve)
    assert not reminders.claim(eve)  # at work
    reminders.run(eve)
    assert not reminders.claim(eve + timedelta(minutes=30))
    assert reminders.claim(eve + timedelta(minutes=60))  # midnight in Shanghai


def test_a_worker_that_died_is_followed_by_another(cast):
    now = timezone.now()
    assert reminders.claim(now)
    assert not reminders.claim(now + timedelta(minutes=44))
    assert reminders.claim(now + timedelta(minutes=46))
