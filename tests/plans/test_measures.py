"""What goals have reached as the system knows it: each measure, its parts, its date, few queries."""

from datetime import date
from decimal import Decimal

import pytest

from accounts.models import Contact, SalesFact
from plans import measures
from plans.attainment import dmu_coverage, weighted_share
from plans.models import Goal, Need
from portfolio.models import Judgement, LineEstimate
from tests.conftest import YEAR
from tests.plans.conftest import fact
from tests.plans.test_plan_pages import queries


def goal_of(plan, measure, **fields) -> Goal:
    return Goal.objects.create(plan=plan, title=measure, metric="x", measured_by=measure, **fields)


def reading(goal, today=None):
    return measures.readings([goal], today)[goal.pk]


# --- pure -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("people", "share"),
    [
        ([(5, "in_depth"), (5, "none")], Decimal("0.5")),
        ([(4, "multiple"), (2, "brief")], (Decimal(8) / 3 + Decimal(2) / 3) / 6),
        ([(5, "unknown")], 0),
        ([(None, "in_depth")], None),
        ([], None),
    ],
)
def test_coverage_of_the_decision_making_unit(people, share):
    found = dmu_coverage(people)
    assert found == share if share is None else round(found, 12) == round(Decimal(share), 12)


@pytest.mark.parametrize(
    ("parts", "share"),
    [
        ([(1, Decimal("0.5")), (3, Decimal(1))], Decimal("0.875")),
        ([(1, Decimal(3)), (1, Decimal("-0.4"))], Decimal("0.5")),  # each counts from 0 to 1
        ([(1, Decimal(1)), (9, None)], 1),  # not known: in neither sum
        ([(0, Decimal(1))], None),
        ([], None),
    ],
)
def test_the_scorecards_share_is_weighted(parts, share):
    assert weighted_share(parts) == share


# --- from the sales of the plan's year ------------------------------------------------------------
def test_sales_of_the_plans_year_in_its_currency(cast, valves, last_year, today):
    # January: 1,000 NOK at a cost of 600; and in February 70 EUR, which are 800 NOK
    fact(cast.account, valves, date(YEAR, 2, 1), 70, currency="EUR", cost=35, volume=3)
    fact(cast.account, valves, date(YEAR, 3, 1), 9, currency="JPY")
    revenue = reading(goal_of(cast.plan, "revenue"))
    assert (revenue.value, revenue.unit, revenue.as_of) == (1800, "NOK", date(YEAR, 2, 28))
    assert revenue.left_out == "No budget rate for JPY: left out."
    margin = reading(goal_of(cast.plan, "margin"))
    assert margin.value == 800
    assert [part.value for part in margin.parts] == [1800, 1000]
    share = reading(goal_of(cast.plan, "margin_share"))
    assert round(share.value, 2) == Decimal("44.44")
    assert reading(goal_of(cast.plan, "volume")).value == 3


def test_the_course_of_the_year_counts_months_that_are_over(cast, valves, today):
    fact(cast.account, valves, date(YEAR, 2, 1), 500)
    found = reading(goal_of(cast.plan, "revenue"))
    assert found.by(date(YEAR, 1, 30), "revenue") == 0
    assert found.by(date(YEAR, 1, 31), "revenue") == 1000
    assert found.by(date(YEAR, 3, 1), "revenue") == 1500
    assert found.by(date(YEAR, 3, 1), "wallet") is None


# --- from what else is known ----------------------------------------------------------------------
def test_share_of_wallet_is_of_the_estimated_lines(cast, valves, small_pumps, today):
    SalesFact.objects.all().delete()
    fact(cast.account, small_pumps, date(YEAR, 1, 1), 250)  # below the estimated line
    fact(cast.account, valves, date(YEAR, 1, 1), 999)  # nobody has estimated these
    fact(cast.account, cast.line, date(YEAR - 2, 1, 1), 999)  # long ago
    LineEstimate.objects.create(
        account=cast.account,
        line=cast.line,
        currency="NOK",
        wallet=1000,
        as_of=date(YEAR, 1, 2),
    )
    found = reading(goal_of(cast.plan, "wallet"))
    assert (found.value, found.as_of) == (25, date(YEAR, 1, 2))
    assert [part.value for part in found.parts] == [250, 1000]


def test_without_an_estimate_the_share_of_wallet_is_unknown(cast, today):
    found = reading(goal_of(cast.plan, "wallet"))
    assert found.value is None
    assert found.left_out == "Nobody has estimated a wallet yet."


def test_product_lines_bought_in_twelve_closed_months(cast, valves, small_pumps, today):
    fact(cast.account, valves, date(YEAR - 1, 5, 1), 10)
    fact(cast.account, small_pumps, date(YEAR, 5, 1), 10)  # this month is not over
    found = reading(goal_of(cast.plan, "cross_sell"))
    assert (found.value, found.as_of) == (2, date(YEAR, 4, 30))


def test_relations_are_weighted_by_influence(cast):
    Contact.objects.filter(pk=cast.contact.pk).update(influence=4, coverage="in_depth")
    Contact.objects.create(account=cast.account, name="Dora", influence=4, coverage="none")
    Contact.objects.create(account=cast.account, name="Nils", coverage="in_depth")
    found = reading(goal_of(cast.plan, "relations"))
    assert found.value == 50
    assert found.left_out == "1 contact without a stated influence is left out."


def test_satisfaction_is_the_judgement_and_says_so(cast):
    goal = goal_of(cast.plan, "satisfaction")
    assert reading(goal).value is None
    Judgement.objects.create(
        account=cast.account,
        code="satisfaction",
        value=4,
        source="Talk in spring",
        judged_on=date(YEAR, 4, 2),
    )
    found = reading(goal)
    assert (found.value, found.unit, found.as_of) == (4, "1–5", date(YEAR, 4, 2))
    assert found.source == "Talk in spring"
    assert "judged, not surveyed" in found.formula


def test_the_value_that_the_customer_agreed_to(cast):
    for state, value in (("agreed", 100), ("realised", 50), ("proposed", 999), ("agreed", None)):
        Need.objects.create(
            plan=cast.plan,
            kind="pain",
            title="x",
            state=state,
            value=value,
            agreed_on=date(YEAR, 2, 1),
            realised_on=date(YEAR, 3, 1),
        )
    found = reading(goal_of(cast.plan, "needs"))
    assert (found.value, found.unit) == (150, "NOK")
    assert found.left_out == "1 agreed need without a value is left out."


# --- together ---------------------------------------------------------------------------------------
def test_many_goals_of_many_plans_take_two_queries(cast, today):
    goals = [
        goal_of(plan, measure)
        for plan in (cast.plan, cast.foreign_plan)
        for measure in measures.Measure.values
        for _n in range(2)
    ]
    with queries(["accounts_salesfact", "UNION"]):
        found = measures.readings(goals)
    assert len(found) == 36  # those by hand have none
    by_plan = {found[g.pk].value for g in goals if g.measured_by == "revenue"}
    assert by_plan == {1000, 500}


def test_goals_by_hand_ask_for_nothing(cast):
    cast.goal.actual = Decimal(7)
    with queries([]):
        found = measures.readings([cast.goal])
    assert measures.actual_of(cast.goal, found) == 7
    assert measures.progress_of(cast.goal, found).share == Decimal("0.35")
