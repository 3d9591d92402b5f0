"""Reviews: their rhythm, their agenda from what changed, holding, skipping, deciding."""

from datetime import date, timedelta
from decimal import Decimal

import pgtrigger
import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import Account, Contact
from kam.models import Role
from plans import review_agenda, review_calc, review_words
from plans.models import (
    AccountPlan,
    Activity,
    Goal,
    Need,
    PlanSettings,
    PlanTemplate,
    Review,
    ReviewDecision,
    Section,
    SharedActivity,
)
from plans.services import reviews
from tests.conftest import YEAR, person
from tests.plans.conftest import fact

TODAY = date(YEAR, 5, 15)


@pytest.fixture
def active(cast, today):
    AccountPlan.objects.filter(pk=cast.plan.pk).update(
        status="active", decided_at=timezone.now() - timedelta(days=60)
    )
    cast.plan.refresh_from_db()
    return cast.plan


def review_of(plan, kind="plan", due_on=TODAY, **fields) -> Review:
    return Review.objects.create(plan=plan, kind=kind, due_on=due_on, **fields)


def words(review, user) -> dict[str, list[str]]:
    return {
        part.name: [f"{row.what}: {row.words}" for row in part.rows]
        for part in review_words.parts_of(review, user)
    }


# --- the rhythm -----------------------------------------------------------------------------------
def test_a_plan_in_force_gets_its_reviews_by_its_template(active):
    template = PlanTemplate.objects.create(
        name="Global",
        activity_review_months=2,
        plan_review_months=4,
        customer_review_months=6,
    )
    AccountPlan.objects.filter(pk=active.pk).update(template=template)
    assert reviews.schedule_missing() == {"plans": 3, "portfolios": 2}
    assert dict(Review.objects.filter(plan=active).values_list("kind", "due_on")) == {
        "activities": date(YEAR, 7, 15),
        "plan": date(YEAR, 9, 15),
        "customer": date(YEAR, 11, 15),
    }
    assert reviews.schedule_missing() == {"plans": 0, "portfolios": 0}


def test_without_a_template_by_the_usual_rhythm(active):
    assert reviews.schedule_plan(active) == 2
    assert set(Review.objects.values_list("kind", flat=True)) == {"activities", "plan"}


@pytest.mark.parametrize(
    "last",
    [date(YEAR, 1, 31), date(YEAR - 1, 11, 30), date(YEAR, 4, 30), TODAY, date(YEAR - 2, 2, 28)],
)
@pytest.mark.parametrize("months", [1, 3, 7, 12])
def test_after_the_last_one_as_the_rhythm_says(active, last, months):
    template = PlanTemplate.objects.create(
        name="Global", activity_review_months=months, plan_review_months=24
    )
    AccountPlan.objects.filter(pk=active.pk).update(template=template)
    for n, state in enumerate(("held", "skipped")):
        day = reviews.later(last, 0 if n else -1)
        review_of(active, "activities", due_on=day, state=state, held_on=day)
    expected = reviews.next_day(last, months, date(YEAR + 1, 1, 1), TODAY)
    assert reviews.schedule_plan(active) == (expected is not None)
    made = Review.objects.filter(state="due").values_list("kind", "due_on")
    assert list(made) == ([("activities", expected)] if expected else [])


@pytest.mark.parametrize("count", [1, 12])
def test_many_plans_and_portfolios_take_as_many_statements_as_one(
    active, cast, count, monkeypatch, django_assert_num_queries
):
    for n in range(count):
        owner = person(f"Crowd {n}", Role.KAM, cast.north)
        account = Account.objects.create(name=f"Crowd {n}", number=f"X{n}", owner=owner)
        AccountPlan.objects.create(account=account, year=YEAR, currency="EUR", status="active")
    PlanSettings.current()
    # the company's year · plans: the page that has some, the page after it · portfolios: the settings,
    # the KAMs, the teams, their leaders, the reviews
    with django_assert_num_queries(8):
        assert reviews.schedule_missing() == {"plans": 2 * count + 2, "portfolios": count + 2}
    monkeypatch.setattr(reviews, "PAGE", 5)
    Review.objects.filter(state="due").delete()
    assert reviews.schedule_missing() == {"plans": 2 * count + 2, "portfolios": count + 2}
    led = Review.objects.get(owner__name="Crowd 0")
    assert led.led_by == cast.leader


@pytest.mark.parametrize("status", ["draft", "submitted", "approved", "closed"])
def test_only_plans_in_force_are_reviewed(cast, today, status):
    AccountPlan.objects.update(status=status)
    assert reviews.schedule_missing()["plans"] == 0


def test_archived_accounts_and_past_years_are_not(active):
    AccountPlan.objects.filter(pk=active.pk).update(year=YEAR - 1)
    assert reviews.schedule_missing()["plans"] == 0
    AccountPlan.objects.filter(pk=active.pk).update(year=YEAR)
    active.account.archived_at = timezone.now()
    active.account.save()
    assert reviews.schedule_missing()["plans"] == 0


def test_portfolios_are_reviewed_by_the_leader(cast, today):
    PlanSettings.current()
    PlanSettings.objects.update(portfolio_review_months=3)
    reviews.schedule_missing()
    review = Review.objects.get(owner=cast.kam)
    assert (review.due_on, review.led_by) == (date(YEAR, 8, 15), cast.leader)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 5, 15), 12, date(2027, 5, 15)),
    ],
)
def test_months_later_is_the_same_day_or_the_last(day, months, later):
    assert reviews.later(day, months) == later


def test_no_review_after_the_plans_year(active):
    end = date(YEAR + 1, 1, 1)
    assert reviews.next_day(date(YEAR, 10, 1), 3, end, TODAY) is None
    assert reviews.next_day(date(YEAR, 9, 30), 3, end, TODAY) == date(YEAR, 12, 30)
    assert reviews.next_day(date(YEAR, 1, 1), 1, end, TODAY) == TODAY


@pytest.mark.django_db(transaction=True)
def test_one_more_review_is_put_on_a_day_in_a_transaction_of_its_own(active):
    assert reviews.add_review(active, "customer", TODAY).due_on == TODAY
    with pytest.raises(ValidationError, match="has its day already"):
        reviews.add_review(active, "customer", TODAY)


# --- holding --------------------------------------------------------------------------------------
def test_holding_a_review_puts_the_next_one_in_the_calendar(active, cast):
    held = reviews.hold(review_of(active), cast.kam)
    assert (held.state, held.held_on, held.led_by) == ("held", TODAY, cast.kam)
    assert held.agenda is not None
    following = Review.objects.get(plan=active, state="due")
    assert (following.kind, following.due_on) == ("plan", date(YEAR, 8, 15))


def test_the_next_day_may_be_chosen_but_not_in_the_past(active, cast):
    review = review_of(active)
    with pytest.raises(ValidationError) as refused:
        reviews.hold(review, cast.kam, next_on=TODAY - timedelta(days=1))
    assert "next_on" in refused.value.message_dict
    review.refresh_from_db()
    assert review.state == "due"
    reviews.hold(review, cast.kam, next_on=date(YEAR, 6, 1))
    assert Review.objects.get(state="due").due_on == date(YEAR, 6, 1)


def test_a_review_is_not_held_tomorrow(active, cast):
    with pytest.raises(ValidationError):
        reviews.hold(review_of(active), cast.kam, held_on=TODAY + timedelta(days=1))


def test_skipping_asks_for_the_reason_and_goes_on(active, cast):
    review = review_of(active)
    with pytest.raises(ValidationError):
        reviews.skip(review, cast.kam, "  ")
    skipped = reviews.skip(review, cast.kam, "Nobody was there")
    assert (skipped.state, skipped.reason) == ("skipped", "Nobody was there")
    assert Review.objects.filter(plan=active, state="due").count() == 1


def test_what_is_over_is_not_held_again(active, cast):
    review = reviews.hold(review_of(active), cast.kam)
    for again in (
        lambda: reviews.hold(review, cast.kam),
        lambda: reviews.skip(review, cast.kam, "x"),
        lambda: reviews.begin(review, cast.kam),
        lambda: reviews.decide(review, "x", cast.kam),
        lambda: reviews.change_review(review, {"due_on": TODAY}),
    ):
        with pytest.raises(reviews.NotToBeHeld, match="Held"):
            again()
    assert reviews.change_review(review, {"notes": "More"}).notes == "More"


def test_beginning_freezes_the_agenda(active, cast):
    cast.activity.due_on = TODAY - timedelta(days=3)
    cast.activity.save()
    review = reviews.begin(review_of(active), cast.kam)
    Activity.objects.update(status="done", done_on=TODAY)
    again = reviews.begin(review, cast.kam)
    assert again.begun_at == review.begun_at
    assert "Visit the yard" in words(again, cast.kam)["late"][0]


def test_a_decision_becomes_an_activity_in_the_same_step(active, cast):
    review = reviews.begin(review_of(active), cast.kam)
    decision = reviews.decide(
        review, "Call the buyer", cast.kam, responsible=cast.editor, due_on=date(YEAR, 6, 1)
    )
    activity = decision.activity
    assert (activity.plan, activity.title) == (active, "Call the buyer")
    assert (activity.responsible, activity.due_on) == (cast.editor, date(YEAR, 6, 1))
    with pytest.raises(ValidationError) as refused:
        reviews.decide(review, "Call", cast.kam, responsible=cast.outsider)
    assert "responsible" in refused.value.message_dict
    assert ReviewDecision.objects.count() == 1


def test_a_portfolios_decision_is_about_a_plan_of_the_kam_or_about_none(cast, today):
    review = Review.objects.create(kind="portfolio", owner=cast.kam, due_on=TODAY)
    assert reviews.decide(review, "Fewer visits", cast.leader).activity is None
    about = reviews.decide(review, "Plan the yard", cast.leader, plan=cast.plan)
    assert about.activity.plan == cast.plan
    with pytest.raises(ValidationError):
        reviews.decide(review, "x", cast.leader, plan=cast.foreign_plan)
    with pytest.raises(ValidationError):
        reviews.decide(review, "x", cast.leader, due_on=TODAY)


# --- the agenda -----------------------------------------------------------------------------------
def test_the_agenda_tells_what_changed(active, cast, last_year, valves):
    fact(cast.account, cast.line, date(YEAR, 2, 1), 500, cost=400)
    since = timezone.now() - timedelta(days=60)
    cast.activity.due_on = TODAY - timedelta(days=10)
    cast.activity.save()
    Activity.objects.create(plan=active, title="Sent samples", status="done", done_on=TODAY)
    Goal.objects.filter(pk=cast.goal.pk).update(actual=2)
    Need.objects.create(
        plan=active, kind="pain", title="Leaks", state="agreed", agreed_on=TODAY, value=900
    )
    Section.objects.filter(pk=cast.section.pk).update(confirmed_on=TODAY - timedelta(days=200))
    events = Contact._meta.get_field("events").related_model
    with pgtrigger.ignore("accounts.ContactEvent:append_only"):
        events._default_manager.filter(pgh_obj=cast.contact).update(
            pgh_created_at=since - timedelta(days=5)
        )
    cast.contact.attitude = "supporter"
    cast.contact.save()
    Contact.objects.create(account=cast.account, name="New Nina")
    share = active.shares.create(contact=cast.contact, token_hash="x", expires_on=TODAY)
    active.comments.create(body="Very good", share=share)
    share.events_of.create(what="confirmed", goal=cast.goal)
    found = words(reviews.begin(review_of(active), cast.kam), cast.kam)
    assert found["figures"][0] == "Revenue: 1,500 of 1,200 NOK planned to date: 125\u00a0%"
    assert found["figures"][1].startswith("Margin: 500 of 400 NOK")
    assert found["goals"] == ["More pumps: 2 of 20 pumps: 10\u00a0% of the way, 37\u00a0% expected"]
    assert found["late"] == ["Visit the yard: Kari Kam · 5 May 2026 · 10 days late"]
    assert found["done"] == ["Sent samples: 15 May 2026"]
    assert found["needs"] == ["Leaks: agreed · 900 NOK · 15 May 2026"]
    assert found["facts"][0].startswith("Strategy: held until")
    assert found["contacts"] == ["Brit Buyer: – → Supporter", "New Nina: new"]
    assert sorted(f.split(":")[0] for f in found["customer"]) == ["More pumps", "Very good"]


def test_what_was_decided_last_time_comes_first(active, cast):
    first = reviews.begin(review_of(active), cast.kam)
    reviews.decide(first, "Call the buyer", cast.kam, due_on=TODAY)
    reviews.hold(first, cast.kam)
    second = reviews.begin(Review.objects.get(plan=active, state="due"), cast.kam)
    assert next(iter(words(second, cast.kam))) == "decisions"
    assert words(second, cast.kam)["decisions"] == ["Call the buyer: Kari Kam · 15 May 2026"]


def test_the_customers_review_shows_nothing_of_ours_alone(active, cast):
    fact(cast.account, cast.line, date(YEAR, 2, 1), 500, cost=400)
    cast.activity.due_on = TODAY - timedelta(days=10)
    cast.activity.save()
    Activity.objects.create(
        plan=active, title="Theirs", side="customer", due_on=TODAY - timedelta(days=1)
    )
    review = review_of(active, "customer")
    found = review_agenda.made_for(review, cast.kam)
    parts = {part["part"]: part["rows"] for part in found["parts"]}
    assert [row["title"] for row in parts["late"]] == ["Theirs"]
    assert {row["code"] for row in parts["figures"]} == {"bought", "bought_line"}
    assert all(row["numbers"][1:] == [None, None] for row in parts["figures"])
    assert set(parts) <= {
        "decisions",
        "figures",
        "goals",
        "late",
        "soon",
        "done",
        "customer",
        "needs",
    }
    assert "goals" not in parts
    share = active.shares.create(contact=cast.contact, token_hash="x", expires_on=TODAY)
    SharedActivity.objects.create(share=share, activity=cast.activity)
    parts = {p["part"]: p["rows"] for p in review_agenda.made_for(review, cast.kam)["parts"]}
    assert [row["title"] for row in parts["late"]] == ["Visit the yard", "Theirs"]


def test_who_may_not_read_a_section_does_not_find_it_in_a_kept_agenda(active, cast):
    Section.objects.filter(pk=cast.section.pk).update(
        confirmed_on=TODAY - timedelta(days=200), audience="leaders"
    )
    review = reviews.begin(review_of(active), cast.kam)
    assert "facts" in words(review, cast.kam)
    assert "facts" in words(review, cast.leader)
    assert "facts" not in words(review, cast.editor)


def test_an_agenda_takes_at_most_eight_queries(active, cast, django_assert_max_num_queries):
    for n in range(40):
        Activity.objects.create(plan=active, title=f"A{n}", due_on=TODAY - timedelta(days=n))
    review = Review.objects.select_related("plan__account").get(pk=review_of(active).pk)
    # last review · company · rates · sales · targets · facts of all kinds · scores · segments
    with django_assert_max_num_queries(8):
        agenda = review_agenda.made_for(review, cast.kam)
    late = next(part for part in agenda["parts"] if part["part"] == "late")
    assert (len(late["rows"]), late["more"]) == (30, 10)


def test_a_portfolios_agenda(active, cast, last_year):
    cast.activity.due_on = TODAY - timedelta(days=10)
    cast.activity.save()
    review_of(active, due_on=TODAY - timedelta(days=4))
    from plans.services.portfolios import rebuild_portfolios

    rebuild_portfolios()
    review = Review.objects.create(kind="portfolio", owner=cast.kam, due_on=TODAY)
    found = words(reviews.begin(review, cast.leader), cast.leader)
    assert found["figures"][0].startswith("Revenue: ")
    assert found["plans"][0] == "Accounts without a plan: 1 of 2"
    assert found["late"] == [
        "Fjord Shipyards: Visit the yard: Kari Kam · 5 May 2026 · 10 days late"
    ]
    assert found["reviews"] == ["Fjord Shipyards: Review of the plan · 11 May 2026 · 4 days late"]


# --- pace of a goal -------------------------------------------------------------------------------
START, END = date(2026, 1, 1), date(2027, 1, 1)


@pytest.mark.parametrize(
    ("baseline", "target", "actual", "due", "today", "attained", "off"),
    [
        (None, 20, 10, END, date(2026, 7, 2), Decimal("0.5"), False),
        (None, 20, 9, END, date(2026, 7, 3), Decimal("0.45"), True),
        (10, 20, 15, END, date(2026, 7, 3), Decimal("0.5"), True),  # 183 of 365 days
        (40, 20, 25, END, date(2026, 7, 3), Decimal("0.75"), False),  # downwards
        (None, 20, None, END, date(2026, 7, 3), None, True),
        (None, 20, None, END, START, None, False),  # nothing is expected yet
        (None, None, 5, END, date(2026, 7, 3), None, False),
        (20, 20, 20, END, END, Decimal(1), False),
        (None, 20, 20, date(2026, 2, 1), END, Decimal(1), False),
    ],
)
def test_a_goals_pace(baseline, target, actual, due, today, attained, off):
    def number(value):
        return None if value is None else Decimal(value)

    found = review_calc.standing(
        baseline=number(baseline),
        target=number(target),
        actual=number(actual),
        start=START,
        due=due,
        end=END,
        today=today,
    )
    assert found.attained == attained
    assert found.off_pace is off
