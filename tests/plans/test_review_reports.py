"""PDFs of reviews: what stands in them, what never does."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from pypdf import PdfReader

from kam import jobs
from kam.models import Job
from plans import review_reports
from plans.models import Activity, Goal, Need, Review, Section, SharedGoal
from plans.services import reviews
from tests.conftest import YEAR
from tests.plans.conftest import fact

TODAY = date(YEAR, 5, 15)


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


@pytest.fixture
def told(cast, last_year, today):
    """A plan with things for the customer, and things that are ours alone."""
    fact(cast.account, cast.line, date(YEAR, 2, 1), 500, cost=377)
    plan = cast.plan
    Section.objects.filter(pk=cast.section.pk).update(body="We grow together.")
    secret = Section.objects.create(
        plan=plan, kind="risks", body="They may go bankrupt.", audience="leaders"
    )
    ours = Goal.objects.create(plan=plan, title="Squeeze the price", metric="NOK", target=9)
    theirs = Goal.objects.create(
        plan=plan, title="Fewer stops", metric="hours", target=5, side="customer"
    )
    step = Activity.objects.create(
        plan=plan, title="Open the gate", side="customer", due_on=TODAY + timedelta(days=9)
    )
    need = Need.objects.create(
        plan=plan, kind="pain", title="Leaks", state="realised", agreed_on=TODAY,
        realised_on=TODAY, value=900, realised_value=1100, diagnosis="Cheap seals",
    )  # fmt: skip
    found = Need.objects.create(plan=plan, kind="pain", title="Not told yet")
    return {
        "secret": secret, "ours": ours, "theirs": theirs, "step": step, "need": need, "found": found
    }  # fmt: skip


def test_what_the_customer_knows_is_suggested(cast, told):
    choice = review_reports.choice_for(cast.plan, cast.kam)
    assert choice.suggested == {
        "section": [], "goal": [told["theirs"].pk], "activity": [told["step"].pk],
        "need": [told["need"].pk],
    }  # fmt: skip
    share = cast.plan.shares.create(contact=cast.contact, token_hash="x", expires_on=TODAY)
    SharedGoal.objects.create(share=share, goal=cast.goal)
    choice = review_reports.choice_for(cast.plan, cast.kam)
    assert set(choice.suggested["goal"]) == {told["theirs"].pk, cast.goal.pk}


def test_the_customers_edition_holds_what_was_chosen_and_no_secret(cast, told):
    client = cast.client("kam")
    asked = {
        "section": [cast.section.pk, told["secret"].pk],
        "goal": [told["theirs"].pk],
        "activity": [told["step"].pk],
        "need": [told["need"].pk, told["found"].pk],
        "language": "en",
    }
    answer = client.get(f"/plans/{cast.plan.pk}/business-review/pdf/", asked)
    assert answer["Content-Type"] == "application/pdf"
    text = text_of(answer.content)
    for there in ("We grow together.", "Fewer stops", "Open the gate", "Leaks", "1,100", "500"):
        assert there in text
    for not_there in (
        "bankrupt", "Squeeze", "Visit the yard", "Cheap seals", "Not told yet", "Margin", "377",
        "Target to date",
    ):  # fmt: skip
        assert not_there not in text


def test_the_customers_edition_speaks_the_chosen_language(cast, told):
    answer = cast.client("kam").get(f"/plans/{cast.plan.pk}/business-review/pdf/?language=nb")
    assert PdfReader(BytesIO(answer.content)).trailer["/Root"]["/Lang"].startswith("nb")


@pytest.mark.parametrize("query", ["language=xx", "goal=abc", "goal=1&goal=%C2%B2"])
def test_nonsense_is_a_bad_request(cast, query):
    answer = cast.client("kam").get(f"/plans/{cast.plan.pk}/business-review/pdf/?{query}")
    assert answer.status_code == 400


def test_choosing_takes_a_constant_number_of_queries(cast, told, django_assert_max_num_queries):
    client = cast.client("kam")
    address = f"/plans/{cast.plan.pk}/business-review/"
    # person · plan · sections · goals · activities · needs · shown by links (3) · company
    with django_assert_max_num_queries(10):
        page = client.get(address).content.decode()
    assert "bankrupt" not in page
    assert page.count("checked") == 3


def test_the_pack_holds_agenda_decisions_and_notes(cast, told):
    Activity.objects.filter(pk=cast.activity.pk).update(due_on=TODAY - timedelta(days=3))
    cast.plan.status = "active"
    cast.plan.save()
    review = Review.objects.create(plan=cast.plan, kind="plan", due_on=TODAY)
    assert cast.client("kam").get(f"/plans/reviews/{review.pk}/pdf/").status_code == 404
    review = reviews.begin(review, cast.kam)
    reviews.decide(review, "Call the buyer", cast.kam)
    reviews.change_review(review, {"notes": "A good year."})
    answer = cast.client("kam").get(f"/plans/reviews/{review.pk}/pdf/")
    text = text_of(answer.content)
    for there in ("Visit the yard", "3 days late", "Call the buyer", "A good year.", "Internal"):
        assert there in text


@pytest.mark.django_db(transaction=True)
def test_a_long_edition_is_made_by_the_worker(cast, told, monkeypatch):
    monkeypatch.setattr(jobs, "_wake", lambda *_: None)
    for n in range(40):
        Activity.objects.create(plan=cast.plan, title=f"Step {n}", side="customer", due_on=TODAY)
    keys = list(Activity.objects.values_list("pk", flat=True))
    answer = cast.client("kam").get(
        f"/plans/{cast.plan.pk}/business-review/pdf/", {"activity": keys, "language": "en"}
    )
    assert answer.status_code == 302
    job = Job.objects.get(kind="review_report")
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.result_name) == ("done", f"business-review-fjord-shipyards-{YEAR}.pdf")
    assert "Step 39" in text_of(job.result.read())
