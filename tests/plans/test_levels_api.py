"""Plans of levels, shares and accuracy over the API."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from kam.models import BudgetRate
from plans.models import CascadeShare, LevelPlan
from plans.services import levels
from plans.services.portfolios import refresh_portfolios
from tests.conftest import YEAR
from tests.plans.conftest import fact

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(cast, today):
    BudgetRate.objects.create(year=YEAR - 1, currency="NOK", rate=Decimal("0.1"))
    fact(cast.account, cast.line, date(YEAR - 1, 3, 1), 1000)
    fact(cast.foreign, cast.line, date(YEAR - 1, 3, 1), 200, currency="EUR")
    refresh_portfolios()
    return cast


def call(cast, who, method, name, data=None, **args):
    client = cast.client(who)
    url = reverse(f"api:{name}", kwargs=args)
    return getattr(client, method)(url, data, content_type="application/json")


def test_a_plan_is_made_shared_out_and_answered(world):
    body = {"level": "team", "year": YEAR, "team": world.region.pk, "revenue": "900"}
    made = call(world, "management", "post", "levelplan-list", body)
    assert made.status_code == 201, made.content
    again = call(world, "management", "post", "levelplan-list", body)
    assert again.status_code == 400
    pk = made.json()["id"]
    own = call(world, "region_leader", "patch", "levelplan-detail", {"revenue": "1"}, pk=pk)
    assert own.status_code == 400
    shares = call(
        world, "region_leader", "post", "levelplan-propose", {"basis": "last_year"}, pk=pk
    )
    assert [(s["team"], s["revenue"]) for s in shares.json()] == [
        (world.north.pk, "300.00"),
        (world.south.pk, "600.00"),
    ]
    north, south = (s["id"] for s in shares.json())
    assert call(world, "leader", "post", "cascadeshare-accept", {}, pk=north).status_code == 200
    words = {"argument": "Two yards closed"}
    assert (
        call(world, "south_leader", "post", "cascadeshare-argue", words, pk=south).status_code
        == 200
    )
    assert LevelPlan.objects.get(team=world.north).revenue == 300
    gap = call(world, "region_leader", "get", "levelplan-gap", pk=pk).json()["revenue"]
    # 1200 NOK of account plans, at 0.0875
    assert gap == {
        "from_above": "900.00", "from_below": "105.00", "gap": "-795.00",
        "forecast": gap["forecast"], "shared_out": "900.00", "accepted": "300.00",
    }  # fmt: skip


def test_named_shares_are_parts_of_the_level_and_add_up(world):
    plan = LevelPlan.objects.create(level="team", team=world.region, year=YEAR, revenue=900)
    for shares, words in (
        ([{"team": world.region.pk, "revenue": "900"}], "no part"),
        ([{"team": world.north.pk, "revenue": "800"}], "left"),
        ([{"team": world.north.pk, "revenue": "450"}] * 2, "twice"),
        ([{"revenue": "900"}], "one of"),
    ):
        body = {"basis": "hand", "shares": shares}
        answer = call(world, "region_leader", "post", "levelplan-propose", body, pk=plan.pk)
        assert answer.status_code == 400
        assert words in answer.content.decode()
    assert not CascadeShare.objects.exists()


def test_the_roll_up_along_a_line(world):
    found = call(world, "leader", "get", "along-of", level="team", pk=world.north.pk, line="level")
    (part,) = found.json()["parts"]
    assert (part["key"], part["figures"]["actual"], part["figures"]["target"]) == (
        "territory", "87.50", "105.00",
    )  # fmt: skip
    assert found.json()["total"] == part["figures"]


def test_the_accuracy_names_its_lead(world):
    answer = world.client("management").get(reverse("api:accuracy", args=["company"]) + "?lead=3")
    assert answer.status_code == 200
    assert answer.json()["lead"] == 3
    assert world.client("kam").get(reverse("api:accuracy", args=["company"])).status_code == 404


@pytest.mark.parametrize(
    "of",
    [
        {"level": "kam"},
        {"level": "kam", "owner": "kam", "team": "north"},
        {"level": "team"},
        {"level": "team", "owner": "kam"},
        {"level": "company", "team": "north"},
    ],
)
def test_a_plan_of_nobody_or_of_two_is_refused_with_words(world, of):
    body = {k: v if k == "level" else getattr(world, v).pk for k, v in of.items()}
    answer = call(world, "administrator", "post", "levelplan-list", {**body, "year": YEAR})
    assert answer.status_code == 400
    assert answer.json()["detail"] == (
        "A plan is of one: of a KAM, of a team, or of the company, as its level says."
    )
    with pytest.raises(ValidationError) as refused:
        levels.create_level_plan(
            of["level"], YEAR, **{k: getattr(world, v) for k, v in of.items() if k != "level"}
        )
    assert "A plan is of one" in refused.value.messages[0]
