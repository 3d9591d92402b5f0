"""The demo's inputs: the same in every run, within the rules of the pages."""

from decimal import Decimal

from django.db.models import Sum

from kam.periods import add_months, company_today, company_year, month_of
from portfolio.demo.inputs import make_inputs
from portfolio.models import (
    Capacity,
    HoursSpent,
    Judgement,
    LineEstimate,
    PlannedHours,
    PortfolioSettings,
    ServiceCost,
)

MODELS = (LineEstimate, Judgement, ServiceCost, HoursSpent, PlannedHours, Capacity)


def filled(today):
    make_inputs(today=today, judged=["trust", "fit"])
    return {
        model: list(model.objects.order_by("pk").values())
        for model in MODELS
    }  # fmt: skip


def plain(rows):
    own = ("id", "created_at", "updated_at")
    return [{k: v for k, v in row.items() if k not in own} for row in rows]


def test_the_same_day_makes_the_same_inputs(cast):
    today = company_today()
    month = add_months(month_of(today), -1)
    cast.account.sales_facts.update(month=month)
    first = filled(today)
    for model in MODELS:
        model.objects.all().delete()
    second = filled(today)
    assert {m: plain(rows) for m, rows in first.items()} == {
        m: plain(rows) for m, rows in second.items()
    }
    assert all(first.values())


def test_every_row_keeps_the_rules_and_the_limit_leaves_room(cast):
    filled(company_today())
    for model in MODELS:
        for row in model.objects.all():
            row.full_clean()
    year = company_year().year
    planned = PlannedHours.objects.filter(user=cast.kam, year=year).aggregate(s=Sum("hours"))["s"]
    capacity = Capacity.objects.get(user=cast.kam, year=year).hours
    assert Decimal("0.6") < planned / capacity < Decimal("1.4")
    assert PortfolioSettings.objects.get().key_account_limit == 3
    assert Judgement.objects.filter(account=cast.account).first().judged_by == cast.kam
