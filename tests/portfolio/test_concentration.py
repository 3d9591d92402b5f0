"""Concentration pages: the database's sums against the pure ones, groups, rates, scope, loss."""

import json
import random
from datetime import UTC, date, datetime, time
from decimal import Decimal as D  # noqa: N817
from io import BytesIO, StringIO
from typing import Any

import pgtrigger
import pytest
from django.core.management import call_command
from django.urls import reverse
from pypdf import PdfReader

from accounts.models import Account, AccountYear, SalesFact
from kam.models import AuditEntry
from kam.periods import company_year
from plans.models import PortfolioMonth
from portfolio import concentration as figures
from portfolio import loss, white_space
from portfolio.calc.concentration import concentration
from portfolio.calc.retention import bridge, key_bridge
from portfolio.models import HoursSpent, LineEstimate, PortfolioSettings, ServiceCost
from tests.conftest import YEAR

pytestmark = pytest.mark.django_db


def sold(account, revenue, year=YEAR, currency="EUR", cost=0):
    return AccountYear.objects.create(
        account=account, year=year, currency=currency, revenue=revenue, cost=cost, volume=0
    )


def of(user, *years, accounts=None):
    found = figures.concentration_of(figures.Portfolio(user, accounts), list(years or [YEAR]))
    return found[YEAR] if not years else found


def customers(count, seed=3):
    dice = random.Random(seed)
    accounts = Account.objects.bulk_create(Account(name=f"Mill {i}") for i in range(count))
    values = {}
    for account in accounts:
        pair = (D(dice.randrange(-200, 5000)), D(dice.randrange(-200, 5000)))
        values[account.pk] = pair
        sold(account, pair[0], YEAR - 1)
        sold(account, pair[1], YEAR)
    return values


def test_the_database_and_the_pure_sums_agree(cast):
    values = customers(150)
    pure = concentration([now for _before, now in values.values()])
    found = of(cast.management)
    assert (found.customers, found.zero, found.negative) == (
        pure.customers, pure.zero, pure.negative,
    )  # fmt: skip
    assert (found.total, found.negative_sum) == (pure.total, pure.negative_sum)
    assert found.hhi == pytest.approx(float(pure.hhi), rel=1e-12)
    assert found.gini == pytest.approx(float(pure.gini), rel=1e-9)
    for top in figures.TOPS:
        assert found.tops[top] == pytest.approx(float(pure.top(top)), rel=1e-12)
    assert found.makers == pure.makers_of(D("0.8"))
    assert [n for n, _share in found.curve] == [p.customers for p in pure.curve()]
    assert [share for _n, share in found.curve] == pytest.approx(
        [float(p.share) for p in pure.curve()]
    )


def test_the_bridge_of_the_database_is_the_pure_one(cast):
    values = customers(150)
    assert figures.bridge_of(figures.Portfolio(cast.management), YEAR).all == bridge(
        values.values()
    )


def marked(account, is_key, at):
    """The key mark of an account as if it had been changed on a day."""
    Account.objects.filter(pk=account.pk).update(is_key_account=is_key)
    event = Account.events.rel.related_model.objects.filter(pgh_obj=account).latest("pgh_id")
    moment = datetime.combine(at, time(12), UTC)
    with pgtrigger.ignore():
        type(event).objects.filter(pk=event.pk).update(pgh_created_at=moment)
    AuditEntry.objects.filter(model="accounts.account", event_id=event.pk).update(at=moment)


def test_new_key_accounts_are_those_won_in_the_year_not_todays(cast):
    """By the history of the mark: who became one before, in, or after the year."""
    mills = [Account.objects.create(name=f"Mill {i}") for i in range(5)]
    early, won, ended, later, came = mills
    long_ago = datetime(YEAR - 3, 1, 1, tzinfo=UTC)
    with pgtrigger.ignore():
        Account.events.rel.related_model.objects.update(pgh_created_at=long_ago)
    Account.objects.filter(pk=came.pk).delete()
    came = Account.objects.create(name="Came as one", is_key_account=True)
    marked(early, True, date(YEAR - 1, 6, 1))
    marked(won, True, date(YEAR, 2, 1))
    marked(ended, True, date(YEAR - 1, 6, 1))
    marked(ended, False, date(YEAR, 2, 1))
    marked(later, True, date(YEAR + 1, 2, 1))
    for mill in (early, won, ended, later):
        sold(mill, 100, YEAR - 1)
        sold(mill, 130, YEAR)
    sold(came, 50, YEAR)
    found = figures.bridge_of(figures.Portfolio(cast.management), YEAR)
    assert found.key.adds_up
    assert (found.key.start, found.key.end) == (200, 310)
    changes = {name: (step.customers, step.change) for name, step in found.key.steps.items()}
    assert changes == {
        "new": (2, 180), "growth": (1, 30), "decline": (0, 0), "lost": (1, -100),
        "corrections": (0, 0),
    }  # fmt: skip
    assert found.key.retention == D("1.3")
    assert found.won == (won.pk,)
    assert found.key == key_bridge(
        [(D(100), D(130), True, True), (D(100), D(130), False, True), (D(100), D(130), True, False),
         (D(100), D(130), False, False), (D(0), D(50), True, True)]
    )  # fmt: skip
    page = cast.client("management").get(
        reverse("portfolio:concentration_bridge", query={"year": YEAR})
    )
    assert "Became key accounts in the year: <a" in page.content.decode()


def test_the_trend_takes_the_key_accounts_of_each_year(cast):
    """Who is a key account today was none three years ago; who was one then is none today."""
    mills = [Account.objects.create(name=f"Mill {i}") for i in range(3)]
    with pgtrigger.ignore():
        Account.events.rel.related_model.objects.update(
            pgh_created_at=datetime(YEAR - 4, 1, 1, tzinfo=UTC)
        )
    became, ended, _never = mills
    marked(ended, True, date(YEAR - 3, 5, 1))
    marked(became, True, date(YEAR - 1, 5, 1))
    marked(ended, False, date(YEAR - 1, 6, 1))
    for mill, revenue in zip(mills, (20, 30, 50), strict=True):
        for year in (YEAR - 2, YEAR - 1, YEAR):
            sold(mill, revenue, year)
    found = of(cast.management, YEAR - 2, YEAR - 1, YEAR)
    assert {year: one.key_share for year, one in found.items()} == {
        YEAR - 2: pytest.approx(0.3), YEAR - 1: pytest.approx(0.2), YEAR: pytest.approx(0.2),
    }  # fmt: skip
    assert [customer.is_key for customer in found[YEAR - 2].largest] == [False, True, False]


def test_accounts_of_one_group_are_one_customer(cast):
    sold(cast.account, 300)
    sold(cast.child, 300)
    sold(cast.foreign, 400)
    found = of(cast.management)
    assert (found.customers, round(found.tops[1], 9)) == (2, 0.6)
    assert found.largest[0].top == cast.account.pk


def test_amounts_are_converted_and_a_currency_without_a_rate_is_named(cast):
    sold(cast.account, 1000, currency="NOK")
    sold(cast.foreign, 50)
    sold(cast.unowned, 77, currency="USD")
    found = of(cast.management)
    assert found.total == D("137.5")  # NOK at 0.0875
    assert found.missing == {"USD": D(77)}
    html = cast.client("management").get(reverse("portfolio:concentration", query={"year": YEAR}))
    assert "USD 77" in html.content.decode()


@pytest.mark.parametrize(
    ("person", "total"),
    [("kam", 300), ("other_kam", 400), ("leader", 300), ("management", 710), ("outsider", 0)],
)
def test_each_person_counts_what_they_see(cast, person, total):
    sold(cast.account, 200)
    sold(cast.child, 100)
    sold(cast.foreign, 400)
    sold(cast.unowned, 10)
    assert of(getattr(cast, person)).total == total


def test_a_group_is_called_by_what_one_sees_of_it(cast):
    Account.objects.filter(pk=cast.account.pk).update(owner=cast.other_kam)
    sold(cast.child, 100)
    page = cast.client("kam").get(reverse("portfolio:concentration", query={"year": YEAR}))
    html = page.content.decode()
    assert "Fjord Shipyards Bergen" in html
    assert "Fjord Shipyards<" not in html


def test_net_negative_customers_are_left_out_and_said(cast):
    sold(cast.account, 100)
    sold(cast.foreign, -40)
    page = cast.client("management").get(reverse("portfolio:concentration", query={"year": YEAR}))
    assert page.context["found"].tops[1] == 1
    assert "1 customer has net negative revenue" in page.content.decode()


def test_shares_stand_against_the_thresholds_in_words(cast):
    sold(cast.account, 80)
    sold(cast.foreign, 20)
    settings = PortfolioSettings.current()
    page = cast.client("management").get(reverse("portfolio:concentration", query={"year": YEAR}))
    notes = {figure["label"]: figure["note"] for figure in page.context["figures"]}
    assert notes["Key accounts' share"] == "dependence: above 75 %"
    assert notes["Largest customer"] == "dependence: above 75 %"
    PortfolioSettings.objects.filter(pk=settings.pk).update(dependence_warning=90)
    page = cast.client("management").get(reverse("portfolio:concentration", query={"year": YEAR}))
    notes = {figure["label"]: figure["note"] for figure in page.context["figures"]}
    assert notes["Key accounts' share"] == "above the normal 30–55 %"
    assert notes["Largest customer"] == "notice: from 10 % on"


def test_where_nobody_can_be_there_is_nothing(cast):
    sold(cast.account, 80)
    found = of(cast.management, accounts=Account.objects.none())
    assert (found.customers, found.hhi, found.missing) == (0, None, {})
    assert of(None).customers == 0
    accounts = Account.objects.none()
    assert figures.bridge_of(figures.Portfolio(cast.management, accounts), YEAR).all.end == 0


def test_filters_narrow_the_portfolio(cast):
    sold(cast.account, 80)
    sold(cast.foreign, 20)
    client = cast.client("management")

    def total(**query):
        url = reverse("portfolio:concentration", query={"year": YEAR, **query})
        return client.get(url).context["found"].total

    assert total(team=cast.north.pk) == 80
    assert total(owner=cast.other_kam.email) == 20
    assert total(is_key_account="no") == 20


def test_what_is_kept_is_computed_anew_when_facts_change(cast):
    client = cast.client("management")
    url = reverse("portfolio:concentration", query={"year": YEAR})
    SalesFact.objects.all().delete()
    sold(cast.account, 80)
    from accounts.services import refresh_account_years

    refresh_account_years()
    SalesFact.objects.create(
        account=cast.foreign, product=cast.product, month=date(YEAR, 2, 1), currency="EUR",
        revenue=20,
    )  # fmt: skip
    refresh_account_years()
    assert client.get(url).context["found"].customers == 1
    SalesFact.objects.create(
        account=cast.unowned, product=cast.product, month=date(YEAR, 2, 1), currency="EUR",
        revenue=30,
    )  # fmt: skip
    refresh_account_years()
    assert client.get(url).context["found"].customers == 2


def test_a_loss_is_told_by_revenue_contribution_and_kam(cast):
    sold(cast.account, 300, cost=100)
    sold(cast.child, 100, cost=20)
    sold(cast.foreign, 600, cost=300)
    other = Account.objects.create(name="Kari's other", owner=cast.kam)
    sold(other, 400, cost=0)
    ServiceCost.objects.create(
        account=cast.account, month=date(YEAR, 1, 1), kind="logistics", currency="EUR", amount=30
    )
    HoursSpent.objects.create(
        account=cast.foreign, user=cast.other_kam, week=date(YEAR, 1, 5), hours=10
    )
    settings = PortfolioSettings.current()
    settings.hourly_cost = 5
    settings.save()
    cast.child.refresh_from_db()  # its path is set by the database
    found = loss.what_if_lost(cast.management, cast.child, company_year(YEAR))
    assert (found.revenue, found.revenue_all) == (400, 1400)
    assert (found.contribution, found.contribution_all) == (250, 900)
    (owner,) = found.owners
    assert (owner.owner, owner.revenue, owner.portfolio, owner.share) == (
        cast.kam, 400, 800, D("0.5"),
    )  # fmt: skip
    html = cast.client("management").get(
        reverse("portfolio:what_if_lost", args=[cast.account.pk], query={"year": YEAR})
    )
    assert "400" in html.content.decode()


def test_a_loss_is_told_by_what_is_left_of_the_target(cast):
    sold(cast.account, 300)
    other = Account.objects.create(name="Kari's other", owner=cast.kam)
    sold(other, 100)
    months = PortfolioMonth.objects.filter(owner=cast.kam)
    months.delete()
    months.create(owner=cast.kam, month=date(YEAR, 3, 1), currency="EUR", target_revenue=500)
    months.create(owner=cast.kam, month=date(YEAR + 1, 3, 1), currency="EUR", target_revenue=900)

    cast.account.refresh_from_db()  # its path is set by the database

    def told() -> Any:
        (one,) = loss.what_if_lost(cast.kam, cast.account, company_year(YEAR)).owners
        return one.target, one.attainment, one.attainment_without

    assert told() == (500, D("0.8"), D("0.2"))
    url = reverse("api:what-if-lost", args=[cast.account.pk], query={"year": YEAR})
    (owner,) = cast.client("kam").get(url).json()["owners"]
    assert (owner["attainment"], owner["attainment_without"]) == (0.8, 0.2)
    page = reverse("portfolio:what_if_lost", args=[cast.account.pk], query={"year": YEAR})
    assert "20.0\xa0%" in cast.client("kam").get(page).content.decode()
    months.create(owner=cast.kam, month=date(YEAR, 4, 1), currency="CNY", target_revenue=1)
    assert told() == (None, None, None)  # a share of what can be converted would mislead


def test_white_space_is_by_line_and_never_below_zero(cast):
    today = date(YEAR, 2, 10)
    LineEstimate.objects.create(
        account=cast.foreign, line=cast.line, currency="EUR", wallet=2000, source="x", as_of=today
    )
    LineEstimate.objects.create(
        account=cast.account, line=cast.line, currency="NOK", wallet=100, source="x", as_of=today
    )
    from kam.money import rates_for

    portfolio = figures.Portfolio(cast.management)
    found = white_space.white_space(portfolio, today, rates_for(YEAR))
    rows = {row.account: row for row in found.rows}
    assert rows[cast.foreign].white_space == 1500
    assert rows[cast.foreign].share == D("0.25")
    assert rows[cast.account].white_space == 0
    assert rows[cast.foreign].penetration == 1
    assert found.exact


@pytest.mark.parametrize(
    ("name", "queries"),
    [
        ("concentration", 8),  # person, mark, key marks, facts, rates, settings, names
        ("concentration_trend", 9),  # person, mark, key marks, facts, five years' rates
        ("concentration_bridge", 7),  # person, mark, marks, facts, two years' rates, who was won
        ("white_space", 8),
    ],
)
def test_pages_make_few_queries_for_few_and_for_many(
    cast, name, queries, django_assert_max_num_queries
):
    SalesFact.objects.all().delete()
    url = reverse(f"portfolio:{name}", query={"year": YEAR})
    client = cast.client("management")
    client.get(url)
    customers(60)
    with django_assert_max_num_queries(queries):
        assert client.get(url).status_code == 200


def test_the_pdf_holds_the_pages_figures_with_filters_and_date(cast):
    sold(cast.account, 80)
    sold(cast.foreign, 20)
    client = cast.client("management")
    url = reverse("portfolio:concentration_pdf", query={"year": YEAR, "team": cast.north.pk})
    answer = client.get(url)
    assert answer["Content-Type"] == "application/pdf"
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages)
    for words in ("Fjord Shipyards", "Team", str(cast.north), f"Fiscal year {YEAR}", "Gini"):
        assert words in text
    assert "Skåne Foods" not in text
    assert client.get(reverse("portfolio:concentration_pdf") + "?team=99999").status_code == 400
    page = client.get(reverse("portfolio:concentration", query={"year": YEAR}))
    assert reverse("portfolio:concentration_pdf") in page.content.decode()


def test_the_command_prints_json(cast):
    sold(cast.account, 60)
    sold(cast.foreign, 40)
    sold(cast.foreign, 100, YEAR - 1)
    out = StringIO()
    call_command("concentration", "--year", str(YEAR), "--json", stdout=out)
    data = json.loads(out.getvalue())
    assert (data["customers"], data["revenue"], data["hhi_10000"]) == (2, "100.00", 5200.0)
    assert data["largest"][0]["name"] == "Fjord Shipyards"
    assert data["bridge"]["all"]["net_revenue_retention"] == 0.4
    assert data["bridge"]["all"]["new"] == {"customers": 1, "change": "60.00"}


def test_the_api_gives_the_same_figures_as_the_command(cast):
    sold(cast.account, 60)
    sold(cast.foreign, 40)
    client = cast.client("kam")
    data = client.get(reverse("api:concentration", query={"year": YEAR})).json()
    assert (data["revenue"], data["top_shares"]["1"]) == ("60.00", 1.0)
    assert client.get(reverse("api:concentration", query={"yaer": 1})).status_code == 400
    assert client.get(reverse("api:concentration", query={"year": "x"})).status_code == 400
    lost = reverse("api:what-if-lost", args=[cast.account.pk], query={"year": YEAR})
    assert client.get(lost).json()["revenue_share"] == 1.0
