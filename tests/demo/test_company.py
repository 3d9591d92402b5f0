"""The demo company: believable in its numbers, the same each time, made once."""

import subprocess
import sys
from collections import Counter
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Count, Sum
from django.test import Client, override_settings

from accounts.models import Account, AccountYear, Contact, SalesFact
from kam.models import Notification, Role, SavedView, Substitution, Team, User
from kam.periods import add_months, company_today, company_year, month_of
from kam.running import DEMO_PASSWORD, DEMO_PEOPLE
from plans.demo import company, customers, making, planning, sales
from plans.models import AccountPlan, Activity, Goal, PortfolioCount, PortfolioMonth, TargetMonth
from tests.plans.parts_world import expected_parts, stored_parts

DAYS = (date(2026, 11, 22), date(2027, 1, 1), date(2028, 2, 29), date(2026, 7, 31))


# --- the generator --------------------------------------------------------------------------------
@pytest.fixture(scope="module", params=DAYS, ids=str)
def day(request) -> date:
    return request.param


@pytest.fixture(scope="module")
def seeds(day) -> list[customers.AccountSeed]:
    return customers.accounts(day)


def test_the_company_is_as_large_as_told(seeds):
    assert len(seeds) == 180
    assert sum(seed.is_key for seed in seeds) == 24
    assert len({seed.name for seed in seeds}) == len({seed.number for seed in seeds}) == 180
    assert {seed.currency for seed in seeds} == {"NOK", "SEK", "DKK", "EUR", "PLN"}
    assert len(company.KAMS) == 12
    assert {kam.team for kam in company.KAMS} == {"norway", "sweden", "denmark", "finland"}
    assert Counter(seed.owner for seed in seeds if seed.is_key) == {
        key: count for key, (_all, count) in company.PORTFOLIOS.items()
    }


def test_every_parent_exists_and_there_is_no_circle(seeds):
    by_name = {seed.name: seed for seed in seeds}
    for seed in seeds:
        seen = set()
        while seed.parent:
            assert seed.name not in seen
            seen.add(seed.name)
            seed = by_name[seed.parent]


def test_sales_reach_from_36_months_ago_to_last_month(seeds, day):
    months = {fact.month for seed in seeds for fact in sales.facts(seed, day)}
    assert min(months) == add_months(month_of(day), -36)
    assert max(months) == add_months(month_of(day), -1)


def test_a_fifth_of_the_customers_makes_about_four_fifths_of_the_revenue(seeds, day):
    revenue = sorted(
        (
            sum(float(f.revenue) for f in sales.facts(seed, day))
            / company.price_level(seed.currency)
            for seed in seeds
        ),
        reverse=True,
    )
    assert 0.55 < sum(revenue[:36]) / sum(revenue) < 0.85


def test_sales_are_as_uneven_as_real_ones(seeds, day):
    facts = [fact for seed in seeds for fact in sales.facts(seed, day)]
    assert any(fact.revenue < 0 for fact in facts)  # credit notes
    keys = Counter((f.account, f.product, f.month, f.currency) for f in facts)
    assert max(keys.values()) == 1
    by_account = {
        seed.number: {f.month for f in facts if f.account == seed.number} for seed in seeds[:60]
    }
    assert any(0 < len(months) < 36 for months in by_account.values())  # months without sales
    assert {seed.shape for seed in seeds} >= {"growing", "declining", "lumpy", "dying", "new"}


def test_plans_are_in_every_state(seeds, day):
    plans = planning.plans(seeds, day.year, day)
    states = {(plan.year - day.year, plan.status) for plan in plans}
    assert states >= {(0, s) for s in ("draft", "submitted", "returned", "active")}
    assert (-1, "closed") in states
    assert len({(plan.account.name, plan.year) for plan in plans}) == len(plans)
    assert all(plan.note for plan in plans if plan.status == "returned")
    own = [a for p in plans if p.account.owner == "kam" for a in p.activities]
    still_open = [a for a in own if a.status in ("planned", "in_progress")]
    assert any(a.due_on < day for a in still_open)
    assert any(0 <= (a.due_on - day).days < 7 for a in still_open)
    assert any(not a.who for p in plans for a in p.activities)


def test_another_process_computes_the_same():
    """The order of sets and dictionaries differs from process to process; the company does not."""
    code = (
        "import hashlib, datetime; from plans.demo import customers, planning, sales;"
        "day = datetime.date(2026, 11, 22); seeds = customers.accounts(day);"
        "everything = [seeds, planning.plans(seeds, 2026, day),"
        " [list(sales.facts(s, day)) for s in seeds]];"
        "print(hashlib.sha256(repr(everything).encode()).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            cwd=Path(making.__file__).parents[2],
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


# --- the company in the database ------------------------------------------------------------------
def figures() -> dict[str, object]:
    """What somebody would compare."""
    return {
        "sales": list(
            AccountYear.objects.order_by("year", "currency")
            .values_list("year", "currency")
            .annotate(Sum("revenue"), Sum("cost"), Count("pk"))
        ),
        "targets": list(
            TargetMonth.objects.order_by("month")
            .values_list("month")
            .annotate(Sum("revenue"), Sum("forecast"))
        ),
        "portfolios": list(
            PortfolioMonth.objects.order_by("owner", "month", "currency").values_list(
                "owner__email", "month", "currency", "actual_revenue", "target_revenue"
            )
        ),
        "counts": list(
            PortfolioCount.objects.order_by("owner", "year").values_list(
                "owner__email", "year", "accounts", "planned", "open_activities", "late_activities"
            )
        ),
        "plans": list(
            AccountPlan.objects.order_by("pk").values_list("account__name", "year", "status")
        ),
        "activities": list(
            Activity.objects.order_by("pk").values_list("title", "due_on", "status")
        ),
        "messages": list(Notification.objects.order_by("pk").values_list("title", "kind")),
    }


@pytest.fixture(scope="module")
def demo(demo_company):
    """The company, made once more in its place and taken back at the end. Gives the figures of the
    first time."""
    first = figures()
    with transaction.atomic():
        connection.check_constraints()
        call_command("demo", reset=True, verbosity=0)
        yield first
        transaction.set_rollback(True)


def test_the_second_making_gives_the_same_figures(demo):
    assert figures() == demo


def test_making_it_where_there_are_people_changes_nothing(demo):
    before = figures()
    call_command("demo", if_empty=True)
    assert figures() == before
    with override_settings(DEMO=True), pytest.raises(CommandError, match="--reset"):
        call_command("demo")
    assert User.objects.count() == len(company.PEOPLE)


def test_sales_in_the_database_are_the_generators(demo):
    day = company_today()
    facts = [fact for seed in customers.accounts(day) for fact in sales.facts(seed, day)]
    stored = SalesFact.objects.values_list("currency").annotate(Sum("revenue"), Count("pk"))
    assert {row[0]: row[1:] for row in stored} == {
        currency: (
            sum((f.revenue for f in facts if f.currency == currency), Decimal(0)),
            sum(f.currency == currency for f in facts),
        )
        for currency in {f.currency for f in facts}
    }
    assert not SalesFact.objects.filter(batch=None).exists()


def test_the_parts_along_all_lines_are_the_sums_of_the_rows(demo):
    found = expected_parts(company_year().start_month, month_of(company_today()))
    assert stored_parts() == found
    assert {line for _owner, line, *_rest in found} >= {"industry", "country", "group", "product"}


def test_it_is_as_large_as_told_in_the_database_too(demo):
    assert Account.objects.count() == 180
    assert Account.objects.filter(is_key_account=True).count() == 24
    assert Account.objects.unowned().exists()
    assert User.objects.filter(role=Role.KAM).count() == 12
    assert Team.objects.filter(members__role=Role.KAM).distinct().count() == 4
    sizes = Contact.objects.filter(account__is_key_account=True).values("account")
    found = [row["n"] for row in sizes.annotate(n=Count("pk")).values("n")]
    assert min(found) >= 2  # one has become a key account by nomination
    assert max(found) <= 7
    assert sum(n >= 4 for n in found) >= 23
    assert Goal.objects.filter(side="customer").exists()


def test_plans_stand_in_every_state_and_returned_ones_say_why(demo):
    year = company_year().year
    states = set(AccountPlan.objects.filter(year=year).values_list("status", flat=True))
    assert states == {"draft", "submitted", "returned", "active", "amending"}
    assert AccountPlan.objects.filter(in_force=2, status="active").exists()
    assert AccountPlan.objects.filter(year=year - 1, status="closed").exists()
    assert not AccountPlan.objects.filter(status="returned", decision_note="").exists()


def test_every_leader_has_something_to_decide(demo):
    teams = Team.objects.filter(members__role=Role.KAM).distinct().select_related("leader")
    for team in teams:
        assert AccountPlan.objects.filter(status="submitted").approvable_by(team.leader).exists()


def test_the_key_account_manager_finds_work_for_today(demo):
    kari = User.objects.get(email="kam@example.com")
    mine = Activity.objects.filter(responsible=kari)
    assert mine.late(company_today()).exists()
    assert AccountPlan.objects.filter(account__owner=kari, status="returned").exists()
    assert Substitution.objects.covering(company_today()).filter(substitute=kari).exists()
    assert Notification.objects.filter(recipient=kari).unread().exists()
    assert SavedView.objects.filter(user=kari).exists()


def test_one_currency_has_no_rate_this_year(demo):
    from kam.money import rates_for

    rates = rates_for(company_year().year)
    held = set(Account.objects.values_list("currency", flat=True))
    assert {currency for currency in held if rates.rate(currency) is None} == {"PLN"}


def test_nothing_is_left_stale(demo):
    from accounts.models import StaleYear
    from plans.models import StalePortfolio

    assert not StaleYear.objects.exists()
    assert not StalePortfolio.objects.exists()


@pytest.mark.parametrize("name", DEMO_PEOPLE)
def test_the_sign_ins_work(demo, name):
    answer = Client().post(
        "/sign-in/login/", {"login": f"{name}@example.com", "password": DEMO_PASSWORD}
    )
    assert answer.status_code == 302


def test_nobody_gets_mail_at_example_com(demo):
    assert not Notification.objects.exclude(mail_due_at=None).exists()


# --- refusals -------------------------------------------------------------------------------------
def test_it_is_refused_where_it_is_no_demo_installation(db):
    with override_settings(DEMO=False), pytest.raises(CommandError, match="KAM_DEMO"):
        call_command("demo")
    assert not User.objects.exists()


def test_it_takes_nobody_elses_company_away(cast):
    with override_settings(DEMO=True), pytest.raises(CommandError, match="not the demo"):
        call_command("demo", reset=True, stdout=StringIO())
    assert User.objects.filter(pk=cast.kam.pk).exists()
