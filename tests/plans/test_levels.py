"""Plans of a portfolio, a team and the company: the target from above against the sum from below."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account
from accounts.services.sales import refresh_account_years
from kam.money import rates_for
from plans.models import AccountPlan, Goal, LevelGoal, LevelPlan, Need
from plans.rollup_scope import scope_of
from plans.rollups.goals import goal_sums
from plans.services.portfolios import refresh_portfolios
from plans.views.levels.plan import gaps_of
from portfolio.models import Judgement
from tests.conftest import YEAR

pytestmark = pytest.mark.django_db


@pytest.fixture
def prepared(cast, today):
    refresh_portfolios()
    refresh_account_years()
    return cast


def plan_of(cast, level="kam", **fields) -> LevelPlan:
    key = {"kam": {"owner": cast.kam}, "team": {"team": cast.north}, "company": {}}[level]
    return LevelPlan.objects.create(level=level, year=YEAR, **key, **fields)


def test_the_gap_is_the_sum_from_below_less_the_target_from_above(prepared):
    cast = prepared
    plan = plan_of(cast, revenue=Decimal(200), margin=Decimal(30))
    gaps, missing = gaps_of(plan, scope_of(cast.leader))
    # Kari's account plans: 1200 NOK of revenue, 400 of margin, at 0.0875
    assert [(g.above, g.below, g.gap) for g in gaps] == [
        (200, Decimal("105.0000"), Decimal("-95.0000")),
        (30, Decimal("35.0000"), Decimal("5.0000")),
    ]
    assert gaps[0].share == Decimal("-0.475")
    assert not missing


def test_the_panel_says_the_gap_and_asks_for_words(prepared):
    cast = prepared
    plan_of(cast, revenue=Decimal(200))
    page = cast.client("leader").get(
        reverse("plans:level_panel", args=["kam", cast.kam.pk]) + f"?year={YEAR}"
    )
    text = page.content.decode()
    assert "−95" in text
    assert "Say how it shall be closed" in text


def test_a_plan_begins_with_a_button_and_stands_once(prepared):
    cast = prepared
    url = reverse("plans:level_panel", args=["team", cast.north.pk]) + f"?year={YEAR}"
    browser = cast.client("leader")
    assert "Begin the plan" in browser.get(url).content.decode()
    begin = reverse("plans:level_begin", args=["team", cast.north.pk]) + f"?year={YEAR}"
    for _twice in range(2):
        assert browser.post(begin).status_code == 302
    assert LevelPlan.objects.filter(level="team", team=cast.north, year=YEAR).count() == 1


def test_texts_are_markdown_and_clean(prepared):
    cast = prepared
    plan_of(cast, summary="**Grow** <script>x</script>")
    url = reverse("plans:level_panel", args=["kam", cast.kam.pk]) + f"?year={YEAR}"
    text = cast.client("kam").get(url).content.decode()
    assert "<strong>Grow</strong>" in text
    assert "<script>x" not in text


@pytest.mark.parametrize(("who", "status"), [("leader", 302), ("kam", 403)])
def test_nobody_sets_the_target_from_above_for_themselves(prepared, who, status):
    plan = plan_of(prepared)
    url = reverse("plans:level_edit", args=[plan.pk, "revenue"])
    data = {"revenue": "500", "version": "1", "_touched": "revenue"}
    assert prepared.client(who).post(url, data).status_code == status
    plan.refresh_from_db()
    assert plan.revenue == (500 if who == "leader" else None)


def test_who_is_steered_reads_the_plan_without_the_figures(prepared):
    cast = prepared
    plan = plan_of(cast, "company", priorities="Fewer, larger customers", revenue=Decimal(900))
    text = cast.client("outsider").get(reverse("plans:level_detail", args=[plan.pk]))
    assert "Fewer, larger customers" in text.content.decode()
    assert "Sum of the account plans" not in text.content.decode()


# --- goals ----------------------------------------------------------------------------------------


def goal_on(account: Account, value, measure="satisfaction", **fields) -> Goal:
    """A goal of the account's plan, and what the system measures of it."""
    plan, _made = AccountPlan.objects.get_or_create(
        account=account, year=YEAR, defaults={"currency": account.currency}
    )
    if measure == "satisfaction":
        Judgement.objects.create(
            account=account, code="satisfaction", value=value, judged_on=date(YEAR, 2, 1)
        )
    else:
        Need.objects.create(
            plan=plan,
            kind="pain",
            title="x",
            state="agreed",
            value=value,
            agreed_on=date(YEAR, 2, 1),
        )
    return Goal.objects.create(
        plan=plan, title="x", metric="x", measured_by=measure, actual=Decimal(1), **fields
    )


def test_an_index_rolls_up_by_revenue_and_an_amount_by_sum(prepared):
    cast = prepared
    # Revenue of the year: Kari's 1000 NOK = 87.5 EUR; Odd's 500 EUR. Nobody's has none.
    goal_on(cast.account, 5)
    goal_on(cast.foreign, 3)
    goal_on(cast.unowned, 1)
    goal_on(cast.account, Decimal(3), "needs")
    goal_on(cast.foreign, Decimal(4), "needs")
    goal_on(cast.foreign, Decimal(99), "needs", side="customer")  # theirs: but the need is agreed
    scope = scope_of(cast.management)
    found = goal_sums({"satisfaction", "needs"}, scope.accounts(), YEAR, rates_for(YEAR))
    expected = (5 * Decimal("87.5") + 3 * Decimal(500)) / Decimal("587.5")
    assert found["satisfaction"].value == pytest.approx(expected)
    assert (found["satisfaction"].heard, found["satisfaction"].unheard) == (2, 1)
    assert found["needs"].value == 3 * Decimal("0.0875") + 4 + 99


def test_a_level_counts_only_its_own_accounts(prepared):
    cast = prepared
    goal_on(cast.account, 4)
    goal_on(cast.foreign, 3)
    plan = plan_of(cast, "team")
    LevelGoal.objects.create(
        plan=plan, title="Happy", metric="index", measured_by="satisfaction", target=5
    )
    LevelGoal.objects.create(
        plan=plan, title="Sell", metric="EUR", measured_by="revenue", target=175
    )
    LevelGoal.objects.create(plan=plan, title="Hire", metric="people", target=4, actual=1)
    text = cast.client("leader").get(reverse("plans:level_goals", args=[plan.pk])).content.decode()
    for part in ("80%", "50%", "25%"):  # 4 of 5, 87.5 of 175, 1 of 4
        assert part in text.replace(" ", "").replace("\u00a0", ""), part


def test_a_goals_number_opens_into_its_lines(prepared):
    cast = prepared
    goal_on(cast.account, 4)
    plan = plan_of(cast)
    goal = LevelGoal.objects.create(
        plan=plan, title="Happy", metric="index", measured_by="satisfaction"
    )
    text = cast.client("kam").get(reverse("plans:level_goal_lines", args=[goal.pk]))
    assert "Fjord Shipyards" in text.content.decode()
    assert "87.50" in text.content.decode()


# --- what it costs --------------------------------------------------------------------------------


def queries(client, url) -> int:
    client.get(url)  # what a process keeps for itself is asked once
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(url, headers={"HX-Request": "true"}).status_code == 200
    return len(caught)


def test_panels_cost_a_few_queries_whatever_they_hold(prepared):
    cast = prepared
    plan = plan_of(cast, "team", revenue=Decimal(200))
    for index in range(8):
        for measure in ("satisfaction", "volume", "revenue", "needs"):
            LevelGoal.objects.create(
                plan=plan, title=f"{index}", metric="x", measured_by=measure, target=1
            )
    browser = cast.client("leader")
    # who signed in, the plan, whether the figures may be seen, rates, months, counts, shares
    panel = reverse("plans:level_panel", args=["team", cast.north.pk]) + f"?year={YEAR}"
    assert queries(browser, panel) == 7
    # who signed in, the plan, its goals, whether the figures may be seen, rates, months, counts,
    # what the account plans' goals have reached
    assert queries(browser, reverse("plans:level_goals", args=[plan.pk])) == 8
