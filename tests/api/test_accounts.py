"""Customers over the API: scope, field errors, circles, facts pushed by other systems."""

import json
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from accounts import services
from accounts.models import Account, AccountYear, SalesFact
from kam.models import ImportBatch
from tests.kam.test_scoping import SEEN


@pytest.mark.parametrize("name", SEEN)
def test_each_role_lists_its_accounts(api, cast, name):
    rows = api(name).call("get", "accounts/").json()["results"]
    assert {row["number"] for row in rows} == SEEN[name]


@pytest.mark.parametrize(
    ("name", "status"),
    [("kam", 200), ("editor", 200), ("contributor", 403), ("management", 403), ("other_kam", 404)],
)
def test_who_changes_an_account(api, cast, name, status):
    response = api(name).call("patch", f"accounts/{cast.account.pk}/", {"employees": 7})
    assert response.status_code == status


def test_pages_are_linked_by_key(api, cast):
    client = api("administrator")
    first = client.call("get", "accounts/?page_size=3").json()
    assert len(first["results"]) == 3
    assert first["previous"] is None
    rest = client.get(first["next"]).json()
    assert len(rest["results"]) == 1
    assert rest["next"] is None


def test_errors_name_the_field(api, cast):
    response = api("administrator").call(
        "post", "accounts/", {"name": "", "level": "cosmic", "country": "XX"}
    )
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert {e["attr"] for e in problem["errors"]} == {"name", "level", "country"}
    assert problem["status"] == 400


def test_a_circle_is_refused(api, cast):
    response = api("kam").call("patch", f"accounts/{cast.account.pk}/", {"parent": cast.child.pk})
    assert response.status_code in (400, 409)
    cast.account.refresh_from_db()
    assert cast.account.parent is None


def test_a_duplicate_number_is_refused(api, cast):
    response = api("administrator").call("post", "accounts/", {"name": "Twin", "number": "A1"})
    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"] == "number"


def facts(cast, **changes):
    row = {
        "account": cast.account.pk,
        "product": cast.product.pk,
        "month": "2026-02-01",
        "currency": "NOK",
        "revenue": "250.50",
        "cost": "100.00",
        "volume": "3",
    }
    return {"rows": [row | changes]}


def test_facts_are_recorded_once_with_their_batch(api, cast, django_capture_on_commit_callbacks):
    client = api("service")
    with django_capture_on_commit_callbacks(execute=True):
        response = client.call("post", "sales-facts/", facts(cast))
    assert response.status_code == 201, response.json()
    assert {k: response.json()[k] for k in ("created", "changed", "unchanged")} == {
        "created": 1,
        "changed": 0,
        "unchanged": 0,
    }
    fact = SalesFact.objects.get(month="2026-02-01")
    assert json.loads(fact.batch.file.read())["rows"][0]["revenue"] == "250.50"
    assert fact.batch.created_by == cast.service
    year = AccountYear.objects.get(account=cast.account, year=2026, currency="NOK")
    assert year.revenue == Decimal("1250.50")
    again = client.call("post", "sales-facts/", facts(cast)).json()
    assert (again["created"], again["unchanged"]) == (0, 1)


@pytest.mark.parametrize(
    ("changes", "attr"),
    [
        ({"account": 10**15}, "rows.0.account"),
        ({"product": 10**15}, "rows.0.product"),
        ({"month": "2026-02-02"}, "rows.0.month"),
        ({"revenue": "1e99"}, "rows.0.revenue"),
        ({"currency": "XXX"}, "rows.0.currency"),
    ],
)
def test_a_bad_fact_refuses_the_whole_batch(api, cast, changes, attr):
    data = facts(cast)
    data["rows"] += facts(cast, month="2026-03-01")["rows"]
    data["rows"][0] |= changes
    before = SalesFact.objects.count()
    response = api("service").call("post", "sales-facts/", data)
    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"] == attr
    assert SalesFact.objects.count() == before
    assert not ImportBatch.objects.exists()


def test_a_kam_records_no_facts(api, cast):
    assert api("kam").call("post", "sales-facts/", facts(cast)).status_code == 403


def test_archive_and_restore(api, cast):
    client = api("leader")
    assert client.call("delete", f"accounts/{cast.child.pk}/").status_code == 204
    assert Account.objects.get(pk=cast.child.pk).archived_at is not None
    assert client.call("post", f"accounts/{cast.child.pk}/restore/").status_code == 204
    assert Account.objects.get(pk=cast.child.pk).archived_at is None


def test_an_archived_account_is_only_brought_back(api, cast):
    client, path = api("kam"), f"accounts/{cast.child.pk}/"
    assert client.call("delete", path).status_code == 204
    response = client.call("patch", path, {"employees": 7})
    assert response.status_code == 400
    assert "is archived. Restore it first." in response.content.decode()
    rows = Account.objects.filter(pk__in=[cast.account.pk, cast.child.pk])
    with pytest.raises(ValidationError, match="is archived"):
        services.change_accounts(rows, {"level": "global"})
    assert not rows.filter(level="global").exists()
    assert client.call("post", f"{path}restore/").status_code == 204
    assert client.call("patch", path, {"employees": 7}).status_code == 200


def test_a_contact_stays_at_its_account_with_those_who_report_to_it(api, cast):
    client = api("administrator")
    created = client.call("post", "contacts/", {"account": cast.account.pk, "name": "Siri"})
    assert created.status_code == 201
    path = f"contacts/{cast.contact.pk}/"
    asked = {"account": cast.foreign.pk, "title": "Buyer"}
    assert client.call("patch", path, asked).status_code == 200
    cast.contact.refresh_from_db()
    assert (cast.contact.account, cast.contact.title) == (cast.account, "Buyer")
