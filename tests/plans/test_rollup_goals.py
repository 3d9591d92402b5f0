"""Goals that the system measures, rolled up: the same values as on the plans, in one query."""

import random
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, Contact, ProductLine
from accounts.services import rebuild_account_years
from kam.models import BudgetRate, User
from kam.money import rates_for
from kam.periods import company_today
from plans import measures
from plans.models import AccountPlan, Goal, LevelGoal, LevelPlan, MeasuredGoals, Need
from plans.rollups import goals
from plans.rollups.goals import goal_lines, goal_sums, level_goal_sums
from plans.services import lifecycle
from plans.services.measured_goals import measure_goals, measure_new_goals
from plans.services.portfolios import refresh_portfolios
from plans.tasks import refresh_what_is_due
from portfolio.models import Judgement, LineEstimate
from tests.conftest import YEAR
from tests.plans.conftest import fact

pytestmark = pytest.mark.django_db

ROLLED = ("wallet", "cross_sell", "relations", "satisfaction", "needs")
CURRENCIES = ("NOK", "EUR", "SEK", "USD")  # USD has no rate, SEK this year's only


@pytest.fixture(params=[1, 7], ids=["calendar year", "year from July"])
def world(request, cast, today):
    """Twelve accounts with plans in four currencies, and a goal of each measure on most."""
    rng = random.Random(3)
    cast.company.fiscal_year_start = request.param
    cast.company.save()
    for year, currency, rate in (
        (YEAR - 1, "NOK", "0.09"),
        (YEAR, "SEK", "0.091"),
    ):
        BudgetRate.objects.create(year=year, currency=currency, rate=Decimal(rate))
    lines = [cast.line, *(ProductLine.objects.create(name=f"Line {n}") for n in range(2))]
    lines.append(ProductLine.objects.create(name="Below", parent=lines[1]))
    accounts = [cast.account, cast.foreign]
    accounts += [
        Account.objects.create(name=f"Account {n}", owner=cast.kam, currency=rng.choice(CURRENCIES))
        for n in range(10)
    ]
    for account in accounts:
        plan, _made = AccountPlan.objects.get_or_create(
            account=account, year=YEAR, defaults={"currency": rng.choice(CURRENCIES)}
        )
        for _n in range(rng.randint(0, 9)):
            month = date(YEAR - rng.randint(0, 1), rng.randint(1, 12), 1)
            line, currency = rng.choice(lines), rng.choice(CURRENCIES)
            if not account.sales_facts.filter(
                product__line=line, month=month, currency=currency
            ).exists():
                fact(account, line, month, rng.randint(-50, 400), currency=currency)
        for line in rng.sample(lines[:3], rng.randint(0, 3)):
            LineEstimate.objects.create(
                account=account, line=line, currency=rng.choice(CURRENCIES),
                wallet=rng.choice([None, 0, 900, 4000]), as_of=date(YEAR, rng.randint(1, 4), 2),
            )  # fmt: skip
        for number in range(rng.randint(0, 3)):
            Contact.objects.create(
                account=account, name=f"Person {number}", influence=rng.choice([None, 1, 5]),
                coverage=rng.choice(["unknown", "none", "brief", "multiple", "in_depth"]),
            )  # fmt: skip
        if rng.random() < 0.7:
            Judgement.objects.create(
                account=account, code="satisfaction", value=rng.randint(1, 5),
                judged_on=date(YEAR, rng.randint(1, 4), 1),
            )  # fmt: skip
        for _n in range(rng.randint(0, 3)):
            Need.objects.create(
                plan=plan, kind="pain", title="x", value=rng.choice([None, 30, 70]),
                state=rng.choice(["agreed", "proposed"]), agreed_on=date(YEAR, 3, 1),
            )  # fmt: skip
        for measure in ROLLED:
            for _n in range(rng.randint(0, 2)):
                Goal.objects.create(
                    plan=plan, title=measure, metric="x", measured_by=measure,
                    actual=rng.choice([None, Decimal(77)]), target=9,
                )  # fmt: skip
    rebuild_account_years()
    return cast


def plain(measure: str) -> dict[int, tuple[Decimal | None, date | None]]:
    """account → the reading of its newest goal; an amount in company currency."""
    rates = rates_for(YEAR)
    stored = Goal.objects.filter(measured_by=measure, side="ours", plan__year=YEAR)
    newest = {goal.plan.account_id: goal for goal in stored.order_by("pk").select_related("plan")}
    found = measures.readings(newest.values())
    told = {}
    for account, goal in newest.items():
        value = found[goal.pk].value
        if measure == "needs":
            rate = rates.rate(goal.plan.currency)
            value = None if rate is None else value * rate
        told[account] = (value, found[goal.pk].as_of)
    return told


@pytest.mark.parametrize("measure", ROLLED)
def test_the_lines_are_the_readings_of_the_plans(world, measure):
    lines = goal_lines(measure, Account.objects.all(), YEAR, rates_for(YEAR))
    truth = plain(measure)
    assert {line.account_id for line in lines} == set(truth)
    assert any(line.value for line in lines)
    for line in lines:
        value, as_of = truth[line.account_id]
        if value is None:
            assert line.value is None, line
        else:
            assert abs(line.value - value) < Decimal("1e-9"), line
        assert as_of is None or line.at == as_of


@pytest.mark.parametrize("measure", ROLLED)
def test_the_sum_is_that_of_its_lines(world, measure):
    rates = rates_for(YEAR)
    found = goal_sums({measure}, Account.objects.all(), YEAR, rates)[measure]
    lines = goal_lines(measure, Account.objects.all(), YEAR, rates)
    if measure == "needs":
        told = [line.value for line in lines if line.value is not None]
        assert abs(found.value - sum(told)) < Decimal("1e-9")
        assert (found.heard, found.unheard) == (len(told), len(lines) - len(told))
        return
    heard = [line for line in lines if line.value is not None and (line.weight or 0) > 0]
    whole = sum(line.weight for line in heard)
    mean = sum(line.value * line.weight for line in heard) / whole
    assert abs(found.value - mean) < Decimal("1e-9")
    assert (found.heard, found.unheard) == (len(heard), len(lines) - len(heard))
    assert abs(found.weight - whole) < Decimal("1e-9")


def test_all_measures_of_all_accounts_take_one_query(world):
    rates = rates_for(YEAR)
    with CaptureQueriesContext(connection) as caught:
        found = goal_sums({*ROLLED, "volume"}, Account.objects.all(), YEAR, rates)
    assert len(caught) == 1
    assert set(found) == {*ROLLED, "volume"}
    with CaptureQueriesContext(connection) as caught:
        goal_lines("wallet", Account.objects.all(), YEAR, rates)
    assert len(caught) == 1


def test_what_somebody_typed_is_not_what_the_system_measures(cast, today):
    Goal.objects.create(
        plan=cast.plan, title="x", metric="x", measured_by="satisfaction", actual=99
    )
    found = goal_sums({"satisfaction"}, Account.objects.all(), YEAR, rates_for(YEAR))
    assert found["satisfaction"].value is None
    assert found["satisfaction"].unheard == 1


def test_while_a_plan_is_amended_the_version_in_force_says_what_its_goal_aims_at(cast, today):
    goal = Goal.objects.create(
        plan=cast.plan, title="Happy", metric="x", measured_by="satisfaction", target=4
    )
    plan = lifecycle.approve(lifecycle.submit(cast.plan, cast.kam), cast.leader)

    def aim():
        (line,) = goal_lines("satisfaction", Account.objects.all(), YEAR, rates_for(YEAR))
        return line.target

    plan = lifecycle.amend(plan, cast.kam)
    Goal.objects.filter(pk=goal.pk).update(target=5)
    assert aim() == 4
    lifecycle.approve(lifecycle.submit(plan, cast.kam), cast.leader)
    assert aim() == 5


# --- of many accounts, by night ---------------------------------------------------------------------
def level(cast, measures_wanted, *, of=None, unowned=True):
    owners = User.objects.all() if of is None else User.objects.filter(pk=of.pk)
    accounts = Account.objects.all() if of is None else Account.objects.filter(owner=of)
    return level_goal_sums(
        measures_wanted, accounts, owners, YEAR, rates_for(YEAR), unowned=unowned
    )


def told(found):
    """Without the time at which it was measured; sums of sums are rounded elsewhere."""
    return {
        measure: (
            *(None if n is None else round(n, 7) for n in (one.value, one.weight)),
            one.heard, one.unheard,
        )
        for measure, one in found.items()
    }  # fmt: skip


@pytest.fixture
def many(world, monkeypatch):
    """As if these accounts were too many to be measured while somebody waits."""
    refresh_portfolios()
    monkeypatch.setattr(goals, "MEASURED_NOW", 0)
    return world


def test_the_night_measures_what_one_would_measure_now(many):
    now = goal_sums({*ROLLED, "volume"}, Account.objects.all(), YEAR, rates_for(YEAR))
    measure_goals(company_today())
    kept = level(many, {*ROLLED, "volume"})
    assert all(one.measured_at is not None for one in kept.values())
    assert told(kept) == told(now)
    for person in (many.kam, many.foreign.owner):
        kept = level(many, ROLLED, of=person, unowned=False)
        now = goal_sums(ROLLED, Account.objects.filter(owner=person), YEAR, rates_for(YEAR))
        assert told(kept) == told(now)
        assert kept


def test_what_no_night_has_measured_is_measured_by_the_next_minute(many):
    Goal.objects.filter(measured_by="wallet").update(measured_by="hand")
    before = level(many, {*ROLLED, "volume"})
    assert set(before) == {*ROLLED, "volume"} - {"wallet"}  # of which there is nothing to wait for
    assert all((one.value, one.preparing) == (None, True) for one in before.values())
    now = goal_sums({*ROLLED, "volume"}, Account.objects.all(), YEAR, rates_for(YEAR))
    refresh_what_is_due()
    assert told(level(many, {*ROLLED, "volume"})) == told(now)
    with CaptureQueriesContext(connection) as caught:
        assert measure_new_goals(company_today()) == 0
    assert len([q for q in caught if "plans_goal" in q["sql"]]) == 3  # a year each


def test_a_new_measure_of_one_owner_leaves_the_others_sums_as_they_are(many):
    measure_goals(company_today())
    Goal.objects.filter(measured_by="wallet", plan__account__owner=many.foreign.owner).delete()
    MeasuredGoals.objects.filter(measure="wallet", owner=many.foreign.owner).delete()
    before = set(MeasuredGoals.objects.exclude(owner=many.foreign.owner).values_list("pk"))
    assert measure_new_goals(company_today()) == 0
    Goal.objects.create(
        plan=many.foreign_plan, title="x", metric="x", measured_by="wallet", target=9
    )
    assert level(many, {"wallet"}, of=many.foreign.owner, unowned=False)["wallet"].preparing
    assert measure_new_goals(company_today()) > 0
    assert not level(many, {"wallet"}, of=many.foreign.owner, unowned=False)["wallet"].preparing
    assert set(MeasuredGoals.objects.exclude(owner=many.foreign.owner).values_list("pk")) == before


def test_goals_of_archived_accounts_are_not_waited_for(many):
    Account.objects.update(archived_at="2026-01-01T00:00Z")
    assert measure_new_goals(company_today()) == 0
    accounts = Account.objects.active()
    assert not level_goal_sums(
        ROLLED, accounts, User.objects.all(), YEAR, rates_for(YEAR), unowned=True
    )


def test_years_that_no_night_measures_are_measured_now(many):
    AccountPlan.objects.update(year=YEAR - 2)
    found = level_goal_sums(
        ROLLED,
        Account.objects.all(),
        User.objects.all(),
        YEAR - 2,
        rates_for(YEAR - 2),
        unowned=True,
    )
    assert set(found) == set(ROLLED)
    assert not any(one.preparing or one.measured_at for one in found.values())


def test_the_night_may_be_repeated_and_a_goal_that_is_gone_is_gone(many):
    first = measure_goals(company_today())
    assert measure_goals(company_today()) == first == MeasuredGoals.objects.count()
    Goal.objects.filter(measured_by="wallet").update(measured_by="hand")
    measure_goals(company_today())
    assert not MeasuredGoals.objects.filter(measure="wallet").exists()


def test_many_accounts_are_read_as_the_night_left_them_and_few_as_they_are(many, monkeypatch):
    measure_goals(company_today())
    before = level(many, {"satisfaction"})["satisfaction"]
    Judgement.objects.update(value=1)
    with CaptureQueriesContext(connection) as caught:
        assert level(many, {"satisfaction"})["satisfaction"] == before
    assert len(caught) == 2  # rates, what is kept
    monkeypatch.setattr(goals, "MEASURED_NOW", 1_000)
    with CaptureQueriesContext(connection) as caught:
        now = level(many, {"satisfaction"})["satisfaction"]
    assert (now.value, now.measured_at) == (1, None)
    assert len(caught) == 2


def test_the_page_says_how_old_they_are_or_that_they_are_prepared(many):
    plan = LevelPlan.objects.create(level="company", year=YEAR)
    goal = LevelGoal.objects.create(
        plan=plan, title="Happy", metric="index", measured_by="satisfaction", target=5
    )
    client = many.client("management")

    def texts():
        for name, pk in (("level_goals", plan.pk), ("level_goal_lines", goal.pk)):
            yield client.get(reverse(f"plans:{name}", args=[pk])).content.decode()

    for text in texts():
        assert "Goals without a number are being measured, ready in about a minute." in text
        assert "No account has a value yet" not in text
    refresh_what_is_due()
    for text in texts():
        assert "measured by night, last on" in text
        assert "ready in about a minute" not in text
