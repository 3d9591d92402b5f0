"""Sales of last year and this one, and small helpers for the plan's tests."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import Product, ProductLine, SalesFact
from plans.services import portfolios
from plans.services.portfolios import refresh_portfolios
from tests.conftest import YEAR
from tests.plans import rollup_world
from tests.plans.parts_world import dress


@pytest.fixture
def today(monkeypatch) -> date:
    """The company's date: the middle of the plan's year, so that four months are over.

    At noon, so that it is the same day in every person's time zone whenever the tests run.
    """
    day = date(YEAR, 5, 15)
    now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)
    return day


@pytest.fixture
def mid_year(monkeypatch) -> None:
    """The portfolios are summed as of the messy company's ``MID_YEAR``."""
    monkeypatch.setattr(portfolios, "company_today", lambda: rollup_world.MID_YEAR)


@pytest.fixture
def world(db, mid_year) -> rollup_world.World:
    """A messy company with accounts of many kinds; all its sums are fresh."""
    world = rollup_world.messy_world(rollup_world.WORLD_YEAR)
    dress(world)
    refresh_portfolios()
    return world


@pytest.fixture
def valves(cast) -> ProductLine:
    return ProductLine.objects.create(name="Valves")


@pytest.fixture
def small_pumps(cast) -> ProductLine:
    return ProductLine.objects.create(name="Small pumps", parent=cast.line)


def fact(account, line, month, revenue, *, currency="NOK", cost=0, volume=0) -> SalesFact:
    product, _made = Product.objects.get_or_create(
        number=f"N{line.pk}", defaults={"name": f"{line} 1", "line": line}
    )
    return SalesFact.objects.create(
        account=account,
        product=product,
        month=month,
        currency=currency,
        revenue=Decimal(revenue),
        cost=Decimal(cost),
        volume=Decimal(volume),
    )


@pytest.fixture
def last_year(cast, valves) -> None:
    """Last year: pumps 100 in January, 300 in February (NOK); valves 100 EUR in March."""
    fact(cast.account, cast.line, date(YEAR - 1, 1, 1), 100, cost=60, volume=2)
    fact(cast.account, cast.line, date(YEAR - 1, 2, 1), 300, cost=180, volume=6)
    fact(cast.account, valves, date(YEAR - 1, 3, 1), 70, currency="EUR")
