"""The company's own sums against those of its portfolios, fresh and stale, and after every change."""

from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, SalesFact
from kam.models import BudgetRate, Company, User
from kam.periods import FiscalYear
from plans.models import CompanyMonth, CompanyPart, PortfolioPart, StaleCompany, TargetMonth
from plans.rollups.along import LINES, along
from plans.services.company_sums import roll_up_company
from plans.services.portfolios import rebuild_portfolios, refresh_portfolios
from portfolio.models import SegmentScheme
from tests.plans.races import another_sums_the_company
from tests.plans.rollup_world import MID_YEAR, WORLD_YEAR, messy_world


def told(line: str, *, whole: bool, year: int = 2026):
    scheme = SegmentScheme.objects.filter(archived_at=None).first() if line == "segment" else None
    found = along(
        line, User.objects.all(), Account.objects.all(), FiscalYear(year, 1), MID_YEAR,
        unowned=True, whole=whole, scheme=scheme,
    )  # fmt: skip
    return found.parts, found.rest, found.rest_count, found.total, found.figures, found.counts


def assert_same() -> None:
    """The company's own sums are those of the portfolios, in content and order."""
    for line in LINES:
        for year in (2024, 2025, 2026, 2027):
            assert told(line, whole=True, year=year) == told(line, whole=False, year=year), line


def test_the_companys_sums_are_those_of_the_portfolios(world):
    assert not StaleCompany.objects.exists()
    assert CompanyPart.objects.exists()
    assert_same()


def test_fresh_sums_are_read_as_they_are_kept_and_stale_ones_are_not(world):
    truth = told("country", whole=False)
    CompanyPart.objects.filter(line="country", year=2026).update(actual=777)
    CompanyMonth.objects.update(actual_revenue=0)
    parts, *_rest, figures, _counts = told("country", whole=True)
    assert {part.figures.actual for part in parts} == {777}
    assert figures.year.actual == 0
    for mark in (
        {"line": "country", "year": 2026, "key": "NO"},
        {"line": "country", "year": 2025},
        {"year": 2026},
        {},
    ):
        with transaction.atomic():
            StaleCompany.objects.create(**mark)
            assert told("country", whole=True)[0] == truth[0], mark
            transaction.set_rollback(True)
    for other in ({"line": "country", "year": 2023}, {"line": "industry", "year": 2026, "key": ""}):
        StaleCompany.objects.create(**other)
        assert {p.figures.actual for p in told("country", whole=True)[0]} == {777}
    StaleCompany.objects.create(line="months", year=0, key="2026-03-01")
    assert told("country", whole=True)[-2].year == truth[-2].year


CHANGES = {
    "a fact": lambda w: SalesFact.objects.filter(account__archived_at=None)[0].delete(),
    "all facts of a month": lambda w: SalesFact.objects.filter(month__month=3).update(revenue=5),
    "targets": lambda w: TargetMonth.objects.update(revenue=11, margin=3),
    "a new key": lambda w: Account.objects.filter(
        pk=SalesFact.objects.filter(account__archived_at=None)[0].account_id
    ).update(country="JP"),
    "a key that is gone": lambda w: Account.objects.update(country=""),
    "no owner": lambda w: Account.objects.update(owner=None),
    "a rate": lambda w: BudgetRate.objects.filter(currency="NOK", year=2026).update(rate=2),
    "a new rate": lambda w: BudgetRate.objects.create(year=2025, currency="USD", rate=Decimal(3)),
    "an archived rate": lambda w: BudgetRate.objects.filter(currency="SEK").delete(),
}


@pytest.mark.parametrize("name", CHANGES)
def test_after_each_change_they_are_the_same_before_and_after_they_are_summed_anew(world, name):
    CHANGES[name](world)
    assert_same()
    refresh_portfolios(limit=10**6)  # the portfolios alone
    assert StaleCompany.objects.exists()
    assert_same()
    assert roll_up_company()
    assert not StaleCompany.objects.exists()
    assert_same()


def test_another_company_currency_counts_at_once(world):
    company = Company.objects.get(pk=1)
    company.currency = "NOK"
    company.save()
    assert_same()
    roll_up_company()
    assert_same()


def test_the_companys_sums_of_one_key_alone_are_touched(world):
    before = dict(CompanyPart.objects.values_list("pk", "actual"))
    account = Account.objects.filter(archived_at=None, country="NO", sales_facts__isnull=False)[0]
    fact = account.sales_facts.filter(month__year=2026, currency="EUR")[:1]
    SalesFact.objects.filter(pk__in=[f.pk for f in fact]).update(revenue=99999)
    refresh_portfolios(limit=100)
    assert StaleCompany.objects.filter(key=None).count() == 0
    assert roll_up_company(200)
    after = dict(CompanyPart.objects.values_list("pk", "actual"))
    changed = {pk for pk in after if before.get(pk) != after[pk]}
    # industry, country, level, group, product line, and a segment of each scheme in use
    assert len(changed) == 5 + SegmentScheme.objects.count()
    assert_same()


def test_a_person_who_waits_leaves_much_to_the_worker(world):
    SalesFact.objects.update(revenue=3)
    refresh_portfolios(limit=10**6)
    assert not roll_up_company(3)
    assert StaleCompany.objects.exists()
    StaleCompany.objects.all().delete()
    StaleCompany.objects.create(line="country", year=2026)
    assert not roll_up_company(3)
    assert roll_up_company()
    assert roll_up_company(3)


def test_the_night_mends_the_companys_sums(world):
    CompanyPart.objects.filter(line="country").update(actual=1)
    CompanyPart.objects.filter(line="industry").delete()
    CompanyMonth.objects.all().delete()
    assert rebuild_portfolios() == 0
    assert_same()


def test_the_page_reads_few_rows_and_as_many_queries_as_before(world):
    for whole in (True, False):
        with CaptureQueriesContext(connection) as caught:
            told("country", whole=whole)
        # rates, months, counts, parts; within this test's transaction
        assert len(caught) == 4


def test_while_another_sums_the_company_anew_nothing_waits_and_nothing_is_lost(
    transactional_db, mid_year, monkeypatch
):
    messy_world(WORLD_YEAR, accounts=8)
    refresh_portfolios()
    SalesFact.objects.update(revenue=5)
    refresh_portfolios(limit=10**6)
    with another_sums_the_company(monkeypatch):
        SalesFact.objects.update(revenue=7)
        refresh_portfolios(limit=10**6)
        assert not roll_up_company()  # the other one is at it
        assert_same()
    assert StaleCompany.objects.exists()  # what came meanwhile is not lost
    assert_same()
    assert roll_up_company()
    assert_same()
    assert PortfolioPart.objects.exists()
