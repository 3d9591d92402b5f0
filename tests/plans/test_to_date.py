"""What accounts have reached to date: kept with their portfolios, equal to a sum in plain Python."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from importlib import import_module

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, SalesFact
from kam.models import BudgetRate, Role, User
from plans.models import AccountPlan, AccountToDate, TargetMonth
from plans.reports import management
from plans.reports.management import deviations, management_summary
from plans.rollup_scope import scope_of
from plans.services import portfolios
from plans.services.portfolios import rebuild_portfolios, refresh_portfolios
from tests.plans.rollup_world import MID_YEAR, WORLD_YEAR, counted_targets


def person(role: str, **more) -> User:
    return User.objects.create(email=f"{role}@example.com", name=role, role=role, **more)


def told(user: User) -> dict[int, tuple[Decimal, Decimal]]:
    scope = scope_of(user)
    level = "company" if scope.sees_all else "own"
    rows = deviations(scope, scope.node(level, None, WORLD_YEAR, MID_YEAR))
    sizes = [abs(row.difference) for row in rows]
    assert sizes == sorted(sizes, reverse=True)
    return {row.account_id: (row.target, row.actual) for row in rows}


def truth() -> dict[int, tuple[Decimal, Decimal]]:
    """account → target and actual of January to June in EUR, where there is a target with a rate."""
    rates = {r.currency: r.rate for r in BudgetRate.objects.filter(year=2026)} | {"EUR": Decimal(1)}
    living = set(Account.objects.filter(archived_at=None).values_list("pk", flat=True))

    def over(row) -> bool:
        return row.month.year == 2026 and row.month.month < 7 and row.currency in rates

    asked: dict = defaultdict(Decimal)
    for row in counted_targets():
        if row.account in living and over(row):
            asked[row.account] += row.revenue * rates[row.currency]
    sold: dict = defaultdict(Decimal)
    for fact in SalesFact.objects.all():
        if over(fact):
            sold[fact.account_id] += fact.revenue * rates[fact.currency]
    return {pk: (amount, sold[pk]) for pk, amount in asked.items()}


def most(found: dict) -> dict:
    first = sorted(found, key=lambda pk: -abs(found[pk][1] - found[pk][0]))[:10]
    return {pk: found[pk] for pk in first}


CHANGES = {
    "nothing": lambda w: None,
    "a fact": lambda w: SalesFact.objects.filter(month=date(2026, 3, 1)).update(revenue=4321),
    "targets": lambda w: TargetMonth.objects.filter(month__month=2).update(revenue=777),
    "targets gone": lambda w: TargetMonth.objects.filter(month__month__lte=7).delete(),
    "another owner": lambda w: Account.objects.filter(owner=None).update(owner=w.owners[2]),
    "a plan gone": lambda w: AccountPlan.objects.filter(pk__in=[
        p.pk for p in AccountPlan.objects.filter(year=2026)[:5]]).delete(),
    "an account archived": lambda w: Account.objects.filter(
        pk__in=[a.pk for a in w.accounts[:6]]).update(archived_at="2026-07-01T00:00Z"),
    "a rate": lambda w: BudgetRate.objects.filter(currency="NOK").update(rate=9),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_the_deviations_are_those_of_the_rows(world, name):
    CHANGES[name](world)
    refresh_portfolios()
    assert told(person(Role.MANAGEMENT)) == most(truth())
    assert rebuild_portfolios() == 0


def test_a_leader_is_told_of_those_that_they_see(world):
    leader = person(Role.LEADER)
    team = world.teams[1]
    team.leader = leader
    team.save()
    mine = Account.objects.visible_to(leader).values_list("pk", flat=True)
    assert 0 < len(mine) < len(world.accounts)
    assert told(leader) == most({pk: sums for pk, sums in truth().items() if pk in set(mine)})


def test_when_a_month_is_over_it_counts(world, monkeypatch):
    boss = person(Role.MANAGEMENT)
    before = told(boss)
    monkeypatch.setattr(portfolios, "company_today", lambda: date(2026, 8, 1))
    portfolios.mark_new_day()
    refresh_portfolios()
    assert told(boss) != before


def test_after_an_upgrade_the_summary_says_that_they_are_being_prepared(world, monkeypatch):
    monkeypatch.setattr(management, "company_today", lambda: MID_YEAR)
    boss = person(Role.MANAGEMENT)
    AccountToDate.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(import_module("plans.migrations.0015_accounts_to_date").ALL)

    def page() -> str:
        made = management_summary(boss, WORLD_YEAR)
        return render_to_string(made.template, made.context | {"report": made.head})

    text = page()
    assert "The deviations are being prepared, ready in about a minute." in text
    assert "No account has a target" not in text
    refresh_portfolios()
    assert "being prepared" not in page()
    assert told(boss) == most(truth())
    TargetMonth.objects.all().delete()
    refresh_portfolios()
    assert "No account has a target in the months that are over." in page()


def test_one_query_reads_nothing_but_what_is_kept(world):
    boss = person(Role.MANAGEMENT)
    scope = scope_of(boss)
    node = scope.node("company", None, WORLD_YEAR, MID_YEAR)
    with CaptureQueriesContext(connection) as caught:
        deviations(scope, node)
    assert len(caught) == 1
    for table in ("accounts_salesfact", "plans_targetmonth"):
        assert table not in caught[0]["sql"]
    assert AccountToDate.objects.exclude(year__in=(2025, 2026)).count() == 0
