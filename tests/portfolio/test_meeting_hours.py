"""Hours from meetings: offered in the week, taken over once, told when the meeting changes."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from accounts.models import Account
from kam.periods import company_today
from plans.demo.meetings import make_meetings
from plans.models import AccountPlan, Activity, Review
from portfolio import meetings as registry
from portfolio.models import HoursSpent, MeetingHours
from portfolio.services import hours as week_hours
from portfolio.services import meetings
from portfolio.services.hours import monday
from tests.kam.importing.files import checked, imported, refusals
from tests.portfolio.test_inputs_pages import made, sent, url

D = Decimal


@pytest.fixture
def review(cast, this_week):
    """A review of Kari's plan that Lena led; nobody says how long it was."""
    return Review.objects.create(
        kind="plan", plan=cast.plan, due_on=this_week, state="held", held_on=this_week,
        led_by=cast.leader,
    )  # fmt: skip


def of_week(person, week, user=None):
    found = registry.find(user or person, person, week, week + timedelta(days=7), {})
    return {m.key: m.hours for m in found.values() if m is not None}


def take(cast, visit, hours=None):
    meeting = registry.one(cast.kam, cast.kam, "activity", visit.pk)
    assert meeting is not None
    return meetings.take_over(cast.kam, meeting, hours)


def spent(cast):
    rows = HoursSpent.objects.active().values_list("user", "account", "hours", "from_meetings")
    return list(rows.order_by("account"))


# --- what is a meeting --------------------------------------------------------------------------------
def test_an_activity_s_effort_is_shared_by_its_people_and_a_review_says_none(
    cast, visit, review, this_week
):
    both = {f"activity-{visit.pk}": D("3.00"), f"review-{review.pk}": None}
    assert of_week(cast.kam, this_week) == both
    assert of_week(cast.editor, this_week) == {f"activity-{visit.pk}": D("3.00")}
    assert of_week(cast.leader, this_week) == {f"review-{review.pk}": None}
    assert of_week(cast.kam, this_week - timedelta(days=7)) == {}


@pytest.mark.parametrize(
    "change",
    [
        {"status": "planned", "done_on": None},
        {"status": "cancelled"},
        {"archived_at": "2026-01-01T00:00Z"},
        {"responsible": None},
    ],
)
def test_what_is_not_done_or_not_mine_is_no_meeting(cast, visit, this_week, change):
    Activity.objects.filter(pk=visit.pk).update(**change)
    assert of_week(cast.kam, this_week) == {}


def test_whoever_lost_the_account_is_offered_nothing_of_it(cast, visit, this_week):
    Account.objects.filter(pk=cast.account.pk).update(owner=cast.other_kam)
    assert of_week(cast.kam, this_week) == {}
    assert registry.one(cast.kam, cast.kam, "activity", visit.pk) is None


# --- taking over --------------------------------------------------------------------------------------
def test_a_meeting_counts_once_beside_what_was_typed(cast, visit, this_week):
    entry = week_hours.WeekEntry(cast.account, D(2))
    week_hours.record_hours(cast.kam, this_week, [entry])
    first, second = take(cast, visit), take(cast, visit)
    assert first.pk == second.pk
    assert spent(cast) == [(cast.kam.pk, cast.account.pk, D(5), D(3))]


def test_taken_over_anew_it_is_brought_up_to_date(cast, visit):
    take(cast, visit)
    Activity.objects.filter(pk=visit.pk).update(effort_hours=9)
    take(cast, visit)
    assert spent(cast) == [(cast.kam.pk, cast.account.pk, D("4.5"), D("4.5"))]


def test_in_another_week_it_moves_and_leaves_nothing_behind(cast, visit, this_week):
    take(cast, visit)
    before = this_week - timedelta(days=5)
    Activity.objects.filter(pk=visit.pk).update(done_on=before)
    line = take(cast, visit)
    assert line.spent.week == monday(before)
    assert spent(cast) == [(cast.kam.pk, cast.account.pk, D(3), D(3))]


def test_taken_back_the_typed_hours_stay_and_it_may_be_taken_again(cast, visit, this_week):
    week_hours.record_hours(cast.kam, this_week, [week_hours.WeekEntry(cast.account, D(2))])
    line = take(cast, visit)
    meetings.take_back(line)
    assert spent(cast) == [(cast.kam.pk, cast.account.pk, D(2), D(0))]
    assert take(cast, visit).pk == line.pk
    assert spent(cast) == [(cast.kam.pk, cast.account.pk, D(5), D(3))]
    meetings.take_back(line)
    meetings.count_again(line)
    meetings.count_again(line)
    assert spent(cast) == [(cast.kam.pk, cast.account.pk, D(5), D(3))]


def test_a_row_that_a_meeting_left_empty_comes_back_empty(cast, visit):
    line = take(cast, visit)
    meetings.take_back(line)
    week_hours.restore_hours(HoursSpent.objects.get())
    assert spent(cast) == [(cast.kam.pk, cast.account.pk, D(0), D(0))]
    meetings.count_again(line)
    assert spent(cast) == [(cast.kam.pk, cast.account.pk, D(3), D(3))]


def test_what_no_longer_counts_is_not_counted_again(cast, visit):
    line = take(cast, visit)
    meetings.take_back(line)
    Activity.objects.filter(pk=visit.pk).update(status="open", done_on=None)
    with pytest.raises(ValidationError, match="no such meeting"):
        meetings.count_again(line)
    assert spent(cast) == []


def test_without_hours_it_is_refused_until_somebody_says_how_long(cast, review):
    meeting = registry.one(cast.kam, cast.kam, "review", review.pk)
    with pytest.raises(ValidationError, match="how many hours"):
        meetings.take_over(cast.kam, meeting)
    meetings.take_over(cast.kam, meeting, D("1.5"))
    assert spent(cast) == [(cast.kam.pk, cast.account.pk, D("1.5"), D("1.5"))]


def test_a_week_still_has_168_hours(cast, visit, this_week):
    week_hours.record_hours(cast.kam, this_week, [week_hours.WeekEntry(cast.child, D(166))])
    with pytest.raises(ValidationError, match="168"):
        take(cast, visit)
    assert MeetingHours.objects.count() == 0


def test_hours_never_fall_below_what_is_from_meetings(cast, visit, this_week):
    row = take(cast, visit).spent
    with pytest.raises(ValidationError, match="from meetings"):
        week_hours.change_hours(row, {"hours": D(1)})
    with pytest.raises(ValidationError, match="from meetings"):
        week_hours.archive_hours(row)
    with pytest.raises(ValidationError, match="from meetings"):
        week_hours.record_hours(cast.kam, this_week, [week_hours.WeekEntry(cast.account, None)])
    assert spent(cast) == [(cast.kam.pk, cast.account.pk, D(3), D(3))]


# --- the page ------------------------------------------------------------------------------------------
def test_the_week_offers_takes_by_one_click_and_saves_what_was_typed(cast, visit, review):
    client = cast.client("kam")
    page, sql = made(client, url("hours"))
    assert [o.meeting.title for o in page.context["meetings"].offers] == [
        "Plant visit", "Review of the plan",
    ]  # fmt: skip
    # scope: 1 · company: 1 · accounts: 1 · hours: 2 · taken: 1 · activities: 1 · reviews: 1
    assert len(sql) <= 8, sql
    name = cast.child.pk
    typed = {"take": f"activity-{visit.pk}", f"m-activity-{visit.pk}": "3.00",
             f"h-{name}": "2", f"i-{name}": "|"}  # fmt: skip
    answer = client.post(url("hours"), typed)
    assert answer.status_code == 302
    assert spent(cast) == sorted(
        [(cast.kam.pk, cast.account.pk, D(3), D(3)), (cast.kam.pk, cast.child.pk, D(2), D(0))],
        key=lambda row: row[1],
    )
    text = client.get(url("hours")).content.decode()
    assert "3.00 of these from meetings" in text
    assert "Take back" in text


def test_all_that_say_how_long_are_taken_over_together(cast, visit, review):
    cast.client("kam").post(url("hours"), {"take": "all"})
    assert MeetingHours.objects.values_list("kind", "source").get() == ("activity", visit.pk)


@pytest.mark.parametrize("typed", ["", "0", "x", "-1", "169"])
def test_hours_that_are_none_are_told_at_the_meeting_and_nothing_is_saved(cast, review, typed):
    key = f"review-{review.pk}"
    name = cast.account.pk
    data = {"take": key, f"m-{key}": typed, f"h-{name}": "2", f"i-{name}": "|"}
    answer = cast.client("kam").post(url("hours"), data)
    assert answer.status_code == 422
    assert answer.context["meetings"].offers[0].error
    assert not HoursSpent.objects.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"effort_hours": 8}, "It now says 4.00 hours."),
        ({"status": "planned", "done_on": None}, "no longer done"),
    ],
)
def test_a_changed_or_withdrawn_meeting_is_told(cast, visit, change, words):
    take(cast, visit)
    client = cast.client("kam")
    assert words not in client.get(url("hours")).content.decode()
    Activity.objects.filter(pk=visit.pk).update(**change)
    assert words in client.get(url("hours")).content.decode()


def test_in_other_weeks_too(cast, visit, this_week):
    take(cast, visit)
    Activity.objects.filter(pk=visit.pk).update(archived_at="2026-01-01T00:00Z")
    before = this_week - timedelta(days=7)
    page = cast.client("kam").get(url("hours"), {"week": str(before)})
    assert page.context["meetings"].changed == [this_week]


def test_of_a_meeting_that_one_may_see_no_more_nothing_is_told(cast, visit):
    take(cast, visit)
    Account.objects.filter(pk=cast.account.pk).update(owner=cast.other_kam)
    Activity.objects.filter(pk=visit.pk).update(title="Secret", effort_hours=8)
    page = cast.client("kam").get(url("hours"))
    (taken,) = page.context["meetings"].taken
    assert (taken.change, taken.told, taken.now) == ("", "", None)
    assert "Secret" not in page.content.decode()


def test_the_page_brings_up_to_date_and_takes_back(cast, visit):
    take(cast, visit)
    Activity.objects.filter(pk=visit.pk).update(effort_hours=8)
    client = cast.client("kam")
    client.post(url("hours"), {"renew": f"activity-{visit.pk}"})
    assert spent(cast) == [(cast.kam.pk, cast.account.pk, D(4), D(4))]
    client.post(url("hours"), {"untake": f"activity-{visit.pk}"})
    assert spent(cast) == []


# --- the list, the account's panel, files ----------------------------------------------------------------
def test_the_list_and_its_file_say_what_is_from_meetings(cast, visit, this_week):
    take(cast, visit)
    week_hours.record_hours(cast.kam, this_week, [week_hours.WeekEntry(cast.child, D(2))])
    client = cast.client("kam")
    page, sql = made(client, url("hours_list") + "?meetings=yes")
    assert [row.account for row in page.context["page"].rows] == [cast.account]
    assert len(sql) <= 8, sql
    assert "3.00" in page.content.decode()
    lines = b"".join(client.get(url("hours_list"), {"export": "csv"}).streaming_content).decode()
    assert "Of these from meetings" in lines.splitlines()[0]
    assert len(lines.splitlines()) == 3
    panel = client.get(url("account_resources", cast.account.pk)).content.decode()
    assert "3.0 from meetings" in panel


def test_a_file_cannot_bring_fewer_hours_than_are_from_meetings(cast, visit, this_week):
    take(cast, visit)
    head = "account,user,week,hours\n"
    line = f"A1,kari.kam@example.com,{this_week},"
    batch = checked("hours_spent", f"{head}{line}2\n", cast.administrator)
    assert [column for _line, column, _expected in refusals(batch)] == ["hours"]
    imported("hours_spent", f"{head}{line}7\n", cast.administrator)
    assert spent(cast) == [(cast.kam.pk, cast.account.pk, D(7), D(3))]


# --- the API ---------------------------------------------------------------------------------------------
def test_over_the_api_a_meeting_is_offered_taken_over_and_taken_back(cast, visit, review):
    client = cast.client("kam")
    offered = client.get("/api/v1/resources/meetings/").json()["offered"]
    assert [(o["kind"], o["hours"], o["people"]) for o in offered] == [
        ("activity", "3.00", 2), ("review", None, 1),
    ]  # fmt: skip
    row = sent(client, "post", "meeting-hours/", {"kind": "activity", "source": visit.pk}).json()
    assert (row["hours"], row["account"]) == ("3.00", cast.account.pk)
    again = sent(client, "post", "meeting-hours/", {"kind": "activity", "source": visit.pk})
    assert again.json()["id"] == row["id"]
    assert client.get("/api/v1/hours-spent/").json()["results"][0]["from_meetings"] == "3.00"
    Activity.objects.filter(pk=visit.pk).update(effort_hours=8)
    taken = client.get("/api/v1/resources/meetings/").json()["taken"]
    assert [(t["change"], t["now"]["hours"]) for t in taken] == [("hours", "4.00")]
    assert client.delete(f"/api/v1/meeting-hours/{row['id']}/").status_code == 204
    assert spent(cast) == []


@pytest.mark.parametrize(
    ("who", "kind"), [("other_kam", "activity"), ("leader", "activity"), ("kam", "lunch")]
)
def test_over_the_api_nobody_takes_over_a_meeting_that_is_not_theirs(cast, visit, who, kind):
    data = {"kind": kind, "source": visit.pk, "hours": "2"}
    answer = sent(cast.client(who), "post", "meeting-hours/", data)
    assert answer.status_code == 400, answer.content
    assert MeetingHours.objects.count() == 0


def test_the_demo_company_has_meetings_taken_over_changed_and_to_do(cast):
    AccountPlan.objects.filter(pk=cast.plan.pk).update(status="active")
    make_meetings(cast.kam, company_today())
    assert MeetingHours.objects.filter(user=cast.kam).count() == 3
    week = monday(company_today() - timedelta(days=8))
    page = cast.client("kam").get(url("hours"), {"week": str(week)})
    changes = {t.line.title: t.change for t in page.context["meetings"].taken}
    assert changes["Steering group of the rebuild"] == "hours"


def test_hours_stand_under_resources_in_the_navigation(cast):
    page = cast.client("kam").get(url("hours"))
    assert [str(item.label) for item in page.context["shell"].nav if item.current] == ["Resources"]
