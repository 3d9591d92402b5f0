"""The prepared parts of portfolios against sums made in plain Python from the rows."""

from datetime import date

import pytest
from django.utils import timezone

from accounts.models import Account, Industry, Product, ProductLine, SalesFact
from kam.periods import FiscalYear, month_of
from plans.models import PortfolioPart, TargetMonth
from plans.services import portfolios
from plans.services.portfolios import rebuild_portfolios, refresh_portfolios
from portfolio.models import Segment, SegmentPlacement, SegmentScheme
from tests.plans.parts_world import dress, expected_parts, stored_parts
from tests.plans.rollup_world import messy_world

pytestmark = pytest.mark.django_db

TODAY = {1: date(2026, 7, 10), 7: date(2026, 2, 3)}


@pytest.fixture(params=[1, 7], ids=["calendar year", "year from July"])
def world(request, monkeypatch):
    monkeypatch.setattr(portfolios, "company_today", lambda: TODAY[request.param])
    world = messy_world(FiscalYear(2026, request.param))
    dress(world)
    refresh_portfolios()
    return world


def expected(world) -> dict[tuple, list]:
    start = world.year.start_month
    return expected_parts(start, month_of(TODAY[start]))


def test_the_parts_are_the_sums_of_the_rows(world):
    assert stored_parts() == expected(world)
    assert {line for _owner, line, *_rest in stored_parts()} >= {
        "industry",
        "group",
        "product",
        "level",
    }


def test_every_kind_of_change_is_marked(world):
    a, b, c, d, e, f = Account.objects.filter(archived_at=None)[:6]
    a.industry = Industry.objects.last()
    a.save()
    b.country, b.level = "FI", "global"
    b.save()
    c.owner = world.owners[3]
    c.save()
    if not Account.objects.filter(path__contains=[d.pk], pk=e.pk).exists():
        e.parent = d
        e.save()
    Account.objects.create(name="Daughter", parent=f, owner=world.owners[1])
    SegmentPlacement.objects.filter(last_night=None).first().delete()
    SegmentPlacement.objects.filter(last_night=None).update(last_night=date(2026, 3, 1))
    placed = SegmentScheme.objects.create(name="Later")
    Segment.objects.create(scheme=placed, name="one", rank=1)
    scheme = SegmentScheme.objects.exclude(pk=placed.pk).first()
    scheme.archived_at = timezone.now()
    scheme.save()
    product = Product.objects.first()
    product.line = ProductLine.objects.exclude(pk=product.line_id).first()
    product.save()
    fact = SalesFact.objects.filter(account__archived_at=None).first()
    fact.revenue += 5
    fact.save()
    month = TargetMonth.objects.filter(archived_at=None).first()
    month.forecast = 77
    month.save()
    refresh_portfolios()
    assert stored_parts() == expected(world)


def test_the_night_finds_nothing_to_correct_and_mends_what_is_wrong(world):
    assert rebuild_portfolios() == 0
    PortfolioPart.objects.filter(line="industry", currency="EUR").first().delete()
    PortfolioPart.objects.filter(line="country", currency="EUR").update(actual=1)
    assert rebuild_portfolios() > 0
    assert stored_parts() == expected(world)


def test_a_new_month_turns_forecast_into_what_came(world, monkeypatch):
    later = date(TODAY[world.year.start_month].year, TODAY[world.year.start_month].month + 1, 2)
    monkeypatch.setattr(portfolios, "company_today", lambda: later)
    monkeypatch.setitem(TODAY, world.year.start_month, later)
    portfolios.mark_new_day()
    refresh_portfolios()
    assert stored_parts() == expected(world)
