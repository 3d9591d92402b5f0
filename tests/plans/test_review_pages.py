"""The pages of reviews: few queries, what each person may do, presenting, deciding, holding."""

from datetime import date, timedelta

import pytest
from django.test import Client

from kam.models import ApiToken
from plans.models import AccountPlan, Activity, PlanSettings, Review
from plans.review_forms import HoldForm
from plans.services import reviews
from plans.services.feeds import issue_feed
from tests.conftest import YEAR

TODAY = date(YEAR, 5, 15)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def review(cast, today) -> Review:
    AccountPlan.objects.filter(pk=cast.plan.pk).update(status="active")
    cast.activity.due_on = TODAY - timedelta(days=3)
    cast.activity.save()
    made = Review.objects.create(plan=cast.plan, kind="plan", due_on=TODAY)
    return reviews.begin(made, cast.kam)


def test_the_list_is_a_constant_number_of_queries(cast, review, django_assert_max_num_queries):
    Review.objects.create(plan=cast.plan, kind="customer", due_on=TODAY)
    Review.objects.create(kind="portfolio", owner=cast.kam, due_on=TODAY)
    client = cast.client("kam")
    # person · company · saved views · the page of rows · its rows
    with django_assert_max_num_queries(8):
        page = client.get("/plans/reviews/")
    assert page.content.decode().count("Fjord Shipyards 2026") == 2
    assert "Kari Kam" in page.content.decode()


def test_a_leader_finds_the_teams_reviews(cast, review):
    client = cast.client("leader")
    assert b"Fjord Shipyards" not in client.get("/plans/reviews/").content
    assert b"Fjord Shipyards" in client.get("/plans/reviews/?whose=team").content


def test_one_review_in_at_most_eight_queries(cast, review, django_assert_max_num_queries):
    client = cast.client("kam")
    # person · company · review · decisions · facts seen · words of the customer seen
    with django_assert_max_num_queries(8):
        page = client.get(f"/plans/reviews/{review.pk}/").content.decode()
    assert "Visit the yard" in page
    assert "Go on with the review" in page


def test_presenting_in_at_most_eight_queries(cast, review, django_assert_max_num_queries):
    client = cast.client("kam")
    # person · company · review · decisions · who may be asked: path of teams · people
    with django_assert_max_num_queries(8):
        page = client.get(f"/plans/reviews/{review.pk}/present/").content.decode()
    assert page.count('class="slide"') == 5  # figures, goals, late, contacts, the end
    assert "data-autosave" in page
    assert len(page) < 40_000


def test_who_only_reads_presents_without_forms(cast, review):
    page = cast.client("management").get(f"/plans/reviews/{review.pk}/present/").content.decode()
    assert "Visit the yard" in page
    assert "Write the decision down" not in page
    assert "data-autosave" not in page


def test_a_review_that_has_not_begun_is_not_presented(cast, review):
    other = Review.objects.create(plan=cast.plan, kind="customer", due_on=TODAY)
    answer = cast.client("kam").get(f"/plans/reviews/{other.pk}/present/")
    assert answer.url == f"/plans/reviews/{other.pk}/"


def test_a_decision_by_htmx_is_an_activity_and_the_form_is_empty_again(cast, review):
    client = cast.client("kam")
    data = {"text": "Call the buyer", "responsible": cast.editor.pk, "due_on": "2026-06-01"}
    answer = client.post(f"/plans/reviews/{review.pk}/decide/", data, headers=HTMX)
    assert answer.status_code == 200
    assert "Call the buyer" in answer.content.decode()
    made = Activity.objects.get(title="Call the buyer")
    assert (made.responsible, made.due_on) == (cast.editor, date(2026, 6, 1))


def test_a_refused_decision_says_why(cast, review):
    answer = cast.client("kam").post(
        f"/plans/reviews/{review.pk}/decide/", {"text": ""}, headers=HTMX
    )
    assert answer.status_code == 422
    assert "This field is required." in answer.content.decode()
    page = cast.client("kam").post(f"/plans/reviews/{review.pk}/decide/", {"text": ""})
    assert (page.status_code, b"data-present" in page.content) == (422, True)


def test_notes_save_by_themselves(cast, review):
    address = f"/plans/reviews/{review.pk}/edit/notes/"
    data = {"notes": "They open a new yard.", "version": review.version, "_touched": "notes"}
    answer = cast.client("kam").post(address, data, headers=HTMX)
    assert answer.status_code == 204
    review.refresh_from_db()
    assert (review.notes, answer["X-Row-Version"]) == ("They open a new yard.", str(review.version))


def test_holding_leads_to_the_review_and_says_the_next_day(cast, review):
    client = cast.client("kam")
    data = {"held_on": TODAY.isoformat(), "next_on": "2026-07-01"}
    page = client.post(f"/plans/reviews/{review.pk}/hold/", data, follow=True).content.decode()
    assert "The review is held." in page
    assert Review.objects.get(state="due").due_on == date(2026, 7, 1)
    again = client.post(f"/plans/reviews/{review.pk}/hold/", data, follow=True).content.decode()
    assert "“Held” already" in again


def test_holding_in_the_future_is_refused_beside_the_field(cast, review):
    data = {"held_on": (TODAY + timedelta(days=1)).isoformat(), "next_on": ""}
    answer = cast.client("kam").post(f"/plans/reviews/{review.pk}/hold/", data)
    assert answer.status_code == 422
    assert "at the latest today" in answer.content.decode()


def test_who_holds_it_second_comes_to_the_held_review(cast, review, monkeypatch):
    checked = HoldForm.is_valid

    def somebody_is_faster(form):
        valid = checked(form)
        reviews.hold(Review.objects.get(pk=review.pk), cast.leader)
        return valid

    monkeypatch.setattr(HoldForm, "is_valid", somebody_is_faster)
    data = {"held_on": TODAY.isoformat(), "next_on": ""}
    answer = cast.client("kam").post(f"/plans/reviews/{review.pk}/hold/", data)
    assert (answer.status_code, answer["Location"]) == (302, review.get_absolute_url())


def test_the_panel_of_a_plan(cast, review, django_assert_max_num_queries):
    client = cast.client("kam")
    # person · company · plan · its reviews
    with django_assert_max_num_queries(8):
        panel = client.get(f"/plans/{cast.plan.pk}/reviews/", headers=HTMX).content.decode()
    assert "Review of the plan" in panel
    data = {"kind": "plan", "due_on": "2026-06-01"}
    page = client.get(f"/plans/{cast.plan.pk}/reviews/").content.decode()
    for text in (panel, page):  # where the answer goes must be there on the panel's own page, too
        assert text.count('id="plan-reviews"') == text.count('hx-target="#plan-reviews"') == 1
    twice = client.post(f"/plans/{cast.plan.pk}/reviews/add/", data, headers=HTMX)
    assert twice.status_code == 422
    assert "has its day already" in twice.content.decode()


def test_the_start_page_shows_what_is_near(cast, review, django_assert_max_num_queries):
    Review.objects.create(plan=cast.plan, kind="customer", due_on=TODAY + timedelta(days=15))
    client = cast.client("kam")
    with django_assert_max_num_queries(8):
        panel = client.get("/plans/home/reviews/", headers=HTMX).content.decode()
    assert panel.count("Fjord Shipyards") == 1


def test_settings_are_changed_by_administrators(cast, today):
    client = cast.client("administrator")
    page = client.get("/plans/settings/")
    assert page.status_code == 200
    row = PlanSettings.current()
    data = {
        "approval_amount": "5000000", "remind_days": "5", "substitute_days": "1",
        "escalate_days": "10", "portfolio_review_months": "3", "link_days": "14",
        "version": row.version,
    }  # fmt: skip
    assert client.post("/plans/settings/", data).status_code == 302
    row.refresh_from_db()
    assert (row.remind_days, row.escalate_days, row.portfolio_review_months) == (5, 10, 3)
    bad = client.post("/plans/settings/", data | {"portfolio_review_months": "0"})
    assert bad.status_code == 422


def test_reviews_stand_in_the_calendar_feed(cast, review):
    Review.objects.create(plan=cast.foreign_plan, kind="plan", due_on=TODAY)
    Review.objects.create(kind="portfolio", owner=cast.kam, due_on=TODAY)
    _feed, secret = issue_feed(cast.kam)
    feed = Client().get(f"/plans/calendar/{secret}.ics").content.decode()
    assert feed.count("UID:review-") == 2
    assert "SUMMARY:Fjord Shipyards: Review of the plan" in feed


# --- over the API ---------------------------------------------------------------------------------
@pytest.fixture
def api(cast):
    def browser(name: str) -> Client:
        token = ApiToken.issue(getattr(cast, name), "reviews", may_write=True)[1]
        return Client(headers={"Authorization": f"Bearer {token}"})

    return browser


def test_a_review_is_held_over_the_api(cast, review, api):
    kari = api("kam")
    agenda = kari.get(f"/api/v1/reviews/{review.pk}/agenda/").json()
    assert "late" in [part["name"] for part in agenda]
    data = {"review": review.pk, "text": "Call the buyer", "responsible": cast.editor.pk}
    made = kari.post("/api/v1/review-decisions/", data, content_type="application/json")
    assert made.status_code == 201
    assert Activity.objects.get(pk=made.json()["activity"]).responsible == cast.editor
    held = kari.post(f"/api/v1/reviews/{review.pk}/hold/", {}, content_type="application/json")
    assert (held.status_code, held.json()["state"]) == (200, "held")
    again = kari.post(f"/api/v1/reviews/{review.pk}/hold/", {}, content_type="application/json")
    assert again.status_code == 400
    asked = kari.get("/api/v1/reviews/?state=due").json()["results"]
    assert [row["kind"] for row in asked] == ["plan"]


def test_who_only_reads_decides_nothing_over_the_api(cast, review, api):
    data = {"review": review.pk, "text": "Call the buyer"}
    answer = api("management").post(
        "/api/v1/review-decisions/", data, content_type="application/json"
    )
    assert answer.status_code == 403
    assert not Activity.objects.filter(title="Call the buyer").exists()


def test_one_more_review_over_the_api(cast, review, api):
    data = {"plan": cast.plan.pk, "kind": "customer", "due_on": "2026-06-01"}
    kari = api("kam")
    made = kari.post("/api/v1/reviews/", data, content_type="application/json")
    assert made.status_code == 201
    assert kari.post("/api/v1/reviews/", data, content_type="application/json").status_code in (
        400,
        409,
    )
    other = data | {"plan": cast.foreign_plan.pk}
    assert kari.post("/api/v1/reviews/", other, content_type="application/json").status_code == 400
