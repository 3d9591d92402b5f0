"""Accounts, owners and teams come, go and move: all levels along all lines are the sums of the rows."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef

from accounts.models import Account
from accounts.services import archive_account, restore_account
from kam.models import Team, User
from kam.periods import month_of
from plans import rollups
from plans.models import AccountPlan, Activity, Goal, TargetMonth
from plans.rollups.along import LINES, along
from plans.services.portfolios import rebuild_portfolios, refresh_portfolios
from portfolio.models import HoursSpent, SegmentScheme
from tests.plans.parts_world import expected_along, expected_parts
from tests.plans.rollup_world import MID_YEAR, WORLD_YEAR, expected_sum, owners_below

NAMES = ("actual", "actual_margin", "target", "target_margin", "forecast")


def levels() -> dict:
    """Every level: (its figures, the people whose accounts it is the sum of)."""
    people, teams = User.objects.all(), Team.objects.all()
    everybody = {None, *people.values_list("pk", flat=True)}
    found = {
        "company": (
            rollups.top(people, teams, WORLD_YEAR, MID_YEAR, whole_company=True, label="x"),
            everybody,
        ),
        "unowned": (rollups.unowned(WORLD_YEAR, MID_YEAR, ""), {None}),
    }
    for team in teams:
        node = rollups.team(team.pk, people, teams, WORLD_YEAR, MID_YEAR)
        found[f"{team}"] = (node, owners_below(team))
    for person in people:
        found[f"{person}"] = (rollups.portfolio(person, WORLD_YEAR, MID_YEAR), {person.pk})
    return found


def sums_of(figures) -> list[Decimal]:
    return [getattr(figures.year, name) for name in NAMES]


def lengthwise(teams=()):
    """Each line of the company and of these teams: (line as it is kept, people, the roll-up)."""
    whole = (User.objects.all(), {None, *User.objects.values_list("pk", flat=True)}, True)
    some = [
        (User.objects.filter(pk__in=owners_below(team)), owners_below(team), False)
        for team in teams
    ]
    for line in LINES:
        for scheme in SegmentScheme.objects.all() if line == "segment" else [None]:
            for owners, people, all_of_them in (whole, *some):
                found = along(
                    line, owners, Account.objects.all(), WORLD_YEAR, MID_YEAR,
                    unowned=all_of_them, whole=all_of_them, scheme=scheme,
                )  # fmt: skip
                yield f"segment-{scheme.pk}" if scheme else line, people, found


def assert_whole(before: dict) -> None:
    """Nothing is half-updated: each level is the sum of its parts and of its lines, and each
    portfolio is what it was."""
    for name, (node, _people) in levels().items():
        parts = [sums_of(part.figures) for part in node.parts]
        if parts:
            assert [sum(column) for column in zip(*parts, strict=True)] == sums_of(node.figures), (
                name
            )
        elif name in before:
            assert sums_of(node.figures) == sums_of(before[name][0].figures), name
    for _line, _people, found in lengthwise():
        assert [getattr(found.total, name) for name in NAMES] == sums_of(found.figures)


def assert_true() -> None:
    for name, (node, people) in levels().items():
        # … but the forecast, which the lines tell of.
        assert sums_of(node.figures)[:4] == expected_sum(people, WORLD_YEAR)[0][:4], name
        assert node.counts.accounts == sum(
            account.owner_id in people for account in Account.objects.filter(archived_at=None)
        )
    rows = expected_parts(1, month_of(MID_YEAR))
    for line, people, found in lengthwise(Team.objects.filter(parent=None)):
        if line != "product":  # lines of products hold those below them
            told = {
                part.key: [getattr(part.figures, n) for n in part.figures.__slots__[:-1]]
                for part in found.parts
            }
            assert told == dict(expected_along(rows, line, people)), (line, people)


@pytest.fixture
def account(world) -> Account:
    """With sales, a plan of the year with targets, goals and activities, hours, nobody below it."""
    targets = TargetMonth.objects.filter(
        target__plan__account=OuterRef("pk"), month__year=2026, target__archived_at=None
    )
    found = Account.objects.filter(
        Exists(targets), archived_at=None, children=None, owner__team__isnull=False,
        sales_facts__month__year=2026, plans__year=2026, plans__archived_at=None,
    ).order_by("pk")[0]  # fmt: skip
    AccountPlan.objects.filter(account=found).update(status="active")
    plan = AccountPlan.objects.get(account=found, year=2026)
    Goal.objects.create(plan=plan, title="x", metric="x", measured_by="satisfaction", target=4)
    Activity.objects.create(plan=plan, title="x", due_on=MID_YEAR)
    HoursSpent.objects.create(account=found, user=found.owner, week="2026-06-01", hours=8)
    refresh_portfolios()
    return found


def other_team(account: Account) -> None:
    owner = User.objects.get(pk=account.owner_id)
    owner.team = Team.objects.exclude(path__contains=[owner.team_id]).order_by("pk").last()
    owner.save()


def team_elsewhere(account: Account) -> None:
    team = User.objects.get(pk=account.owner_id).team
    above = Team.objects.exclude(path__contains=[team.pk]).exclude(pk=team.parent_id)
    team.parent = above.order_by("pk").last()
    team.save()


def another_owner(account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(
        owner=User.objects.exclude(pk=account.owner_id).order_by("pk").last()
    )


COURSE = (
    lambda account: archive_account(account),
    lambda account: restore_account(Account.objects.get(pk=account.pk)),
    other_team,
    team_elsewhere,
    another_owner,
)


def test_all_levels_and_lines_hold_while_accounts_owners_and_teams_move(account):
    assert_true()
    with pytest.raises(ValidationError, match="Close or archive it first"):
        archive_account(account)
    AccountPlan.objects.filter(account=account).update(status="closed")
    refresh_portfolios()
    for step in COURSE:
        before = levels()
        step(account)
        assert_whole(before)
        refresh_portfolios()
        assert_true()
    assert rebuild_portfolios() == 0
