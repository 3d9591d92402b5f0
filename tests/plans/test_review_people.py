"""Who was there when a review was held and how long it took: asked, kept, shown, changed, counted."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import Promise

from accounts.models import Account, Contact
from kam.models import AuditEntry, Substitution
from plans.duration import duration_text, in_hours, read_duration
from plans.models import AccountPlan, Review, ReviewPerson
from plans.review_forms import HoldForm
from plans.review_reports import review_pack
from plans.services import review_people, reviews
from portfolio import meetings as registry
from tests.conftest import YEAR

TODAY = date(YEAR, 5, 15)
MONDAY = date(YEAR, 5, 11)
API = "/api/v1"


@pytest.fixture
def review(cast, today) -> Review:
    AccountPlan.objects.filter(pk=cast.plan.pk).update(status="active")
    return due(cast, "plan")


@pytest.fixture
def with_customer(cast, today) -> Review:
    AccountPlan.objects.filter(pk=cast.plan.pk).update(status="active")
    return due(cast, "customer")


def due(cast, kind):
    made = Review.objects.create(plan=cast.plan, kind=kind, due_on=TODAY)
    return reviews.begin(made, cast.kam)


def names(review, user):
    return [str(p) for p in review_people.present_at([review], user)[review.pk]]


def offers(user, person=None):
    """What a person's week offers of reviews: hours by the review's id."""
    found = registry.find(user, person or user, MONDAY, MONDAY + timedelta(days=7), {})
    return {m.source: m.hours for m in found.values() if m is not None and m.kind == "review"}


# --- durations -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "minutes", "shown"),
    [
        ("1:30", 90, "1 h 30 min"),
        ("0:45", 45, "45 min"),
        ("2 h", 120, "2 h"),
        ("45 min", 45, "45 min"),
        ("1 h 5min", 65, "1 h 5 min"),
        ("1t 30 min", 90, "1 h 30 min"),
        ("90 min", 90, "1 h 30 min"),
    ],
)
def test_a_duration_is_read_and_said(text, minutes, shown):
    assert read_duration(text) == minutes
    assert duration_text(minutes) == shown


@pytest.mark.parametrize(
    "text", ["2", "90", "1.5", "1,50", "1:75", "1 h 75 min", "h", "x", "-1:00"]
)
def test_what_may_mean_two_things_is_refused(text):
    with pytest.raises(ValidationError):
        read_duration(text)


def test_what_a_form_says_is_said_in_the_reader_s_language():
    """Forms are made once, at the start, when nobody reads yet."""
    texts = [f.help_text for f in HoldForm.base_fields.values() if f.help_text]
    assert len(texts) == 3
    assert all(isinstance(text, Promise) for text in texts)


def test_minutes_are_hours_to_hundredths():
    assert [in_hours(m) for m in (None, 90, 50, 1)] == [
        None, Decimal("1.50"), Decimal("0.83"), Decimal("0.02"),
    ]  # fmt: skip


# --- holding ---------------------------------------------------------------------------------------
def test_the_page_asks_who_was_there_and_ticks_the_kam_and_who_holds_it(cast, review):
    form = cast.client("leader").get(f"/plans/reviews/{review.pk}/present/").context["hold_form"]
    assert [str(user) for user in form.fields["present"].queryset] == [
        "Carl Contributor", "Eva Editor", "Kari Kam", "Lena Leader", "Rune Region",
    ]  # fmt: skip
    assert form.fields["present"].initial == {cast.kam.pk, cast.leader.pk}
    assert "contacts" not in form.fields
    assert form["minutes"].value() is None


def test_who_was_archived_is_not_offered_and_refused(cast, review):
    type(cast.editor).objects.filter(pk=cast.editor.pk).update(archived_at=timezone.now())
    assert cast.editor not in review_people.offered(review, cast.kam)
    with pytest.raises(ValidationError) as refused:
        reviews.hold(review, cast.kam, present=[cast.editor])
    assert "present" in refused.value.message_dict
    review.refresh_from_db()
    assert review.state == "due"


def test_the_page_holds_it_with_people_and_duration(cast, review, django_assert_max_num_queries):
    data = {
        "held_on": TODAY.isoformat(), "minutes": "1:30",
        "present": [cast.kam.pk, cast.editor.pk],
    }  # fmt: skip
    client = cast.client("kam")
    client.post(f"/plans/reviews/{review.pk}/hold/", data)
    review.refresh_from_db()
    assert (review.state, review.minutes) == ("held", 90)
    # person · company · review · decisions · people · form: team's path · people
    with django_assert_max_num_queries(8):
        page = client.get(review.get_absolute_url()).content.decode()
    assert "1 h 30 min" in page
    assert names(review, cast.kam) == ["Eva Editor", "Kari Kam"]
    assert page.count("Take out") == 2


@pytest.mark.parametrize("typed", ["90", "25:00", "0:00", "x"])
def test_a_duration_that_is_none_is_told_at_the_field(cast, review, typed):
    data = {"held_on": TODAY.isoformat(), "minutes": typed}
    answer = cast.client("kam").post(f"/plans/reviews/{review.pk}/hold/", data)
    assert answer.status_code == 422
    assert answer.context["hold_form"].errors["minutes"]
    review.refresh_from_db()
    assert review.state == "due"


def test_nobody_need_be_named(cast, review):
    cast.client("kam").post(f"/plans/reviews/{review.pk}/hold/", {"held_on": TODAY.isoformat()})
    review.refresh_from_db()
    assert (review.state, review.minutes, names(review, cast.kam)) == ("held", None, [])
    page = cast.client("kam").get(review.get_absolute_url()).content.decode()
    assert "Nobody is named." in page


def test_of_others_who_do_not_see_the_account_nobody_is_named(cast, review):
    data = {"held_on": TODAY.isoformat(), "present": [cast.other_kam.pk]}
    answer = cast.client("kam").post(f"/plans/reviews/{review.pk}/hold/", data)
    assert answer.status_code == 422
    with pytest.raises(ValidationError):
        reviews.hold(review, cast.kam, present=[cast.other_kam])
    assert not ReviewPerson.objects.exists()


# --- people of the customer -----------------------------------------------------------------------
def test_a_business_review_names_people_of_the_customer(
    cast, with_customer, django_assert_max_num_queries
):
    client = cast.client("kam")
    # person · company · review · decisions · people there · who may be asked (path, people) ·
    # offered (path, people) · contacts; a page that is both read and worked in
    with django_assert_max_num_queries(10):
        form = client.get(f"/plans/reviews/{with_customer.pk}/present/").context["hold_form"]
    assert [str(c) for c in form.fields["contacts"].queryset] == ["Brit Buyer"]
    data = {
        "held_on": TODAY.isoformat(), "minutes": "0:50", "present": [cast.kam.pk],
        "contacts": [cast.contact.pk], "others": "Their new plant manager",
    }  # fmt: skip
    client.post(f"/plans/reviews/{with_customer.pk}/hold/", data)
    with_customer.refresh_from_db()
    assert names(with_customer, cast.kam) == ["Kari Kam", "Brit Buyer"]
    assert with_customer.others == "Their new plant manager"
    head = dict(review_pack(cast.kam, with_customer.pk).head["filters"])
    assert head["Who was there"] == "Kari Kam, Brit Buyer, Their new plant manager"
    assert head["Duration"] == "50 min"


def test_they_are_of_this_customer_and_in_use(cast, with_customer, review):
    with pytest.raises(ValidationError) as refused:
        reviews.hold(with_customer, cast.kam, contacts=[cast.foreign_contact])
    assert "contacts" in refused.value.message_dict
    Contact.objects.filter(pk=cast.contact.pk).update(archived_at=timezone.now())
    cast.contact.refresh_from_db()
    with pytest.raises(ValidationError):
        reviews.hold(with_customer, cast.kam, contacts=[cast.contact])


def test_an_internal_review_has_none(cast, review):
    for said in ({"contacts": [cast.contact]}, {"others": "Somebody"}):
        with pytest.raises(ValidationError, match="business reviews"):
            reviews.hold(review, cast.kam, **said)
    reviews.hold(review, cast.kam)
    with pytest.raises(ValidationError, match="business reviews"):
        reviews.change_review(review, {"others": "Somebody"})


def test_a_contact_that_one_does_not_see_is_named_to_nobody_else(cast, with_customer):
    """Of the group's contacts each reader sees those of the accounts that they see."""
    theirs = Contact.objects.create(account=cast.child, name="Siri Site")
    reviews.hold(with_customer, cast.kam, present=[cast.kam], contacts=[theirs, cast.contact])
    assert names(with_customer, cast.kam) == ["Kari Kam", "Brit Buyer", "Siri Site"]
    assert names(with_customer, cast.contributor) == ["Kari Kam", "Brit Buyer"]
    page = cast.client("contributor").get(with_customer.get_absolute_url()).content.decode()
    assert "Siri Site" not in page
    row = ReviewPerson.objects.get(contact=theirs)
    answer = cast.client("contributor").get(f"{API}/review-people/{row.pk}/")
    assert answer.status_code == 404
    seen = cast.client("contributor").get(f"{API}/reviews/{with_customer.pk}/").json()
    assert seen["contacts"] == [cast.contact.pk]
    listed = cast.client("contributor").get("/plans/reviews/?whose=all&state=held")
    assert "Siri Site" not in listed.content.decode()


# --- afterwards -----------------------------------------------------------------------------------
@pytest.fixture
def held(cast, review) -> Review:
    return reviews.hold(review, cast.kam, minutes=60, present=[cast.kam])


def test_people_are_named_and_taken_out_afterwards(cast, held):
    client = cast.client("kam")
    client.post(f"/plans/reviews/{held.pk}/people/", {"user": cast.editor.pk})
    assert names(held, cast.kam) == ["Eva Editor", "Kari Kam"]
    kari = ReviewPerson.objects.get(user=cast.kam)
    client.post(f"/plans/reviews/people/{kari.pk}/archive/")
    assert names(held, cast.kam) == ["Eva Editor"]
    client.post(f"/plans/reviews/{held.pk}/people/", {"user": cast.kam.pk})
    assert ReviewPerson.objects.filter(user=cast.kam).get().pk == kari.pk
    again = client.post(f"/plans/reviews/{held.pk}/people/", {"user": cast.kam.pk})
    assert again.status_code == 422
    foreign = client.post(f"/plans/reviews/{held.pk}/people/", {"user": cast.other_kam.pk})
    assert foreign.status_code == 422


def test_the_duration_is_edited_in_place_and_put_back(cast, held):
    client = cast.client("kam")
    form = client.get(f"/plans/reviews/{held.pk}/edit/minutes/").content.decode()
    assert 'value="1:00"' in form
    data = {"minutes": "2:15", "version": held.version}
    client.post(f"/plans/reviews/{held.pk}/edit/minutes/", data)
    held.refresh_from_db()
    assert held.minutes == 135
    data = {"minutes": "99", "version": held.version}
    assert client.post(f"/plans/reviews/{held.pk}/edit/minutes/", data).status_code == 422
    client.post(
        f"/plans/reviews/{held.pk}/edit/minutes/",
        {"undo": held.version - 1, "version": held.version},
    )
    held.refresh_from_db()
    assert held.minutes == 60


def test_before_it_is_held_and_in_a_closed_plan_nothing_is_said_of_it(cast, held, with_customer):
    with pytest.raises(ValidationError, match="when the review is held"):
        review_people.add_person(with_customer, cast.kam, user=cast.kam)
    with pytest.raises(ValidationError, match="when the review is held"):
        reviews.change_review(with_customer, {"minutes": 60})
    row = ReviewPerson.objects.get()
    AccountPlan.objects.filter(pk=cast.plan.pk).update(status="closed")
    for step in (
        lambda: review_people.add_person(held, cast.kam, user=cast.editor),
        lambda: review_people.remove_person(row),
        lambda: review_people.restore_person(row),
        lambda: reviews.change_review(held, {"minutes": 90}),
    ):
        with pytest.raises(ValidationError):
            step()
    page = cast.client("kam").get(held.get_absolute_url()).content.decode()
    assert "Take out" not in page


def test_who_was_there_stands_in_the_audit(cast, held):
    entries = AuditEntry.objects.filter(model="plans.reviewperson")
    assert [entry.label for entry in entries] == ["insert"]
    cast.client("kam").post(f"/plans/reviews/people/{ReviewPerson.objects.get().pk}/archive/")
    entry = entries.order_by("-pk")[0]
    assert (entry.label, entry.fields, entry.user_id) == (
        "update", ["archived_at"], cast.kam.pk,
    )  # fmt: skip


def test_the_list_and_its_file_say_who_was_there(cast, held, django_assert_max_num_queries):
    client = cast.client("kam")
    reviews.hold(due(cast, "customer"), cast.kam, present=[cast.kam, cast.leader], minutes=45)
    # person · company · saved views · rows · people
    with django_assert_max_num_queries(8):
        page = client.get("/plans/reviews/?state=held").content.decode()
    assert "Kari Kam, Lena Leader" in page
    assert "45 min" in page
    answer = client.get("/plans/reviews/?state=held&export=csv")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert lines[0].split(",")[-2:] == ["Duration", "Who was there"]
    assert any('45 min,"Kari Kam, Lena Leader"' in line for line in lines)


# --- over the API ---------------------------------------------------------------------------------
def sent(client, method, path, data):
    return getattr(client, method)(f"{API}/{path}", data, content_type="application/json")


def test_over_the_api_it_is_held_with_people_and_duration(cast, with_customer):
    client = cast.client("kam")
    data = {
        "minutes": 75, "present": [cast.kam.pk, cast.leader.pk], "contacts": [cast.contact.pk],
        "others": "Their auditor",
    }  # fmt: skip
    answer = sent(client, "post", f"reviews/{with_customer.pk}/hold/", data)
    assert answer.status_code == 200, answer.content
    found = answer.json()
    assert {name: found[name] for name in data} == data
    listed = client.get(f"{API}/reviews/?state=held").json()["results"]
    assert [row["present"] for row in listed] == [data["present"]]
    patched = sent(client, "patch", f"reviews/{with_customer.pk}/", {"minutes": 90})
    assert patched.json()["minutes"] == 90
    rows = client.get(f"{API}/review-people/?review={with_customer.pk}").json()["results"]
    assert len(rows) == 3
    made = sent(
        client, "post", "review-people/", {"review": with_customer.pk, "user": cast.editor.pk}
    )
    assert made.status_code == 201, made.content
    assert client.delete(f"{API}/review-people/{made.json()['id']}/").status_code == 204
    assert names(with_customer, cast.kam) == ["Kari Kam", "Lena Leader", "Brit Buyer"]
    client.post(f"{API}/review-people/{made.json()['id']}/restore/")
    assert "Eva Editor" in names(with_customer, cast.kam)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"minutes": 0}, "minutes"),
        ({"minutes": 1441}, "minutes"),
        ({"present": ["other_kam"]}, "present"),
        ({"contacts": ["contact"]}, "contacts"),
        ({"others": "Somebody"}, "others"),
    ],
)
def test_over_the_api_what_is_wrong_is_named(cast, review, said, field):
    for name, keys in said.items():
        if isinstance(keys, list):
            said = {name: [getattr(cast, key).pk for key in keys]}
    answer = sent(cast.client("kam"), "post", f"reviews/{review.pk}/hold/", said)
    assert answer.status_code == 400
    assert [error["attr"].split(".")[0] for error in answer.json()["errors"]] == [field]
    review.refresh_from_db()
    assert review.state == "due"


def test_over_the_api_it_is_a_person_or_a_contact(cast, with_customer):
    reviews.hold(with_customer, cast.kam)
    client = cast.client("kam")
    for both in (
        {},
        {"user": cast.kam.pk, "contact": cast.contact.pk},
        {"contact": cast.foreign_contact.pk},
        {"user": cast.other_kam.pk},
    ):
        answer = sent(client, "post", "review-people/", {"review": with_customer.pk, **both})
        assert answer.status_code == 400, answer.content
    assert not ReviewPerson.objects.exists()


def test_the_list_of_the_api_asks_once_for_all_people(cast, held, django_assert_max_num_queries):
    client = cast.client("kam")
    client.get(f"{API}/reviews/?state=held")
    with django_assert_max_num_queries(8) as one:
        client.get(f"{API}/reviews/?state=held")
    reviews.hold(due(cast, "customer"), cast.kam, present=[cast.kam])
    with django_assert_max_num_queries(len(one)):
        client.get(f"{API}/reviews/?state=held")


# --- hours ----------------------------------------------------------------------------------------
def test_those_who_were_there_are_offered_all_of_its_time(cast, review):
    reviews.hold(review, cast.leader, minutes=90, present=[cast.editor, cast.leader])
    hours = {review.pk: Decimal("1.50")}
    assert offers(cast.editor) == hours
    assert offers(cast.leader) == hours
    assert offers(cast.kam) == {}  # the KAM was not there


def test_without_a_duration_the_hours_are_typed(cast, review):
    reviews.hold(review, cast.kam, present=[cast.editor])
    assert offers(cast.editor) == {review.pk: None}


def test_where_nobody_is_named_who_led_it_and_the_kam_are_offered_it(cast, review):
    Review.objects.filter(pk=review.pk).update(led_by=cast.leader)
    reviews.hold(review, cast.leader, minutes=30)
    assert offers(cast.kam) == offers(cast.leader) == {review.pk: Decimal("0.50")}
    assert offers(cast.editor) == {}


def test_contacts_alone_leave_open_who_of_us_was_there(cast, with_customer):
    reviews.hold(with_customer, cast.kam, contacts=[cast.contact])
    assert offers(cast.kam) == {with_customer.pk: None}


def test_taken_out_or_longer_afterwards_is_told_in_the_week(cast, held):
    client, address = cast.client("kam"), f"/portfolio/hours/?week={MONDAY}"
    key = f"review-{held.pk}"
    client.post(address, {"take": key, f"m-{key}": "1.00"})
    taken = client.get(address).context["meetings"].taken
    assert [(t.line.hours, t.change) for t in taken] == [(Decimal(1), "")]
    reviews.change_review(held, {"minutes": 90})
    assert "It now says 1.50 hours." in client.get(address).content.decode()
    client.post(address, {"renew": key})
    taken = client.get(address).context["meetings"].taken
    assert [(t.line.hours, t.change) for t in taken] == [(Decimal("1.5"), "")]
    review_people.add_person(held, cast.kam, user=cast.editor)
    review_people.remove_person(ReviewPerson.objects.get(user=cast.kam))
    taken = client.get(address).context["meetings"].taken
    assert [t.change for t in taken] == ["withdrawn"]
    assert offers(cast.editor) == {held.pk: Decimal("1.50")}


# --- substitutes ----------------------------------------------------------------------------------
@pytest.fixture
def stand_in(cast, today):
    """Ola in a browser, standing in for Kari; who sees nothing of hers himself."""
    row = Substitution.objects.create(
        absent=cast.kam, substitute=cast.outsider, starts_on=TODAY, ends_on=TODAY
    )
    client = cast.client("outsider")
    client.post("/act-for/", {"substitution": row.pk})
    cast.outsider.acting_for = cast.kam
    return client


def test_a_substitute_holds_a_review_and_is_the_one_who_was_there(cast, review, stand_in):
    form = stand_in.get(f"/plans/reviews/{review.pk}/present/").context["hold_form"]
    assert form.fields["present"].initial == {cast.outsider.pk}
    data = {
        "held_on": TODAY.isoformat(), "minutes": "1:00", "present": [cast.outsider.pk],
    }  # fmt: skip
    assert stand_in.post(f"/plans/reviews/{review.pk}/hold/", data).status_code == 302
    assert offers(cast.outsider) == {review.pk: Decimal("1.00")}
    assert offers(cast.kam) == {}
    cast.outsider.acting_for = None
    assert offers(cast.outsider) == {}  # sees nothing of it any more


def test_a_substitute_who_says_nobody_over_the_api_was_there(cast, review, stand_in):
    answer = sent(stand_in, "post", f"reviews/{review.pk}/hold/", {})
    assert answer.json()["present"] == [cast.outsider.pk]
    assert answer.json()["led_by"] == cast.kam.pk


def test_a_week_has_no_room_for_an_account_that_moved_on(cast, held):
    """Whose account it is now decides who is offered it where nobody is named, no sooner."""
    Account.objects.filter(pk=cast.account.pk).update(owner=cast.other_kam)
    assert offers(cast.other_kam) == {}
    ReviewPerson.objects.update(archived_at=timezone.now())
    assert offers(cast.other_kam) == {held.pk: Decimal("1.00")}
