"""Recording facts in bulk, and the figures prepared from them."""

import threading
from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import services
from accounts.models import Account, AccountFigures, AccountYear, SalesFact, StaleYear
from kam.models import BudgetRate, Company, ImportBatch
from kam.periods import company_year
from tests.conftest import YEAR

JAN, FEB = date(YEAR, 1, 1), date(YEAR, 2, 1)


@pytest.fixture
def batch(cast):
    return ImportBatch.objects.create(resource="sales_facts", file_name="may.csv")


def fact(cast, **changes):
    return {
        "account": cast.account.pk,
        "product": cast.product.pk,
        "month": FEB,
        "currency": "NOK",
        "revenue": Decimal("200.10"),
        "cost": Decimal("100"),
        "volume": Decimal("1.5"),
    } | changes


def test_facts_are_created_changed_or_left(cast, batch):
    assert services.record_sales_facts(
        [fact(cast), fact(cast, month=JAN, revenue=900)], batch
    ) == services.Counts(created=1, changed=1)
    again = ImportBatch.objects.create(resource="sales_facts")
    assert services.record_sales_facts([fact(cast)], again) == services.Counts(unchanged=1)
    kept = SalesFact.objects.get(account=cast.account, month=FEB)
    assert kept.batch == batch, "a fact that says the same stays with its first batch"
    assert kept.revenue == Decimal("200.10")
    batch.refresh_from_db()
    assert (batch.created, batch.changed, batch.state) == (1, 1, "applied")


def test_another_currency_is_another_fact(cast, batch):
    services.record_sales_facts([fact(cast), fact(cast, currency="EUR")], batch)
    assert SalesFact.objects.filter(account=cast.account, month=FEB).count() == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"account": 10**9}, "no account 1000000000"),
        ({"product": 10**9}, "no product 1000000000"),
        ({"month": date(YEAR, 2, 3)}, "not the first day"),
    ],
)
def test_one_bad_row_refuses_all(cast, batch, changes, words):
    before = SalesFact.objects.count()
    with pytest.raises(ValidationError, match=words):
        services.record_sales_facts([fact(cast), fact(cast, **changes)], batch)
    assert SalesFact.objects.count() == before


def test_a_key_that_stands_twice_is_refused(cast, batch):
    with pytest.raises(ValidationError, match="twice"):
        services.record_sales_facts([fact(cast), fact(cast, revenue=1)], batch)


def test_many_facts_are_written_in_a_fixed_number_of_statements(
    cast, batch, django_assert_num_queries
):
    rows = [fact(cast, month=date(1990 + i // 12, i % 12 + 1, 1), revenue=i) for i in range(300)]
    # savepoint, temp table, COPY, four checks, INSERT (which counts), batch, release
    with django_assert_num_queries(10):
        services.record_sales_facts(rows, batch)


def test_years_are_summed_per_currency(cast, batch):
    services.record_sales_facts([fact(cast), fact(cast, currency="EUR", revenue=7)], batch)
    services.refresh_account_years()
    years = AccountYear.objects.filter(account=cast.account, year=YEAR)
    assert {y.currency: (y.revenue, y.cost) for y in years} == {
        "NOK": (Decimal("1200.10"), Decimal("700.00")),
        "EUR": (Decimal("7.00"), Decimal("100.00")),
    }
    assert not StaleYear.objects.exists()


def test_a_year_without_facts_goes_away(cast):
    services.refresh_account_years()
    SalesFact.objects.filter(account=cast.account).delete()
    services.refresh_account_years()
    assert not AccountYear.objects.filter(account=cast.account).exists()
    assert AccountYear.objects.filter(account=cast.foreign).exists()


def test_figures_are_in_company_currency(cast, batch):
    services.refresh_account_years()
    figures = AccountFigures.objects.get(account=cast.account)
    assert figures.year == company_year().year == YEAR
    assert (figures.revenue, figures.margin) == (Decimal("87.50"), Decimal("35.00"))
    assert AccountFigures.objects.get(account=cast.child).revenue is None


def test_an_amount_without_a_rate_is_named_and_not_summed(cast, batch):
    services.record_sales_facts([fact(cast, currency="SEK", revenue=5)], batch)
    services.refresh_account_years()
    figures = AccountFigures.objects.get(account=cast.account)
    assert figures.revenue == Decimal("87.50")
    assert figures.no_rate == ["SEK"]
    assert figures.mixed


def test_currencies_without_a_rate_are_named_once_and_in_order(cast, batch):
    before = JAN.replace(year=YEAR - 1)
    rows = [fact(cast, currency=c, month=m) for c in ("USD", "SEK") for m in (before, JAN)]
    services.record_sales_facts(rows, batch)
    services.refresh_account_years()
    assert AccountFigures.objects.get(account=cast.account).no_rate == ["SEK", "USD"]
    assert AccountFigures.objects.get(account=cast.child).no_rate == []


def written(account):
    """Which transactions wrote or locked the account's sums, by currency."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT currency, ARRAY[xmin::text, xmax::text] FROM accounts_accountyear"
            " WHERE account_id = %s",
            [account.pk],
        )
        return dict(cursor.fetchall())


def test_a_sum_that_stays_is_neither_written_nor_locked(cast, batch):
    services.record_sales_facts([fact(cast), fact(cast, currency="EUR")], batch)
    services.refresh_account_years()
    before = written(cast.account)
    services.record_sales_facts([fact(cast, currency="EUR", revenue=7)], batch)
    services.refresh_account_years()
    after = written(cast.account)
    assert after["NOK"] == before["NOK"]
    assert after["EUR"] != before["EUR"]


def test_who_brings_many_facts_refreshes_for_all(cast, batch, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as after_commit:
        services.record_sales_facts([fact(cast)], batch, refresh=False)
    assert after_commit == []
    assert StaleYear.objects.filter(account_id=cast.account.pk).exists()


def test_a_changed_rate_changes_the_figures(cast):
    services.refresh_account_years()
    BudgetRate.objects.update(rate=Decimal("0.1"))
    services.refresh_account_years()
    assert AccountFigures.objects.get(account=cast.account).revenue == Decimal("100.00")


def test_another_calendar_rebuilds_every_year(cast):
    services.refresh_account_years()
    company = Company.objects.get()
    company.fiscal_year_start = 4
    company.save()
    services.refresh_account_years()
    # January YEAR lies in the fiscal year April YEAR-1 to March YEAR, which is named YEAR.
    assert list(AccountYear.objects.values_list("year", flat=True)) == [YEAR, YEAR]
    company.fiscal_year_start = 12
    company.save()
    SalesFact.objects.filter(account=cast.account).update(month=date(YEAR, 12, 1))
    services.refresh_account_years()
    assert AccountYear.objects.get(account=cast.account).year == YEAR + 1


def test_a_limit_leaves_the_rest_for_later(cast):
    services.refresh_account_years()
    for month in (JAN, FEB):
        SalesFact.objects.create(
            account=cast.child, product=cast.product, month=month, currency="NOK", revenue=1
        )
    assert services.refresh_account_years(1) == 1
    assert StaleYear.objects.count() == 1


def test_all_marks_of_an_account_go_at_once_when_there_are_many(cast, monkeypatch):
    services.refresh_account_years()
    monkeypatch.setattr("accounts.services.sales.AT_A_TIME", 1)
    for month in range(2, 8):
        SalesFact.objects.create(
            account=cast.account,
            product=cast.product,
            month=date(YEAR, month, 1),
            currency="NOK",
            revenue=1,
        )
    assert services.refresh_account_years() == 6
    assert AccountYear.objects.get(account=cast.account).revenue == Decimal("1006.00")
    assert not StaleYear.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_refreshers_at_once_lose_no_fact(cast):
    """The first holds its marks and the account's lock while a new fact arrives: both count."""
    services.refresh_account_years()
    SalesFact.objects.filter(account=cast.account).update(revenue=2000)
    started, go_on = threading.Event(), threading.Event()
    done = []

    def refresh() -> None:
        started.set()
        done.append(services.refresh_account_years())
        connections.close_all()

    with transaction.atomic(), connection.cursor() as cursor:
        # Somebody else is in the middle of this account's figures.
        cursor.execute(
            "SELECT 1 FROM accounts_accountfigures WHERE account_id = %s FOR UPDATE",
            [cast.account.pk],
        )
        first = threading.Thread(target=refresh)
        first.start()
        started.wait(5)
        go_on.wait(0.5)  # the thread has taken its marks and waits for the lock
        SalesFact.objects.create(
            account=cast.account, product=cast.product, month=FEB, currency="NOK", revenue=500
        )
    first.join(10)
    second = threading.Thread(target=refresh)
    second.start()
    second.join(10)
    assert AccountYear.objects.get(account=cast.account).revenue == Decimal("2500.00")
    assert sum(done) >= 2


@pytest.mark.django_db(transaction=True)
def test_many_refreshers_and_writers_end_with_the_true_sum(cast):
    def write(month: int) -> None:
        SalesFact.objects.create(
            account=cast.account,
            product=cast.product,
            month=date(YEAR, month, 1),
            currency="NOK",
            revenue=month,
        )
        services.refresh_account_years()
        connections.close_all()

    threads = [threading.Thread(target=write, args=(m,)) for m in range(2, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    services.refresh_account_years()
    assert AccountYear.objects.get(account=cast.account).revenue == 1000 + sum(range(2, 10))


def test_a_new_account_has_its_row_of_figures(cast):
    account = Account.objects.create(name="New")
    assert account.figures.year == 0
    services.refresh_account_years()
    account.figures.refresh_from_db()
    assert account.figures.year == company_year().year


# --- the single facts ----------------------------------------------------------------------------
def test_the_facts_are_shown_without_what_their_import_reported(cast, batch):
    services.record_sales_facts([fact(cast)], batch)
    client = cast.client("kam")
    with CaptureQueriesContext(connection) as queries:
        page = client.get(reverse("accounts:sales_list", args=[cast.account.pk]))
    assert "may.csv" in page.content.decode()
    assert not [q["sql"] for q in queries if '"report"' in q["sql"]]
