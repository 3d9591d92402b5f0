"""Days in the year 1, or 9999, are refused with a sentence: by form, API and file alike."""

from datetime import date

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.test import Client

from kam.days import FIRST_YEAR, LAST_YEAR
from kam.models import ApiToken
from kam.models.row import Row
from kam.periods import company_today
from plans.models import Activity, GoalStep, Need, Review
from plans.services import activities, needs
from tests.conftest import YEAR
from tests.kam.importing.files import checked, refusals

WORDS = "Choose a day in the years 1990 to 2100."
ABSURD = ["0001-01-01", "0026-05-01", "1989-12-31", "2101-01-01", "9999-12-31"]
OWN_APPS = ("kam", "accounts", "portfolio", "salesprocess", "plans", "incentives")
ROWS = [
    m
    for m in apps.get_models()
    if m._meta.app_label in OWN_APPS and issubclass(m, Row) and not m._meta.auto_created
]


@pytest.mark.parametrize("model", ROWS, ids=lambda model: model._meta.label)
def test_no_row_takes_an_absurd_day(model):
    days = [
        field.name
        for field in model._meta.fields
        if isinstance(field, models.DateField) and not isinstance(field, models.DateTimeField)
    ]
    others = [field.name for field in model._meta.fields if field.name not in days]
    for name in days:
        for day in (date(FIRST_YEAR - 1, 12, 31), date(LAST_YEAR + 1, 1, 1), date.max, date.min):
            row = model(**{name: day})
            with pytest.raises(ValidationError) as refused:
                row.clean_fields(exclude=others)
            assert refused.value.message_dict[name] == [WORDS]
            row.clean_fields(exclude=[*others, *days])  # who does not touch it is not asked
        for day in (date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)):
            row = model(**{name: day})
            row.clean_fields(exclude=[*others, *(d for d in days if d != name)])


@pytest.fixture
def world(cast):
    need = needs.add_need(cast.plan, kind="pain", title="Stops")
    step = GoalStep.objects.create(goal=cast.goal, on=date(YEAR, 6, 30), target=10)
    review = Review.objects.create(plan=cast.plan, kind="plan", due_on=company_today())
    return {
        "goals": cast.goal.pk,
        "goal-steps": step.pk,
        "activities": cast.activity.pk,
        "needs": need.pk,
        "sections": cast.section.pk,
        "reviews": review.pk,
    }


FIELDS = [
    ("goals", "due_on"),
    ("goal-steps", "on"),
    ("activities", "starts_on"),
    ("activities", "due_on"),
    ("activities", "done_on"),
    ("needs", "improved_by"),
    ("needs", "source_on"),
    ("sections", "source_on"),
    ("reviews", "due_on"),
]


@pytest.mark.parametrize(("what", "field"), FIELDS)
def test_by_the_api(cast, world, what, field):
    token = ApiToken.issue(cast.kam, "t", may_write=True)[1]
    client = Client(headers={"Authorization": f"Bearer {token}"})
    for day in ABSURD:
        answer = client.patch(
            f"/api/v1/{what}/{world[what]}/", {field: day}, content_type="application/json"
        )
        assert answer.status_code == 400, (day, answer.content)
        assert answer.json()["errors"][0]["attr"] == field
        if what != "reviews":  # within two years from today
            assert answer.json()["errors"][0]["detail"] == WORDS


ON_PAGES = [(what, field) for what, field in FIELDS if field != "done_on"]  # set by finishing


@pytest.mark.parametrize(("what", "field"), ON_PAGES)
def test_by_the_page(cast, world, what, field):
    path = {"goal-steps": "steps", "reviews": "reviews"}.get(what, what)
    address = f"/plans/{path}/{world[what]}/edit/{field}/"
    for day in ABSURD:
        answer = cast.client("kam").post(address, {field: day, "version": "1", "_touched": field})
        assert answer.status_code == 422, (day, answer.status_code)
        if what != "reviews":
            assert WORDS in answer.content.decode()


def test_new_ones_are_refused_by_the_page(cast, world):
    pages = [
        ("activities/add", {"title": "x", "due_on": "0026-05-01"}),
        ("goals/add", {"title": "x", "metric": "y", "side": "ours", "due_on": "9999-12-31"}),
    ]
    for place, data in pages:
        answer = cast.client("kam").post(f"/plans/{cast.plan.pk}/{place}/", data)
        assert answer.status_code == 422, place
        assert WORDS in answer.content.decode()
    assert not Activity.objects.filter(title="x").exists()


def test_a_decision_of_a_review_names_a_day_of_our_time(cast, world):
    address = f"/plans/reviews/{world['reviews']}/decide/"
    answer = cast.client("kam").post(address, {"text": "Call the buyer", "due_on": "9999-12-31"})
    assert answer.status_code == 422
    assert WORDS in answer.content.decode()


def test_agreements_and_results_of_a_need(cast, world):
    need = Need.objects.get(pk=world["needs"])
    Need.objects.filter(pk=need.pk).update(
        diagnosis="x", consequence_text="x", capability="x", measure="Stops", attainable=1
    )
    for act, day in ((needs.agree, "agreed_on"), (needs.realise, "realised_on")):
        said = {"state": "proposed"}
        if act is needs.realise:
            said = {"state": "agreed", "agreed_by": cast.contact, "agreed_on": date(1, 1, 1)}
        Need.objects.filter(pk=need.pk).update(**said)
        with pytest.raises(ValidationError) as refused:
            act(need, cast.contact if act is needs.agree else 5, date.min)
        assert refused.value.message_dict[day] == [WORDS]


def test_many_at_once_are_not_postponed_out_of_time(cast):
    with pytest.raises(ValidationError):
        activities.postpone_many(Activity.objects.all(), date.max)


@pytest.mark.parametrize("day", ABSURD)
def test_by_a_file(cast, day):
    words = "a date in the years 1990 to 2100"
    goal = f"account,year,title,due_on\nA1,{YEAR},More pumps,{day}\n"
    assert refusals(checked("goals", goal, cast.administrator)) == [(2, "due (due_on)", words)]
    labels = {"starts_on": "starts", "due_on": "due", "done_on": "done on"}
    for field, label in labels.items():
        file = f"account,year,title,{field}\nA1,{YEAR},Meet,{day}\n"
        assert refusals(checked("activities", file, cast.administrator)) == [
            (2, f"{label} ({field})", words)
        ]
