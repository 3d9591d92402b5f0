"""Forecasts kept month by month, and how they turned out against sums made in plain Python."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Account, SalesFact
from kam.models import BudgetRate, Team, User
from kam.periods import FiscalYear, add_months
from plans.calc import forecast_accuracy
from plans.models import ForecastOutcome, KeptForecast, TargetMonth
from plans.rollups.accuracy import PartAccuracy, level_accuracy, part_teams
from plans.services.forecasts import keep_forecasts, refresh_outcomes
from tests.conftest import YEAR
from tests.plans.rollup_world import messy_world, owners_below

pytestmark = pytest.mark.django_db


def test_what_is_kept_is_the_forecast_else_the_target_from_this_month_on(cast):
    for number, revenue, forecast in ((2, 100, None), (3, 200, 150), (4, 300, 0)):
        TargetMonth.objects.create(
            target=cast.target, month=date(YEAR, number, 1), revenue=revenue, forecast=forecast
        )
    assert keep_forecasts(date(YEAR, 2, 17)) == 3
    kept = KeptForecast.objects.order_by("month")
    assert [(k.month.month, k.forecast, k.typed, k.kept_on, k.currency) for k in kept] == [
        (2, 100, False, date(YEAR, 2, 1), "NOK"),
        (3, 150, True, date(YEAR, 2, 1), "NOK"),
        (4, 0, True, date(YEAR, 2, 1), "NOK"),
    ]
    assert {k.owner for k in kept} == {cast.kam}


def test_kept_once_a_month_whatever_changes_after(cast):
    assert keep_forecasts(date(YEAR, 1, 1)) == 1
    TargetMonth.objects.update(forecast=5)
    assert keep_forecasts(date(YEAR, 1, 1)) == 0
    assert keep_forecasts(date(YEAR, 1, 31)) == 0
    assert KeptForecast.objects.get().forecast == 1200


def kept(account, month, forecast, lead=1, *, owner=None, currency="NOK", typed=True):
    return KeptForecast.objects.create(
        account=account, owner=owner or account.owner, month=month, forecast=forecast,
        kept_on=add_months(month, -lead), currency=currency, typed=typed,
    )  # fmt: skip


def test_an_outcome_by_hand(cast):
    january = date(YEAR, 1, 1)  # Kari sold 1000 NOK, Odd 500 EUR
    kept(cast.account, january, 1200)
    kept(cast.child, january, 100, typed=False)  # sold nothing
    kept(cast.account, january, 800, lead=3)
    BudgetRate.objects.create(year=YEAR - 1, currency="NOK", rate=Decimal(9))  # another year's
    assert refresh_outcomes(date(YEAR, 2, 3)) == 2
    one, three = ForecastOutcome.objects.order_by("lead")
    # at 0.0875: forecast 1300 → 113.75, actual 1000 → 87.5; sizes 200 + 100 → 26.25
    assert (one.forecast, one.actual, one.deviation) == (
        Decimal("113.75"), Decimal("87.50"), Decimal("26.25"),
    )  # fmt: skip
    assert (one.accounts, one.typed, one.left_out, one.owner) == (2, 1, 0, cast.kam)
    assert (three.lead, three.forecast, three.deviation) == (3, 70, Decimal("17.50"))
    assert refresh_outcomes(date(YEAR, 2, 3)) == 2  # twice is once
    assert ForecastOutcome.objects.count() == 2


def test_who_answered_then_answers_for_the_error(cast):
    kept(cast.account, date(YEAR, 1, 1), 1200, owner=cast.other_kam)
    refresh_outcomes(date(YEAR, 2, 3))
    assert ForecastOutcome.objects.get().owner == cast.other_kam


def test_what_has_no_rate_is_left_out_and_counted(cast):
    kept(cast.account, date(YEAR, 1, 1), 1200, currency="USD")
    SalesFact.objects.create(
        account=cast.foreign,
        product=cast.product,
        month=date(YEAR, 1, 1),
        currency="USD",
        revenue=7,
    )
    kept(cast.foreign, date(YEAR, 1, 1), 400, currency="EUR")
    refresh_outcomes(date(YEAR, 2, 3))
    rows = ForecastOutcome.objects.all()
    assert [(r.left_out, r.forecast, r.actual, r.deviation) for r in rows] == [(1, 0, 0, 0)] * 2


def test_a_level_and_its_parts_against_plain_sums():
    world = messy_world(FiscalYear(2026, 1), accounts=20)
    today = date(2026, 7, 10)
    for month in range(1, 7):
        keep_forecasts(date(2026, month, 1))
    refresh_outcomes(today)
    rates = {r.currency: r.rate for r in BudgetRate.objects.filter(year=2026)} | {"EUR": Decimal(1)}

    def expected(owners):
        months = {}
        for row in KeptForecast.objects.all():
            if row.owner_id not in owners or row.kept_on != add_months(row.month, -1):
                continue
            if row.month >= date(2026, 7, 1) or row.currency not in rates:
                continue
            facts = SalesFact.objects.filter(account=row.account_id, month=row.month)
            if any(f.currency not in rates and f.revenue for f in facts):
                continue
            pair = months.setdefault(row.month, [Decimal(0), Decimal(0)])
            pair[0] += row.forecast * rates[row.currency]
            pair[1] += sum((f.revenue * rates[f.currency] for f in facts), Decimal(0))
        return forecast_accuracy(tuple(months[m]) for m in sorted(months))

    teams = part_teams(Team.objects.all(), None)
    found = level_accuracy(
        PartAccuracy("company", None, "x"), User.objects.all(), teams, 1, today, nobody="Nobody"
    )
    cent = Decimal("0.05")  # each owner's month is rounded to cents
    everyone = {None, *(u.pk for u in world.owners)}
    whole, plain = found.whole.accuracy, expected(everyone)
    assert len(whole.errors) == len(plain.errors) >= 4
    assert all(abs(a - b) < cent for a, b in zip(whole.errors, plain.errors, strict=True))
    assert abs(whole.bias - plain.bias) < cent
    assert abs(whole.wape - plain.wape) < Decimal("0.0001")
    for part in found.parts:
        if part.kind == "team":
            owners = owners_below(Team.objects.get(pk=part.pk))
        else:
            owners = {part.pk}
        plain = expected(owners)
        assert abs((part.accuracy.mad or 0) - (plain.mad or 0)) < cent, part.label
    assert {part.kind for part in found.parts} >= {"team", "unowned"}
    assert Account.objects.exists()


def test_the_page_says_in_which_direction_and_opens_its_lines(cast, today):
    for number in (1, 2, 3, 4):
        kept(cast.account, date(YEAR, number, 1), 1200)
    refresh_outcomes(today)
    url = reverse("plans:accuracy", args=["kam", cast.kam.pk])
    text = cast.client("leader").get(url).content.decode()
    assert "Too much is forecast" in text
    lines = cast.client("leader").get(f"{url}?lead=1&month={YEAR}-01").content.decode()
    assert "Fjord Shipyards" in lines
    assert "−17.50" in lines  # 1000 NOK came where 1200 were forecast, at 0.0875
    assert cast.client("leader").get(f"{url}?lead=2").status_code == 400


def test_the_companys_month_opens_into_the_accounts_without_an_owner_too(cast, today):
    kept(cast.account, date(YEAR, 1, 1), 1200)
    kept(cast.unowned, date(YEAR, 1, 1), 400, currency="EUR")
    refresh_outcomes(today)
    company, kam = (
        cast.client("management").get(
            reverse("plans:accuracy", args=args) + f"?lead=1&month={YEAR}-01"
        )
        for args in (["company"], ["kam", cast.kam.pk])
    )
    assert {line.account for line in company.context["lines"]} == {
        "Fjord Shipyards",
        "Nobody Mills",
    }
    told = company.context["whole"].months[date(YEAR, 1, 1)]
    assert told.forecast == sum(line.forecast for line in company.context["lines"])
    assert {line.account for line in kam.context["lines"]} == {"Fjord Shipyards"}


def test_the_page_costs_few_queries(cast, today):
    for number in (1, 2, 3, 4):
        kept(cast.account, date(YEAR, number, 1), 1200)
        kept(cast.foreign, date(YEAR, number, 1), 100, currency="EUR")
    refresh_outcomes(today)
    browser = cast.client("management")
    url = reverse("plans:accuracy", args=["company"])
    browser.get(url)
    with CaptureQueriesContext(connection) as caught:
        assert browser.get(url).status_code == 200
    # who signed in, the top teams, the outcomes
    assert len(caught) == 3
    with CaptureQueriesContext(connection) as caught:
        assert browser.get(f"{url}?month={YEAR}-01").status_code == 200
    # … rates, the kept forecasts, their sales
    assert len(caught) == 6
