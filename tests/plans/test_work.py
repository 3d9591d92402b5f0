"""Goals with strategies and activities, scorecard, steps; board, timeline, dependencies, the feed."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from icalendar import Calendar

from accounts.models import AccountTeamMember
from kam.models import Substitution
from kam.periods import company_today
from kam.pictures import timeline
from plans.models import AccountPlan, Activity, CalendarFeed, Goal, GoalStep, Strategy
from plans.services import activities, feeds, goals
from plans.services.refusals import PlanLocked
from tests.conftest import YEAR
from tests.plans.conftest import fact
from tests.plans.test_plan_pages import queries

FRAGMENT = {"HX-Request": "true"}


def url(name, *args):
    return reverse(f"plans:{name}", args=args)


def told(refused) -> dict:
    return refused.value.message_dict


# --- goals: what is approved stands still, what is reached goes on -----------------------------------
def test_what_a_goal_aims_at_stands_still_once_approved(cast):
    AccountPlan.objects.filter(pk=cast.plan.pk).update(status="active")
    with pytest.raises(PlanLocked):
        goals.change_goal(cast.goal, {"target": Decimal(30)}, base_version=None)
    with pytest.raises(PlanLocked):
        goals.add_step(cast.goal, on=date(YEAR, 6, 30), target=Decimal(1))
    saved = goals.change_goal(cast.goal, {"actual": Decimal(12)}, base_version=None)
    assert saved.actual == 12


def test_what_the_system_measures_is_not_typed(cast):
    with pytest.raises(ValidationError) as refused:
        goals.add_goal(cast.plan, title="Sell more", measured_by="revenue", actual=Decimal(5))
    assert told(refused) == {"actual": ["The system measures this goal: nothing is typed."]}
    goal = goals.add_goal(cast.plan, title="Sell more", measured_by="revenue")
    assert goal.metric == "Revenue of the year"
    with pytest.raises(ValidationError):
        goals.change_goal(goal, {"actual": Decimal(5)}, base_version=None)
    with pytest.raises(ValidationError) as refused:
        goals.add_goal(cast.plan, title="By hand")
    assert "metric" in told(refused)


def test_a_strategy_leads_to_a_goal_of_its_plan(cast):
    with pytest.raises(ValidationError) as refused:
        goals.add_strategy(cast.foreign_plan, title="By service", goal=cast.goal)
    assert told(refused) == {"goal": ["This goal belongs to another plan."]}


def test_the_tree_shows_goal_strategy_activity_in_eight_queries(cast, valves, today):
    strategy = goals.add_strategy(cast.plan, title="By service", goal=cast.goal)
    activities.add_activity(cast.plan, title="Offer service", strategy=strategy)
    for measure in ("revenue", "wallet", "relations", "needs", "satisfaction"):
        for n in range(3):
            goals.add_goal(cast.plan, title=f"{measure} {n}", measured_by=measure, target=9)
    client = cast.client("kam")
    with _at_most(8):
        answer = client.get(url("goal_list", cast.plan.pk), headers=FRAGMENT)
    text = answer.content.decode()
    at = [text.index(word) for word in ("More pumps", "By service", "Offer service")]
    assert at == sorted(at)
    assert "1,000" in text  # revenue, measured


class _at_most:  # noqa: N801 - reads as a clause
    """The block makes at most so many queries."""

    def __init__(self, most: int) -> None:
        self.most = most

    def __enter__(self):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        self.found = CaptureQueriesContext(connection)
        self.found.__enter__()

    def __exit__(self, kind, error, trace):
        self.found.__exit__(kind, error, trace)
        if kind is None:
            made = [q["sql"] for q in self.found if "SAVEPOINT" not in q["sql"]]
            made = [sql for sql in made if 'FROM "django_session"' not in sql]
            made = [sql for sql in made if 'FROM "kam_company"' not in sql]
            assert len(made) <= self.most, "\n\n".join(sql[:300] for sql in made)


def test_an_activity_of_the_tree_is_done_with_one_click(cast):
    client = cast.client("kam")
    answer = client.post(
        url("activity_finish", cast.activity.pk) + "?panel=goals", headers=FRAGMENT
    )
    assert b'id="plan-goals"' in answer.content
    cast.activity.refresh_from_db()
    assert cast.activity.status == "done"


# --- the scorecard -----------------------------------------------------------------------------------
def test_the_scorecard_weighs_goals_by_perspective(cast):
    Goal.objects.all().delete()
    for title, perspective, weight, actual in (
        ("Half", "finance", 3, 10),
        ("Beyond", "finance", 1, 40),
        ("None", "process", 2, None),
    ):
        Goal.objects.create(
            plan=cast.plan,
            title=title,
            metric="m",
            perspective=perspective,
            weight=weight,
            baseline=0,
            target=20,
            actual=actual,
        )
    client = cast.client("management")
    with queries(["kam_user", "plans_accountplan", "plans_goal"]):
        answer = client.get(url("scorecard", cast.plan.pk), headers=FRAGMENT)
    text = answer.content.decode()
    assert "Attainment of all goals by weight: 63" in text  # (3 × ½ + 1 × 1) ÷ 4
    assert "1 goal without a target or an actual counts in no sum." in text
    found = cast.client("kam").get(f"/api/v1/plans/{cast.plan.pk}/scorecard/").json()
    assert found["attainment"] == "0.6250"
    assert [q["attainment"] for q in found["quadrants"]] == ["0.6250", None, None, None]


# --- targets over time -------------------------------------------------------------------------------
def test_steps_of_sales_are_measured_by_the_months_that_were_over(cast, valves, today):
    fact(cast.account, valves, date(YEAR, 2, 1), 500)
    goal = goals.add_goal(cast.plan, title="Sales", measured_by="revenue", target=Decimal(9000))
    for month, target in ((1, 800), (2, 2000), (12, 9000)):
        goals.add_step(goal, on=date(YEAR, month, 28), target=Decimal(target))
    goals.add_step(goal, on=date(YEAR, 3, 31), target=Decimal(1400))
    client = cast.client("kam")
    with _at_most(8):
        text = client.get(url("goal_detail", goal.pk)).content.decode()
    assert "Sum of the revenue of the plan&#x27;s year" in text
    assert text.count("measured</span>") == 3  # the last is still to come
    assert "1,500" in text  # the end of March


def test_a_goal_has_one_step_a_day(cast):
    goals.add_step(cast.goal, on=date(YEAR, 3, 31))
    with pytest.raises(ValidationError) as refused:
        goals.add_step(cast.goal, on=date(YEAR, 3, 31))
    assert "The goal has a step for this day already." in refused.value.messages


def test_what_is_reached_now_is_kept_at_a_step(cast):
    step = goals.add_step(cast.goal, on=date(YEAR, 3, 31), target=Decimal(10))
    with pytest.raises(ValidationError):
        goals.keep_reading(step)
    goals.change_goal(cast.goal, {"actual": Decimal(7)}, base_version=None)
    step = GoalStep.objects.get(pk=step.pk)
    assert goals.keep_reading(step).actual == 7


# --- activities --------------------------------------------------------------------------------------
def test_nothing_waits_for_itself_by_way_of_others(cast):
    first, second, third = [
        activities.add_activity(cast.plan, title=title) for title in ("Map", "Offer", "Sign")
    ]
    activities.change_activity(second, {"depends_on": first}, base_version=None)
    activities.change_activity(third, {"depends_on": second}, base_version=None)
    first = Activity.objects.get(pk=first.pk)
    with pytest.raises(ValidationError) as refused:
        activities.change_activity(first, {"depends_on": third}, base_version=None)
    assert told(refused) == {
        "depends_on": ["“Sign” waits for this one already: that would close a circle."]
    }
    with pytest.raises(ValidationError) as refused:
        activities.change_activity(first, {"depends_on": first}, base_version=None)
    assert told(refused) == {"depends_on": ["An activity does not wait for itself."]}


def test_what_an_activity_names_is_of_its_plan(cast):
    other = Activity.objects.create(plan=cast.foreign_plan, title="x")
    strategy = Strategy.objects.create(plan=cast.foreign_plan, title="x")
    with pytest.raises(ValidationError) as refused:
        activities.add_activity(cast.plan, title="y", depends_on=other, strategy=strategy)
    assert set(told(refused)) == {"depends_on", "strategy"}
    with pytest.raises(ValidationError) as refused:
        activities.add_activity(
            cast.plan, title="y", starts_on=date(YEAR, 3, 2), due_on=date(YEAR, 3, 1)
        )
    assert "It starts before it is due." in refused.value.messages


def test_who_names_a_strategy_means_its_goal(cast):
    strategy = goals.add_strategy(cast.plan, title="By service", goal=cast.goal)
    assert activities.add_activity(cast.plan, title="x", strategy=strategy).goal == cast.goal


def test_postponed_it_does_not_start_after_it_is_due(cast):
    row = activities.add_activity(
        cast.plan, title="x", starts_on=date(YEAR, 6, 1), due_on=date(YEAR, 6, 9)
    )
    activities.postpone_many(Activity.objects.filter(pk=row.pk), date(YEAR, 5, 1))
    row.refresh_from_db()
    assert (row.starts_on, row.due_on) == (date(YEAR, 5, 1), date(YEAR, 5, 1))


def test_people_take_part_who_see_the_account(cast):
    with pytest.raises(ValidationError) as refused:
        activities.add_person(cast.activity, cast.outsider)
    assert told(refused) == {"user": ["Ola Outsider does not see Fjord Shipyards."]}
    person = activities.add_person(cast.activity, cast.contributor)
    activities.remove_person(person)
    again = activities.add_person(cast.activity, cast.contributor)
    assert (again.pk, again.archived_at) == (person.pk, None)
    mine = cast.client("contributor").get(url("activity_list")).content.decode()
    assert "Visit the yard" in mine


def test_my_activities_by_side_and_waiting(cast):
    after = activities.add_activity(
        cast.plan, title="Contract", depends_on=cast.activity, responsible=cast.kam, side="customer"
    )
    client = cast.client("kam")
    waiting = client.get(url("activity_list") + "?blocked=yes").content.decode()
    assert "Contract" in waiting
    assert "Visit the yard" not in waiting
    activities.finish(cast.activity)
    assert "Contract" not in client.get(url("activity_list") + "?blocked=yes").content.decode()
    assert "Contract" in client.get(url("activity_list") + "?side=customer").content.decode()
    assert after.side == "customer"


# --- the board ---------------------------------------------------------------------------------------
def test_the_board_makes_seven_queries_whatever_it_holds(cast):
    Activity.objects.bulk_create(
        Activity(plan=cast.plan, title=f"A {n}", responsible=cast.kam, status=status)
        for n in range(20)
        for status in ("planned", "in_progress")
    )
    client = cast.client("kam")
    with queries(["kam_user", *["plans_activity"] * 5]):
        answer = client.get(url("activity_board"))
    assert answer.content.count(b"data-card") == 41


def test_a_card_is_moved_by_one_post(cast):
    client = cast.client("kam")
    answer = client.post(
        url("activity_move", cast.activity.pk) + "?whose=all",
        {"status": "done"},
        headers=FRAGMENT,
    )
    assert answer.status_code == 200
    assert b"autofocus" in answer.content  # the keyboard stays with the card
    cast.activity.refresh_from_db()
    assert (cast.activity.status, cast.activity.done_on) == ("done", company_today())
    plain = client.post(url("activity_move", cast.activity.pk), {"status": "planned"})
    assert plain.headers["Location"] == url("activity_board") + f"#card-{cast.activity.pk}"
    refused = client.post(url("activity_move", cast.activity.pk), {"status": "gone"})
    assert refused.status_code == 422


# --- the timeline ------------------------------------------------------------------------------------
def bar(key, start, end, after=()):
    return timeline.Bar(key, f"Bar {key}", start, end, after=after)


def test_bars_lie_on_the_months_that_hold_them():
    picture = timeline.lay_out(
        [
            bar(1, date(YEAR, 1, 1), date(YEAR, 1, 31)),
            bar(2, None, date(YEAR, 2, 14), after=(1,)),
            bar(3, None, None),
        ],
        lambda m: f"{m:%m}",
        date(YEAR, 2, 1),
    )
    one, two = picture.shapes
    assert one.x == picture.left
    assert one.x + one.width == picture.today
    assert two.x > picture.today
    assert [tick.label for tick in picture.ticks] == ["01", "02"]
    for shape in picture.shapes:  # the name above a bar stands clear of the bar before, and inside
        assert shape.above_y < shape.y
        assert (
            shape.y - (shape.above_y - timeline.TEXT)
            < timeline.ROW - timeline.THICK + timeline.FOOT
        )
        assert picture.left <= shape.above_x <= shape.x
    assert len(picture.arrows) == 1
    assert not picture.arrows[0].backwards


def test_what_begins_before_its_forerunner_ends_is_marked():
    picture = timeline.lay_out(
        [
            bar(1, date(YEAR, 1, 1), date(YEAR, 3, 31)),
            bar(2, date(YEAR, 1, 5), date(YEAR, 2, 14), after=(1, 99)),
        ],
        str,
    )
    assert [arrow.backwards for arrow in picture.arrows] == [True]
    assert timeline.lay_out([], str).shapes == ()
    far = timeline.lay_out([bar(1, None, date(9999, 12, 31))], str)
    assert far.shapes == ()


def test_the_timeline_shows_what_waits_for_what_in_three_queries(cast):
    activities.add_activity(
        cast.plan, title="Sign", depends_on=cast.activity, due_on=date(YEAR, 4, 1)
    )
    client = cast.client("kam")
    with queries(["kam_user", "plans_accountplan", "plans_activity"]):
        text = client.get(url("plan_timeline", cast.plan.pk), headers=FRAGMENT).content.decode()
    assert text.count('<rect class="pic-edge') == 2
    assert "<td>Visit the yard</td>" in text  # after what


# --- the calendar feed -------------------------------------------------------------------------------
def events(client, secret) -> dict[str, dict]:
    answer = client.get(url("calendar", secret))
    assert answer["Content-Type"].startswith("text/calendar")
    found = Calendar.from_ical(answer.content).walk("VEVENT")
    return {str(event["summary"]): event for event in found}


def test_the_feed_holds_what_its_owner_has_to_do(cast, client):
    secret = feeds.issue_feed(cast.kam)[1]
    Activity.objects.create(plan=cast.plan, title="Not mine", due_on=date(YEAR, 5, 1))
    Activity.objects.create(plan=cast.plan, title="No day", responsible=cast.kam)
    found = events(client, secret)
    assert set(found) == {"Fjord Shipyards: Visit the yard"}
    event = found["Fjord Shipyards: Visit the yard"]
    assert event["dtstart"].dt == date(YEAR, 3, 1)
    assert event["dtend"].dt == date(YEAR, 3, 2)
    assert str(event["url"]).endswith(url("activity_detail", cast.activity.pk))
    activities.finish(cast.activity)
    assert events(client, secret) == {}


def test_the_feed_shows_only_what_its_owner_may_see_when_it_is_read(cast, client):
    activities.change_activity(cast.activity, {"responsible": cast.contributor}, base_version=None)
    secret = feeds.issue_feed(cast.contributor)[1]
    assert len(events(client, secret)) == 1
    AccountTeamMember.objects.filter(user=cast.contributor).delete()
    assert events(client, secret) == {}


def test_an_address_that_is_revoked_or_whose_owner_left_opens_nothing(cast, client):
    old = feeds.issue_feed(cast.kam)[1]
    new = feeds.issue_feed(cast.kam)[1]
    assert client.get(url("calendar", old)).status_code == 404
    assert client.get(url("calendar", new)).status_code == 200
    type(cast.kam).objects.filter(pk=cast.kam.pk).update(is_active=False)
    assert client.get(url("calendar", new)).status_code == 404
    assert not CalendarFeed.objects.filter(digest__contains=new).exists()


def test_who_was_archived_or_handed_the_account_over_reads_no_more_in_their_calendar(cast, client):
    secret = feeds.issue_feed(cast.kam)[1]
    assert len(events(client, secret)) == 1
    cast.account.owner = cast.other_kam  # the plan and its activity go with the account
    cast.account.save()
    assert events(client, secret) == {}
    Substitution.objects.create(
        absent=cast.other_kam,
        substitute=cast.kam,
        starts_on=date(2020, 1, 1),
        ends_on=date(2020, 2, 1),
    )
    assert events(client, secret) == {}
    cast.kam.archived_at = cast.kam.created_at
    cast.kam.save()
    assert client.get(url("calendar", secret)).status_code == 404


def test_ones_feed_is_made_shown_once_and_revoked(cast, client):
    kam = cast.client("kam")
    page = kam.post(url("feed_issue")).content.decode()
    secret = re.search(r"/calendar/([\w-]+)\.ics", page)[1]
    assert secret not in kam.get(url("calendar_feed")).content.decode()
    assert client.post(url("calendar", secret)).status_code == 405
    kam.post(url("feed_revoke"))
    assert client.get(url("calendar", secret)).status_code == 404


def test_the_reading_explains_itself_over_the_api(cast):
    goal = goals.add_goal(cast.plan, title="Sales", measured_by="revenue", target=Decimal(2000))
    found = cast.client("kam").get(f"/api/v1/goals/{goal.pk}/reading/").json()
    assert (found["actual"], found["attainment"], found["unit"]) == ("1000.00", "0.5000", "NOK")
    assert found["formula"] == "Sum of the revenue of the plan's year"


def test_a_late_bar_says_so(cast):
    Activity.objects.filter(pk=cast.activity.pk).update(due_on=company_today() - timedelta(days=1))
    text = cast.client("kam").get(url("plan_timeline", cast.plan.pk)).content.decode()
    assert "1 activity, 1 late" in text
