"""Everybody's load, the time by cell, the board: what is shown, tried and saved."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Account
from kam.models import Role
from kam.periods import company_today, company_year
from portfolio.models import (
    AccountScore,
    Capacity,
    CellText,
    CriteriaVersion,
    HoursSpent,
    PlannedHours,
    PortfolioNight,
    PortfolioSettings,
)
from portfolio.services.hours import monday
from tests.conftest import person
from tests.portfolio.test_inputs_pages import CACHED, FRAGMENT, made, url

D = Decimal


@pytest.fixture
def year():
    return company_year().year


def scored(account, cell, **figures):
    version = CriteriaVersion.objects.get_or_create(name="V", state="active")[0]
    return AccountScore.objects.create(
        account=account, criteria_version=version, owner=account.owner, cell=cell, raw=[],
        as_of=[], values=[], first_night=company_today(), **figures,
    )  # fmt: skip


@pytest.fixture
def world(cast, year):
    """Kari has 100 hours: 80 planned for a poor account, 10 for one with much to win."""
    for cell, share in (("retain", 20), ("all", 80)):
        CellText.objects.update_or_create(cell=cell, defaults={"resource_share": share})
    PortfolioSettings.objects.create(pk=1, hourly_cost=50)
    Capacity.objects.create(user=cast.kam, year=year, hours=100)
    PlannedHours.objects.create(account=cast.account, user=cast.kam, year=year, hours=80)
    PlannedHours.objects.create(account=cast.child, user=cast.kam, year=year, hours=10)
    scored(cast.account, "retain", contribution=100, hours=50)
    scored(cast.child, "all", improvement=90)
    HoursSpent.objects.create(
        account=cast.account, user=cast.kam, week=monday(company_today()), hours=20
    )
    for owner, hours in ((cast.kam, 60), (cast.other_kam, 40)):
        PortfolioNight.objects.create(
            night=company_today(), owner=owner, cell="retain", is_key_account=False, accounts=1,
            revenue=1, contribution=1, hours=hours,
        )  # fmt: skip


def test_a_kam_sees_their_own_load_cells_suggestions_and_board(cast, world):
    page = cast.client("kam").get(url("resources"))
    item = page.context["people"][0]
    assert [row["person"].name for row in page.context["people"]] == ["Kari Kam"]
    assert (item["load"].capacity, item["load"].planned, item["load"].spent) == (100, 90, 20)
    assert page.context["total"] == 60  # Odd's hours are not hers to see
    message = page.context["message"].replace("\xa0", " ")
    assert message == "“Retain” gets 100 % of the hours; 20 % is wanted"
    (move,) = page.context["moves"]
    assert (move["from"], move["to"], move["hours"]) == (cast.account.name, cast.child.name, 20)


def test_leaders_see_their_people_and_management_everybody(cast, world):
    names = {
        who: [
            row["person"].name for row in cast.client(who).get(url("resources")).context["people"]
        ]
        for who in ("leader", "management", "outsider")
    }
    assert names["leader"] == ["Kari Kam", "Lena Leader"]
    assert {"Kari Kam", "Odd Other"} <= set(names["management"])
    assert names["outsider"] == ["Ola Outsider"]
    assert cast.client("management").get(url("resources")).context["total"] == 100


def test_the_load_is_listed_by_team_with_the_teams_below(cast, world):
    client = cast.client("management")

    def names(**query):
        page = client.get(url("resources"), query)
        return {row["person"].name for row in page.context["people"]}, page

    everybody, _page = names()
    assert {"Kari Kam", "Odd Other"} <= everybody
    found, page = names(team=cast.south.pk)
    assert "Odd Other" in found
    assert "Kari Kam" not in found
    assert page.context["total"] == 40  # the time by cell is the team's, too
    assert names(team=cast.north.parent_id)[0] >= {"Kari Kam", "Odd Other"}
    assert names(q="kari")[0] == {"Kari Kam"}
    nobody, page = names(team=999_999)
    assert nobody == set()
    assert 'role="alert"' in page.content.decode()
    assert "Team" in client.get(url("resources"), {"filters": ""}).content.decode()


def test_the_api_gives_load_time_by_cell_and_suggestions(cast, world, year):
    client = cast.client("leader")
    rows = client.get("/api/v1/resources/load/").json()["results"]
    (kari,) = [row for row in rows if row["name"] == "Kari Kam"]
    assert (kari["capacity"], kari["planned"], kari["spent"], kari["free"]) == (
        "100.00", "90.00", "20.00", "10.00",
    )  # fmt: skip
    assert (kari["planned_share"], kari["spent_share"]) == (0.9, 0.2)
    assert "Odd Other" not in {row["name"] for row in rows}
    management = cast.client("management")
    south = management.get(f"/api/v1/resources/load/?team={cast.south.pk}").json()["results"]
    assert "Odd Other" in {row["name"] for row in south}
    assert "Kari Kam" not in {row["name"] for row in south}
    cells = client.get(f"/api/v1/resources/cells/?person={cast.kam.pk}").json()["cells"]
    retain = next(cell for cell in cells if cell["cell"] == "retain")
    assert (retain["hours"], retain["should_share"], retain["over"]) == ("60.00", 0.2, "48.00")
    address = f"/api/v1/resources/suggestions/?person={cast.kam.pk}&year={year}"
    (move,) = client.get(address).json()["moves"]
    assert (move["from"]["name"], move["to"]["name"], move["hours"]) == (
        cast.account.name, cast.child.name, "20",
    )  # fmt: skip
    for wrong, status in (
        (f"suggestions/?person={cast.other_kam.pk}", 404),
        ("suggestions/?person=x", 400),
        ("load/?year=x", 400),
        ("load/?team=999999", 400),
        ("load/?taem=1", 400),
        (f"cells/?person={cast.other_kam.pk}", 404),
    ):
        assert client.get(f"/api/v1/resources/{wrong}").status_code == status, wrong


def test_a_foreign_person_is_not_there(cast, world):
    client = cast.client("kam")
    assert client.get(url("resources"), {"person": cast.other_kam.pk}).status_code == 404
    assert client.get(url("resources"), {"person": "x"}).status_code == 404


def test_the_suggestions_can_be_tried_without_saving(cast, world):
    page = cast.client("kam").get(url("resources"), {"try": "moves"})
    assert {row.account.name: row.then for row in page.context["rows"]} == {
        cast.account.name: D(60),
        cast.child.name: D(30),
    }
    assert PlannedHours.objects.get(account=cast.account).hours == 80


def typed(cast, own, child, **more):
    rows = {}
    for account, hours in ((cast.account, own), (cast.child, child)):
        held = PlannedHours.objects.get(account=account)
        rows |= {
            f"h-{account.pk}": hours,
            f"i-{account.pk}": f"{held.hours.normalize():f}",
            f"v-{account.pk}": held.version,
        }
    return rows | more


def test_dragging_shows_load_cells_and_cost_before_saving(cast, world, year):
    data = typed(cast, "50", "60", do="preview")
    answer = cast.client("kam").post(url("replan", cast.kam.pk), data, headers=FRAGMENT)
    text = answer.content.decode().replace("\xa0", " ")
    assert "110 %" in text  # 110 of 100 hours
    assert "More than there is" in text
    assert "5,500" in text  # × 50 an hour
    assert PlannedHours.objects.get(account=cast.account).hours == 80
    plain = cast.client("kam").post(url("replan", cast.kam.pk), data)
    assert plain.status_code == 200
    assert "110 %" in plain.content.decode().replace("\xa0", " ")


def test_saving_keeps_what_was_touched(cast, world):
    answer = cast.client("kam").post(url("replan", cast.kam.pk), typed(cast, "50", "40"))
    assert answer.status_code == 302
    hours = PlannedHours.objects.order_by("pk").values_list("hours", flat=True)
    assert list(hours) == [D(50), D(40)]


def test_what_somebody_else_planned_meanwhile_is_not_lost(cast, world):
    data = typed(cast, "50", "10")
    PlannedHours.objects.filter(account=cast.account).update(hours=70)
    PlannedHours.objects.filter(account=cast.child).update(hours=15)
    answer = cast.client("kam").post(url("replan", cast.kam.pk), data)
    assert answer.status_code == 409
    assert "Somebody else changed" in answer.content.decode()
    hours = PlannedHours.objects.order_by("pk").values_list("hours", flat=True)
    assert list(hours) == [D(70), D(15)]


def test_management_reads_and_does_not_plan(cast, world):
    client = cast.client("management")
    page = client.get(url("resources"), {"person": cast.kam.pk})
    assert not any(row.may_edit for row in page.context["rows"])
    answer = client.post(url("replan", cast.kam.pk), typed(cast, "50", "40"))
    assert answer.status_code == 403


def test_no_number_is_said_at_its_row(cast, world):
    answer = cast.client("kam").post(url("replan", cast.kam.pk), typed(cast, "-3", "40"))
    assert answer.status_code == 422
    assert "greater than" in answer.content.decode()
    assert PlannedHours.objects.get(account=cast.child).hours == 10


def test_a_leader_sets_capacity_once_and_again(cast, world, year):
    client = cast.client("leader")
    address = url("capacity_edit", cast.kam.pk)
    row = Capacity.objects.get()
    values = {"hours": "1400", "initial-hours": "100.00", "version": row.version}
    assert client.post(address, values).status_code == 302
    row.refresh_from_db()
    assert row.hours == 1400
    assert client.post(f"{address}?year={year + 1}", {"hours": "900"}).status_code == 302
    assert Capacity.objects.get(year=year + 1).hours == 900


def test_hours_of_one_year_are_chosen_for_that_year(cast, world, year):
    client = cast.client("leader")
    held = Capacity.objects.get()
    coming = Capacity.objects.create(user=cast.kam, year=year + 1, hours=1111)
    coming.hours = 1112
    coming.save()  # somebody was faster
    address = f"{url('capacity_edit', cast.kam.pk)}?year={year + 1}"
    answer = client.post(address, {"hours": "999", "initial-hours": "1111.00", "version": 1})
    assert answer.status_code == 409
    assert answer.context["action"] == address
    chosen = {"hours": "999", "version": answer.context["version"], "choice-hours": "mine"}
    assert client.post(answer.context["action"], chosen).status_code == 302
    coming.refresh_from_db()
    assert (coming.hours, Capacity.objects.get(pk=held.pk).hours) == (999, held.hours)


def test_an_administrator_sets_the_cost_of_an_hour(cast):
    client = cast.client("administrator")
    page = client.get(url("settings"))
    values = {k: "" if v is None else v for k, v in page.context["form"].initial.items()}
    answer = client.post(url("settings"), {**values, "hourly_cost": "85", "version": 1})
    assert answer.status_code == 302, answer.context["form"].errors
    assert PortfolioSettings.objects.get().hourly_cost == 85


@pytest.mark.parametrize(("more", "queries"), [(0, 8), (24, 8), (40, 9)])
def test_the_page_makes_the_same_queries_however_many_there_are(cast, world, year, more, queries):
    for n in range(more):
        account = Account.objects.create(name=f"A{n}", owner=cast.kam)
        PlannedHours.objects.create(account=account, user=cast.kam, year=year, hours=n)
        person(f"A Kam {n}", Role.KAM, cast.north)
    _page, sql = made(cast.client("leader"), f"{url('resources')}?person={cast.kam.pk}")
    # leader, people with load, hours by cell, accounts, spent, shares, settings, what may be
    # changed; the chosen one where they stand on another page of the list
    assert len(sql) == queries, "\n".join(sql)
    assert [s for s in sql if "count(*)" in s.lower()] == []


def test_the_board_of_many_accounts_is_bounded(cast, world, year):
    Account.objects.bulk_create(Account(name=f"B{n:03}", owner=cast.kam) for n in range(60))
    page = cast.client("kam").get(url("resources"))
    assert len(page.context["rows"]) == 25
    assert len(page.content) < 40_000
    last = cast.client("kam").get(url("resources"), {"page": 3})
    assert len(last.context["rows"]) == 12


def test_the_preview_makes_few_queries(cast, world):
    client = cast.client("kam")
    with CaptureQueriesContext(connection) as found:
        client.post(
            url("replan", cast.kam.pk), typed(cast, "50", "60", do="preview"), headers=FRAGMENT
        )
    sql = [q["sql"] for q in found if not any(word in q["sql"] for word in CACHED)]
    assert len(sql) <= 9  # two of them are this test's own


def test_saving_leaves_alone_what_was_not_touched(cast, world):
    data = typed(cast, "50", "10")
    PlannedHours.objects.filter(account=cast.child).update(hours=15)
    assert cast.client("kam").post(url("replan", cast.kam.pk), data).status_code == 302
    hours = PlannedHours.objects.order_by("pk").values_list("hours", flat=True)
    assert list(hours) == [D(50), D(15)]


@pytest.mark.parametrize("text", ["0202600000", "1989", "2101", "99999999999", "²026", "-2026"])
def test_a_nonsense_year_is_the_present_one(cast, text, year):
    client = cast.client("kam")
    page = client.get(url("resources"), {"year": text})
    assert page.status_code == 200
    assert page.context["year"].year == year
    answer = client.post(f"{url('replan', cast.kam.pk)}?year={text}")
    assert answer.status_code == 302
    assert answer["Location"].endswith(f"year={year}")
