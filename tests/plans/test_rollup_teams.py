"""The teams' own months against those of their portfolios, fresh and stale, and after every change."""

from importlib import import_module

import pytest
from django.db import connection, transaction
from django.db.models import Value
from django.db.models.functions import Concat
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, SalesFact
from kam.models import Team, User
from plans import rollups
from plans.models import PortfolioMonth, StaleCompany, TargetMonth, TeamMonth
from plans.services.company_sums import roll_up_company
from plans.services.portfolios import rebuild_portfolios, refresh_portfolios
from tests.plans.races import another_sums_the_company
from tests.plans.rollup_world import MID_YEAR, WORLD_YEAR, expected_sum, messy_world, owners_below


def told() -> list:
    """The company and every team with their parts."""
    people, teams = User.objects.all(), Team.objects.all()
    nodes = [rollups.top(people, teams, WORLD_YEAR, MID_YEAR, whole_company=True, label="x")]
    nodes += [
        rollups.team(pk, people, teams, WORLD_YEAR, MID_YEAR)
        for pk in teams.values_list("pk", flat=True)
    ]
    return [
        [(part.kind, part.pk, part.figures) for part in node.parts] + [node.figures]
        for node in nodes
    ]  # fmt: skip


def summed() -> list:
    """The same from the portfolios alone."""
    with transaction.atomic():
        StaleCompany.objects.create()  # everything
        found = told()
        transaction.set_rollback(True)
    return found


def assert_true() -> None:
    """What is told is what the portfolios say; kept months are those of the people below."""
    assert told() == summed()


def kept_is_right() -> None:
    for team in Team.objects.all():
        below = owners_below(team)
        rows = PortfolioMonth.objects.filter(owner__in=below)
        truth: dict = {}
        for row in rows:
            cell = truth.setdefault((row.month, row.currency), [0, 0, 0])
            for at, name in enumerate(("actual_revenue", "target_margin", "forecast_revenue")):
                cell[at] += getattr(row, name)
        kept = {
            (row.month, row.currency): [row.actual_revenue, row.target_margin, row.forecast_revenue]
            for row in TeamMonth.objects.filter(team=team)
        }
        assert kept == truth, team


def test_the_teams_months_are_those_of_the_people_below(world):
    assert not StaleCompany.objects.exists()
    assert TeamMonth.objects.exists()
    kept_is_right()
    assert_true()


def test_fresh_months_are_read_as_they_are_kept_and_stale_ones_are_not(world):
    truth = told()
    TeamMonth.objects.update(actual_revenue=0)
    assert told() != truth
    for mark in (
        {"line": "teams", "year": 0},
        {"line": "months", "year": 0, "key": "2026-03-01"},
        {"line": "months", "year": 0},
        {},
    ):
        with transaction.atomic():
            StaleCompany.objects.create(**mark)
            assert told() == truth, mark
            transaction.set_rollback(True)
    StaleCompany.objects.create(line="country", year=2026, key="NO")
    StaleCompany.objects.create(line="months", year=0, key="2024-03-01")
    assert told() != truth


def someone() -> User:
    """Somebody in a top team with sales in the year."""
    months = PortfolioMonth.objects.filter(
        month__year=2026, actual_revenue__gt=0, owner__team__parent=None, owner__team__isnull=False
    )
    return months.order_by("owner", "month")[0].owner


def other_team(world):
    moved = someone()
    moved.team = Team.objects.exclude(path__contains=[moved.team_id]).order_by("pk").last()
    moved.save()


def under_another(world):
    team = world.teams[2]
    team.parent = world.teams[1]
    team.save()


CHANGES = {
    "a fact": lambda w: SalesFact.objects.filter(account__archived_at=None)[0].delete(),
    "all facts of a month": lambda w: SalesFact.objects.filter(month__month=3).update(revenue=5),
    "targets": lambda w: TargetMonth.objects.update(revenue=11, margin=3),
    "another owner": lambda w: Account.objects.filter(owner__isnull=False).update(
        owner=w.owners[3]
    ),
    "no owner": lambda w: Account.objects.update(owner=None),
    "somebody in another team": other_team,
    "people in no team": lambda w: User.objects.filter(team=w.teams[0]).update(team=None),
    "a team under another": under_another,
}


@pytest.mark.parametrize("name", CHANGES)
def test_after_each_change_they_are_true_before_and_after_they_are_summed_anew(world, name):
    CHANGES[name](world)
    assert_true()
    refresh_portfolios(limit=10**6)  # the portfolios alone
    assert StaleCompany.objects.exists()
    assert_true()
    assert roll_up_company()
    assert not StaleCompany.objects.exists()
    kept_is_right()
    assert_true()


def test_a_new_name_makes_nothing_stale(world):
    User.objects.update(name="Renamed")
    Team.objects.update(name=Concat("name", Value(" renamed")))
    assert not StaleCompany.objects.exists()


def test_after_an_upgrade_the_teams_are_summed_from_the_portfolios_until_they_are_kept(world):
    truth = told()
    TeamMonth.objects.all().delete()
    assert told() != truth  # an empty table alone would tell nothing
    with connection.cursor() as cursor:
        cursor.execute(import_module("plans.migrations.0014_months_of_teams").TEAMS)
    assert told() == truth
    assert roll_up_company()
    kept_is_right()
    assert told() == truth


def test_the_night_mends_the_teams_months(world):
    TeamMonth.objects.filter(team=world.teams[0]).delete()
    TeamMonth.objects.update(actual_revenue=1)
    rebuild_portfolios()
    kept_is_right()


def test_of_people_who_are_not_asked_for_no_months_are_read(world):
    """Whoever may see only some of a team's people is told their sum, and not the team's."""
    hidden = someone()
    people = User.objects.exclude(pk=hidden.pk)
    node = rollups.top(
        people, Team.objects.all(), WORLD_YEAR, MID_YEAR, whole_company=True, label="x"
    )
    parts = {(part.kind, part.pk): part for part in node.parts}
    for team in Team.objects.filter(parent=None):
        sums, _lacking = expected_sum(owners_below(team) - {hidden.pk}, WORLD_YEAR)
        assert parts["team", team.pk].figures.year.actual == sums[0]


def test_the_company_reads_few_rows_in_few_queries(world):
    with CaptureQueriesContext(connection) as caught:
        rollups.top(
            User.objects.all(),
            Team.objects.all(),
            WORLD_YEAR,
            MID_YEAR,
            whole_company=True,
            label="x",
        )
    # teams, rates, months, counts, names of people outside the teams
    assert len(caught) == 5
    (months,) = [q["sql"] for q in caught if "plans_teammonth" in q["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {months}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "never executed" in plan  # the sum over the portfolios


def test_who_moves_while_the_teams_are_summed_is_neither_lost_nor_told_twice(
    transactional_db, mid_year, monkeypatch
):
    world = messy_world(WORLD_YEAR, accounts=8)
    refresh_portfolios()
    other_team(world)
    with another_sums_the_company(monkeypatch):
        under_another(world)
        assert not roll_up_company()  # the other one is at it
        assert_true()
    assert StaleCompany.objects.filter(line=StaleCompany.TEAMS).exists()  # what came meanwhile
    assert_true()
    assert roll_up_company()
    kept_is_right()
    assert_true()
