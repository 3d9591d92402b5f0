"""What a call sends: unknown names are refused by name; what a GET answered can be sent back."""

import pytest
from drf_spectacular.generators import SchemaGenerator

from accounts.models import Account, Contact
from plans.models import AccountPlan


def wrong(response):
    assert response.status_code == 400, response.content
    return {error["attr"]: error for error in response.json()["errors"]}


def test_an_unknown_field_is_named_and_nothing_is_written(api, cast):
    url = f"accounts/{cast.account.pk}/"
    response = api("kam").call("patch", url, {"employees": 77, "employes": 78})
    error = wrong(response)["employes"]
    assert error["code"] == "unknown_field"
    assert "employees" in error["detail"]
    assert "created_at" not in error["detail"]  # known, but nothing that one writes
    assert Account.objects.get(pk=cast.account.pk).employees != 77


def test_a_name_that_no_answer_can_hold_is_refused_too(api, cast):
    for url in ("contacts/", f"plans/{cast.plan.pk}/close/"):
        errors = wrong(api("kam").call("post", url, {"\ud800" * 200: 1}))
        assert errors["?" * 100]["code"] == "unknown_field"


def test_an_unknown_field_of_a_new_row_stands_beside_its_other_faults(api, cast):
    data = {"account": cast.account.pk, "name": "", "fax": "1"}
    errors = wrong(api("kam").call("post", "contacts/", data))
    assert set(errors) == {"fax", "name"}
    assert not Contact.objects.filter(account=cast.account, name="").exists()


def test_an_unknown_field_inside_a_list_is_named_with_its_place(api, cast):
    row = {
        "account": cast.account.pk,
        "product": cast.product.pk,
        "month": "2026-03-01",
        "currency": "NOK",
        "revenue": "1.00",
    }
    rows = [row, {**row, "month": "2026-04-01", "discount": "1"}]
    errors = wrong(api("service").call("post", "sales-facts/", {"rows": rows}))
    assert set(errors) == {"rows.1.discount"}


def test_what_was_set_when_the_row_was_made_may_be_sent_back_and_stays(api, cast):
    client = api("kam")
    url = f"plans/{cast.plan.pk}/"
    read = client.call("get", url).json()
    response = client.call("patch", url, {**read, "summary": "New words"})
    assert response.status_code == 200, response.content
    assert response.json()["summary"] == "New words"
    assert AccountPlan.objects.get(pk=cast.plan.pk).account_id == cast.account.pk


ROUND_TRIPS = {
    "accounts": lambda c: c.account,
    "contacts": lambda c: c.contact,
    "plans": lambda c: c.plan,
    "goals": lambda c: c.goal,
    "activities": lambda c: c.activity,
    "targets": lambda c: c.target,
    "target-months": lambda c: c.target.months.get(),
    "product-lines": lambda c: c.line,
    "products": lambda c: c.product,
    "users": lambda c: c.kam,
    "teams": lambda c: c.kam.team,
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_what_was_read_can_be_sent_back_as_a_whole(api, cast, name):
    row = ROUND_TRIPS[name](cast)
    client = api("administrator")
    url = f"{name}/{row.pk}/"
    read = client.call("get", url)
    response = client.call("patch", url, read.json(), **{"If-Match": read["ETag"]})
    assert response.status_code == 200, response.content
    assert response.json() == read.json()
    assert response["ETag"] == read["ETag"]  # nothing was changed


def test_of_an_approved_plan_what_is_reached_and_expected_is_sent_back_beside_the_aims(api, cast):
    AccountPlan.objects.filter(pk=cast.plan.pk).update(status="active")
    client = api("kam")
    url = f"goals/{cast.goal.pk}/"
    read = client.call("get", url).json()
    response = client.call("patch", url, {**read, "actual": "7.00"})
    assert response.status_code == 200, response.content
    assert client.call("patch", url, {**read, "target": "9.00"}).status_code == 400
    url = f"target-months/{cast.target.months.get().pk}/"
    read = client.call("get", url).json()
    response = client.call("patch", url, {**read, "forecast": "7.00"})
    assert response.status_code == 200, response.content
    assert client.call("patch", url, {**read, "revenue": "9.00"}).status_code == 400


DOCUMENT = SchemaGenerator(api_version="1").get_schema(request=None, public=True)
WRITES = [
    (path, method, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if method in ("post", "put", "patch")
]
BODILESS = [path for path, _method, operation in WRITES if "requestBody" not in operation]


@pytest.mark.parametrize("path", BODILESS)
def test_a_call_that_takes_no_body_refuses_one(api, cast, path):
    path = path.removeprefix("/api/v1/").replace("{id}", "1")
    assert set(wrong(api("administrator").call("post", path, {"note": "x"}))) == {"note"}


def test_an_empty_form_is_no_body_and_a_filled_one_is_not_read(api, cast):
    client = api("kam")
    address = f"/api/v1/plans/{cast.plan.pk}/submit/"
    assert client.post(address, {"note": "x"}).status_code == 415
    assert client.post(address).status_code == 200


def test_the_document_says_that_other_names_are_refused():
    assert len(WRITES) > 100
    for path, method, operation in WRITES:
        for content in operation.get("requestBody", {}).get("content", {}).values():
            name = content["schema"]["$ref"].rpartition("/")[2]
            schema = DOCUMENT["components"]["schemas"][name]
            assert schema["additionalProperties"] is False, (method, path, name)
            for field, described in schema.get("properties", {}).items():
                inner = described.get("items", described).get("$ref")
                if inner and "Enum" not in inner:
                    inner = DOCUMENT["components"]["schemas"][inner.rpartition("/")[2]]
                    assert inner["additionalProperties"] is False, (path, field)
