"""Hours from meetings against plain SQL: moved meetings, totals, files, substitutes, last week's."""

import io
from datetime import timedelta
from decimal import Decimal

import openpyxl
import pytest
from django.db import connection

from kam.models import Substitution
from kam.periods import company_today
from plans.models import AccountPlan, Activity
from portfolio import meetings as registry
from portfolio import resources
from portfolio.models import HoursSpent, MeetingHours
from portfolio.services import hours as week_hours
from portfolio.services import meetings
from tests.conftest import YEAR
from tests.plans.conftest import today  # noqa: F401 - a fixture: a day in May
from tests.portfolio.test_inputs_pages import made, sent, url

pytestmark = pytest.mark.usefixtures("today")
D = Decimal
#: Each row's part from meetings is what its lines say; no row has more from meetings than hours.
WRONG = """
    SELECT s.id FROM portfolio_hoursspent s
      LEFT JOIN portfolio_meetinghours m ON m.spent_id = s.id AND m.archived_at IS NULL
     GROUP BY s.id
    HAVING s.from_meetings <> coalesce(sum(m.hours), 0) OR s.from_meetings > s.hours
        OR (s.archived_at IS NOT NULL AND count(m.id) > 0)
"""
BY_ACCOUNT = """
    SELECT a.name, sum(s.hours), sum(s.from_meetings) FROM portfolio_hoursspent s
      JOIN accounts_account a ON a.id = s.account_id WHERE s.archived_at IS NULL GROUP BY a.name
"""


def asked(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def by_account():
    assert asked(WRONG) == []
    return {name: (hours, met) for name, hours, met in asked(BY_ACCOUNT)}


def take(person, row, hours=None, user=None):
    meeting = registry.one(user or person, person, "activity", row.pk)
    assert meeting is not None
    return meetings.take_over(person, meeting, hours)


def told(client, week):
    page = client.get(url("hours"), {"week": str(week)})
    return [t.told for t in page.context["meetings"].taken]


# --- moved meetings --------------------------------------------------------------------------------
def test_a_meeting_moved_to_another_account_is_told_and_moves_with_one_click(
    cast, visit, this_week
):
    week_hours.record_hours(cast.kam, this_week, [week_hours.WeekEntry(cast.account, D(2))])
    take(cast.kam, visit)
    there = AccountPlan.objects.create(account=cast.child, year=YEAR, currency="NOK")
    Activity.objects.filter(pk=visit.pk).update(plan=there)
    client = cast.client("kam")
    (words,) = told(client, this_week)
    assert words.startswith("It now stands at Fjord Shipyards Bergen on ")
    assert by_account() == {"Fjord Shipyards": (5, 3)}
    client.post(url("hours"), {"renew": f"activity-{visit.pk}"})
    assert by_account() == {"Fjord Shipyards": (2, 0), "Fjord Shipyards Bergen": (3, 3)}
    assert told(client, this_week) == [""]


def test_a_meeting_moved_to_another_week_is_told_and_moves_with_one_click(cast, visit, this_week):
    take(cast.kam, visit)
    before = this_week - timedelta(days=7)
    Activity.objects.filter(pk=visit.pk).update(done_on=before)
    client = cast.client("kam")
    (words,) = told(client, this_week)
    assert words.startswith("It now stands at Fjord Shipyards on ")
    client.post(url("hours"), {"renew": f"activity-{visit.pk}"})
    assert told(client, this_week) == []
    assert told(client, before) == [""]
    assert by_account() == {"Fjord Shipyards": (3, 3)}
    assert HoursSpent.objects.active().get().week == before


def test_hours_that_were_typed_at_the_meeting_are_no_change(cast, visit, this_week):
    take(cast.kam, visit, D("4.5"))
    Activity.objects.filter(pk=visit.pk).update(effort_hours=9)  # now it says what Kari typed
    assert told(cast.client("kam"), this_week) == [""]


# --- totals and files ------------------------------------------------------------------------------
@pytest.fixture
def hours(cast, visit, this_week):
    """Typed hours and hours from meetings, of two people at two accounts; some taken back."""
    entries = [
        week_hours.WeekEntry(cast.account, D("2.25")),
        week_hours.WeekEntry(cast.child, D("1.5"), "By telephone"),
    ]
    week_hours.record_hours(cast.kam, this_week, entries)
    take(cast.kam, visit)
    take(cast.editor, visit, D("2.75"))
    again = Activity.objects.create(
        plan=cast.plan, title="Call", responsible=cast.kam, status="done", done_on=this_week,
        effort_hours=1,
    )  # fmt: skip
    meetings.take_back(take(cast.kam, again))
    return by_account()


def test_an_account_s_panel_and_the_week_say_what_sql_says(cast, hours, this_week):
    assert hours == {
        "Fjord Shipyards": (D("8.00"), D("5.75")), "Fjord Shipyards Bergen": (D("1.50"), D(0)),
    }  # fmt: skip
    found = resources.time_and_return(cast.account)
    assert sum(row.spent for row in found.people) == found.spent == D("8.00")
    assert sum(row.from_meetings for row in found.people) == D("5.75")
    week = resources.week_of(cast.kam, this_week)
    assert week.total == D("6.75")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_files_hold_what_sql_says(cast, hours, kind):
    answer = cast.client("kam").get(url("hours_list"), {"export": kind})
    data = b"".join(answer.streaming_content)
    if kind == "csv":
        head, *rows = [line.split(",") for line in data.decode("utf-8-sig").splitlines()]
    else:
        head, *rows = openpyxl.load_workbook(io.BytesIO(data)).active.iter_rows(values_only=True)
    at = [head.index(name) for name in ("Account", "Hours", "Of these from meetings")]
    sums = {}
    for row in rows:
        account, spent, met = (row[n] for n in at)
        had = sums.get(account, (D(0), D(0)))
        sums[account] = (had[0] + D(str(spent)), had[1] + D(str(met or 0)))
    assert sums == hours


# --- substitutes -----------------------------------------------------------------------------------
@pytest.fixture
def stand_in(cast):
    """Ola in a browser, standing in for Kari, whose accounts he does not see himself."""
    day = company_today()
    row = Substitution.objects.create(
        absent=cast.kam, substitute=cast.outsider, starts_on=day, ends_on=day
    )
    client = cast.client("outsider")
    client.post("/act-for/", {"substitution": row.pk})
    return client


def test_a_substitute_takes_over_what_they_took_part_in_themselves(
    cast, visit, stand_in, this_week
):
    own = Activity.objects.create(
        plan=cast.plan, title="Instead of Kari", responsible=cast.outsider, status="done",
        done_on=this_week, effort_hours=2,
    )  # fmt: skip
    page, sql = made(stand_in, url("hours"))
    assert [o.meeting.title for o in page.context["meetings"].offers] == ["Instead of Kari"]
    # session · person · who is stood for · company · accounts · hours: 2 · taken · activities · reviews
    assert len(sql) <= 10, sql
    stand_in.post(url("hours"), {"take": f"activity-{visit.pk}"})  # Kari's: not theirs to take
    assert not MeetingHours.objects.exists()
    stand_in.post(url("hours"), {"take": f"activity-{own.pk}"})
    assert list(HoursSpent.objects.values_list("user", "hours")) == [(cast.outsider.pk, 2)]
    line = MeetingHours.objects.get()
    answer = stand_in.delete(f"/api/v1/meeting-hours/{line.pk}/")
    assert answer.status_code == 204
    assert stand_in.post(f"/api/v1/meeting-hours/{line.pk}/restore/").status_code == 204
    assert by_account() == {"Fjord Shipyards": (2, 2)}


def test_hours_of_whom_they_stand_in_for_stay(cast, visit, stand_in):
    line = take(cast.kam, visit)
    for method in ("delete", "post"):
        address = f"/api/v1/meeting-hours/{line.pk}/" + ("restore/" if method == "post" else "")
        assert getattr(stand_in, method)(address).status_code == 403
    data = {"kind": "activity", "source": visit.pk, "hours": "1"}
    assert sent(stand_in, "post", "meeting-hours/", data).status_code == 400
    stand_in.post(url("hours"), {"untake": f"activity-{visit.pk}"})
    line.refresh_from_db()
    assert (line.user, line.hours, line.archived_at) == (cast.kam, 3, None)
    assert by_account() == {"Fjord Shipyards": (3, 3)}


# --- on the start page -----------------------------------------------------------------------------
def test_home_says_in_one_line_what_of_last_week_waits(cast, visit, this_week):
    client = cast.client("kam")
    words = "1 meeting of last week waits for its hours"

    def panel():
        page, sql = made(client, "/plans/home/activities/")
        # session · person · company · activities · meetings: activities, reviews, taken
        assert len(sql) <= 8, sql
        return page.content.decode()

    assert words not in panel()  # this week's may wait
    Activity.objects.filter(pk=visit.pk).update(done_on=this_week - timedelta(days=3))
    assert f'week={this_week - timedelta(days=7)}#meetings">{words}' in panel()
    take(cast.kam, visit)
    assert words not in panel()
    ours = cast.client("other_kam").get("/plans/home/activities/").content.decode()
    assert words not in ours
