"""The roll-up over the API: scope, figures with their lines and rates, PDF."""

from decimal import Decimal

import pytest

from plans.services.portfolios import refresh_portfolios

YEAR = "?year=2026"


@pytest.fixture(autouse=True)
def _figures(cast):
    refresh_portfolios()


@pytest.mark.parametrize(
    ("name", "path", "status"),
    [
        ("management", "company/", 200),
        ("administrator", "company/", 200),
        ("service", "company/", 200),
        ("leader", "company/", 404),
        ("kam", "company/", 404),
        ("leader", "own/", 200),
        ("leader", "team/{north}/", 200),
        ("leader", "team/{south}/", 404),
        ("region_leader", "team/{south}/", 200),
        ("kam", "team/{north}/", 404),
        ("kam", "kam/{kam}/", 200),
        ("kam", "kam/{other_kam}/", 404),
        ("leader", "kam/{kam}/", 200),
        ("south_leader", "kam/{kam}/", 404),
        ("contributor", "account/{account}/", 200),
        ("other_kam", "account/{account}/", 404),
        ("leader", "unowned/", 404),
        ("management", "unowned/", 200),
        ("management", "galaxy/", 404),
    ],
)
def test_who_opens_which_level(api, cast, name, path, status):
    keys = {key: getattr(cast, key).pk for key in ("north", "south", "kam", "other_kam", "account")}
    client = api(name)
    for page in ("", "lines/"):
        response = client.call("get", f"rollups/{path.format(**keys)}{page}{YEAR}")
        assert response.status_code == status, response.content


def test_the_company_is_the_sum_of_its_lines_at_their_rates(api, cast):
    client = api("management")
    company = client.call("get", f"rollups/company/{YEAR}").json()
    assert company["currency"] == "EUR"
    assert company["figures"]["actual"] == "587.50"  # NOK 1,000 × 0.0875 + EUR 500
    assert company["figures"]["target"] == "105.00"  # NOK 1,200 × 0.0875
    assert company["counts"]["accounts"] == 4
    lines = client.call("get", f"rollups/company/lines/{YEAR}").json()["results"]
    assert sum(Decimal(line["converted"]) for line in lines) == Decimal("587.50")
    assert {line["rate"] for line in lines} == {"0.08750000", "1.00000000"}


def test_a_line_without_a_rate_is_named_and_in_no_sum(api, cast):
    cast.account.sales_facts.update(currency="PLN")
    refresh_portfolios()
    client = api("management")
    company = client.call("get", f"rollups/company/{YEAR}").json()
    assert company["figures"]["actual"] == "500.00"
    assert company["figures"]["missing"] == [
        {"year": 2026, "measure": "actual", "currency": "PLN", "amount": "1000.00"}
    ]


@pytest.mark.parametrize("query", ["year=0043", "year=x", "year=20266", "month=2025-13"])
def test_an_impossible_period_is_refused(api, cast, query):
    response = api("management").call("get", f"rollups/company/lines/?{query}")
    assert response.status_code == 400


def test_the_plan_comes_as_pdf_to_those_who_see_it(api, cast):
    response = api("kam").call("get", f"plans/{cast.plan.pk}/pdf/")
    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF-")
    assert api("other_kam").call("get", f"plans/{cast.plan.pk}/pdf/").status_code == 404


def test_a_portfolio_comes_as_pdf(api, cast):
    response = api("kam").call("get", f"rollups/kam/{cast.kam.pk}/pdf/{YEAR}")
    assert response.content.startswith(b"%PDF-")
    assert api("other_kam").call("get", f"rollups/kam/{cast.kam.pk}/pdf/").status_code == 404
