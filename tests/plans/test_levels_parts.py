"""The prepared parts of portfolios against sums made in plain Python from the rows."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import Account, Industry, Product, ProductLine, SalesFact
from kam.periods import FiscalYear, fiscal_year_of, month_of
from plans.models import AccountPlan, PortfolioPart, TargetMonth
from plans.services import portfolios
from plans.services.portfolios import rebuild_portfolios, refresh_portfolios
from portfolio.models import Segment, SegmentPlacement, SegmentScheme
from tests.plans.rollup_world import messy_world

pytestmark = pytest.mark.django_db

TODAY = {1: date(2026, 7, 10), 7: date(2026, 2, 3)}
AMOUNTS = (
    "actual", "actual_margin", "target", "target_margin", "forecast", "closed_actual",
    "target_to_date",
)  # fmt: skip


@pytest.fixture(params=[1, 7], ids=["calendar year", "year from July"])
def world(request, monkeypatch):
    monkeypatch.setattr(portfolios, "company_today", lambda: TODAY[request.param])
    world = messy_world(FiscalYear(2026, request.param))
    dress(world)
    refresh_portfolios()
    return world


def dress(world) -> None:
    """Industries, countries, levels and segments for some of the accounts."""
    industries = [Industry.objects.create(name=f"Industry {n}") for n in range(3)]
    schemes = [SegmentScheme.objects.create(name=f"Scheme {n}") for n in range(2)]
    segments = {
        s.pk: [Segment.objects.create(scheme=s, name=f"{n}", rank=n) for n in (1, 2)]
        for s in schemes
    }
    for account in world.accounts:
        account.industry = world.random.choice([*industries, None])
        account.country = world.random.choice(["NO", "SE", ""])
        account.level = world.random.choice(["regional", "national"])
        account.save()
        for scheme in schemes:
            if world.random.random() < 0.6:
                SegmentPlacement.objects.create(
                    account=account, scheme=scheme, first_night=date(2026, 1, 1),
                    segment=world.random.choice(segments[scheme.pk]),
                    last_night=world.random.choice([None, None, date(2026, 2, 1)]),
                )  # fmt: skip


# --- the oracle: nothing of what it proves is used here -------------------------------------------


def kinds() -> dict[int, dict[str, str]]:
    """What each living account is along each line, from the rows."""
    living = {a.pk: a for a in Account.objects.all() if a.archived_at is None}
    parents = dict(Account.objects.values_list("pk", "parent_id"))

    def top(pk):
        while parents[pk] is not None:
            pk = parents[pk]
        return pk

    with_children = {a.parent_id for a in living.values()}
    found = {}
    for pk, account in living.items():
        grouped = account.parent_id is not None or pk in with_children
        found[pk] = {
            "industry": str(account.industry_id or ""),
            "country": str(account.country),
            "level": account.level,
            "group": str(top(pk)) if grouped else "",
        }
        for scheme in SegmentScheme.objects.filter(archived_at=None):
            placed = SegmentPlacement.objects.filter(
                account=pk, scheme=scheme, last_night=None
            ).first()
            found[pk][f"segment-{scheme.pk}"] = str(placed.segment_id) if placed else ""
    return found


def expected(world) -> dict[tuple, list]:
    """(owner, line, key, year, currency) → accounts, planned and the seven amounts."""
    start, this_month = world.year.start_month, month_of(TODAY[world.year.start_month])
    of = kinds()
    owner = dict(Account.objects.values_list("pk", "owner_id"))
    rows: dict[tuple, list] = defaultdict(lambda: [0, 0] + [Decimal(0)] * 7)

    def add(account, product_line, year, currency, *amounts):
        for line, key in [*of[account].items(), ("product", str(product_line))]:
            row = rows[owner[account], line, key, year, currency]
            row[2:] = [held + amount for held, amount in zip(row[2:], amounts, strict=True)]

    for fact in SalesFact.objects.select_related("product"):
        if fact.account_id in of:
            over = fact.revenue if fact.month < this_month else Decimal(0)
            add(
                fact.account_id, fact.product.line_id, fiscal_year_of(fact.month, start).year,
                fact.currency, fact.revenue, fact.revenue - fact.cost, 0, 0, over, over, 0,
            )  # fmt: skip
    for month in TargetMonth.objects.select_related("target__plan"):
        target, plan = month.target, month.target.plan
        if plan.account_id not in of or month.archived_at or target.archived_at or plan.archived_at:
            continue
        expected_now = month.revenue if month.forecast is None else month.forecast
        over = month.month < this_month
        add(
            plan.account_id, target.line_id, fiscal_year_of(month.month, start).year, plan.currency,
            0, 0, month.revenue, month.margin, 0 if over else expected_now, 0,
            month.revenue if over else 0,
        )  # fmt: skip
    for account, lines in of.items():
        for line, key in lines.items():
            rows[owner[account], line, key, 0, ""][0] += 1
    for plan in AccountPlan.objects.filter(archived_at=None, account__in=of):
        for line, key in of[plan.account_id].items():
            rows[owner[plan.account_id], line, key, plan.year, ""][1] += 1
    return dict(rows)


def stored() -> dict[tuple, list]:
    return {
        (p.owner_id, p.line, p.key, p.year, p.currency): [
            p.accounts, p.planned, *(getattr(p, name) for name in AMOUNTS),
        ]
        for p in PortfolioPart.objects.all()
    }  # fmt: skip


def test_the_parts_are_the_sums_of_the_rows(world):
    assert stored() == expected(world)
    assert {line for _owner, line, *_rest in stored()} >= {"industry", "group", "product", "level"}


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
    assert stored() == expected(world)


def test_the_night_finds_nothing_to_correct_and_mends_what_is_wrong(world):
    assert rebuild_portfolios() == 0
    PortfolioPart.objects.filter(line="industry", currency="EUR").first().delete()
    PortfolioPart.objects.filter(line="country", currency="EUR").update(actual=1)
    assert rebuild_portfolios() > 0
    assert stored() == expected(world)


def test_a_new_month_turns_forecast_into_what_came(world, monkeypatch):
    later = date(TODAY[world.year.start_month].year, TODAY[world.year.start_month].month + 1, 2)
    monkeypatch.setattr(portfolios, "company_today", lambda: later)
    monkeypatch.setitem(TODAY, world.year.start_month, later)
    portfolios.mark_new_day()
    refresh_portfolios()
    assert stored() == expected(world)
