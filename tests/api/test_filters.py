"""Filters over the API: by id or by what people know a row by, and nothing that is not known."""

import pytest
from django.urls import reverse

from accounts import services
from accounts.models import Account, Contact
from kam.models import User


def numbers(answer) -> set[str]:
    assert answer.status_code == 200, answer.json()
    return {row["number"] for row in answer.json()["results"]}


def test_accounts_by_owner(api, cast):
    client = api("administrator")
    for who in (cast.other_kam.pk, "odd.other@example.com", "Odd Other"):
        assert numbers(client.call("get", f"accounts/?owner={who}")) == {"B1"}


def test_the_accounts_of_somebody_who_left_are_found_by_id(api, cast):
    User.objects.filter(pk=cast.other_kam.pk).update(is_active=False)
    answer = api("administrator").call("get", f"accounts/?owner={cast.other_kam.pk}")
    assert numbers(answer) == {"B1"}


def test_accounts_by_parent_and_number(api, cast):
    client = api("kam")
    for parent in (cast.account.pk, "A1", "Fjord Shipyards"):
        assert numbers(client.call("get", f"accounts/?parent={parent}")) == {"A2"}
    assert numbers(client.call("get", "accounts/?number=A1")) == {"A1"}


def test_digits_are_an_id_also_where_a_number_is_all_digits(api, cast):
    """Two accounts, each with the other's id for a number: no answer is a guess."""
    Account.objects.filter(pk=cast.account.pk).update(number=str(cast.foreign.pk))
    Account.objects.filter(pk=cast.foreign.pk).update(number=str(cast.account.pk))
    Contact.objects.update(number=None)
    client = api("administrator")

    def names(query: str) -> list[str]:
        return [row["name"] for row in client.call("get", f"contacts/?{query}").json()["results"]]

    assert names(f"account={cast.account.pk}") == ["Brit Buyer"]
    assert names(f"account_number={cast.account.pk}") == ["Dag Decider"]
    assert names(f"account=Fjord Shipyards ({cast.foreign.pk})") == ["Brit Buyer"]
    plans = client.call("get", f"plans/?account={cast.account.pk}").json()["results"]
    assert [row["id"] for row in plans] == [cast.plan.pk]
    plans = client.call("get", f"plans/?account_number={cast.account.pk}").json()["results"]
    assert [row["id"] for row in plans] == [cast.foreign_plan.pk]


def test_on_pages_digits_are_a_number(cast):
    Account.objects.filter(pk=cast.account.pk).update(number=str(cast.foreign.pk))
    page = cast.client("administrator").get("/accounts/contacts/", {"account": cast.foreign.pk})
    text = page.content.decode()
    assert "Brit Buyer" in text
    assert "Dag Decider" not in text


def test_contacts_by_holder_and_plans_by_owner(api, cast):
    services.change_contact(cast.contact, {"holder": cast.kam})
    client = api("kam")
    for who in (cast.kam.pk, "kari.kam@example.com"):
        rows = client.call("get", f"contacts/?holder={who}").json()["results"]
        assert [row["id"] for row in rows] == [cast.contact.pk]
        rows = client.call("get", f"plans/?owner={who}").json()["results"]
        assert [row["id"] for row in rows] == [cast.plan.pk]


@pytest.mark.parametrize("asked", ["0", "9" * 17, "9" * 30, "9" * 5000])
def test_an_id_that_nobody_has_is_named(api, cast, asked):
    answer = api("kam").call("get", f"accounts/?owner={asked}")
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["attr"] == "owner"
    assert "There is nothing with the id" in error["detail"]


def test_the_id_of_an_account_that_one_does_not_see_is_no_id(api, cast):
    answer = api("kam").call("get", f"contacts/?account={cast.foreign.pk}")
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("accounts/", {"owner", "number", "cursor", "page_size", "format"}),
        ("industries/", {"cursor", "page_size", "format"}),
        ("sales-facts/", {"month__gte", "account"}),
        ("notifications/", {"kind"}),
        ("rollups/company/", {"year", "format"}),
        ("rollups/company/lines/", {"show", "after"}),
        ("rollups/company/pdf/", {"year"}),
    ],
)
def test_an_unknown_parameter_is_refused_with_those_that_are_known(api, cast, path, known):
    answer = api("administrator").call("get", f"{path}?yaer=2026")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    (error,) = problem["errors"]
    assert (error["code"], error["attr"]) == ("unknown_parameter", "yaer")
    assert problem["status"] == 400
    assert known <= set(problem["known"])
    assert all(name in error["detail"] for name in known)


def test_what_a_list_knows_is_taken(api, cast):
    client = api("administrator")
    query = "q=fjord&page_size=1&format=json&archived=all&is_key_account=&level="
    first = client.call("get", f"accounts/?{query}").json()
    assert client.get(first["next"]).status_code == 200


@pytest.mark.parametrize("asked", ["abc", "-1", "0", "501", "9" * 30, "1.5", "٣", "%201"])
@pytest.mark.parametrize("path", ["accounts/", "industries/"])
def test_a_page_size_that_is_none_is_refused(api, cast, path, asked):
    answer = api("administrator").call("get", f"{path}?page_size={asked}")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    (error,) = answer.json()["errors"]
    assert (error["code"], error["attr"]) == ("invalid", "page_size")
    assert error["detail"] == "Rows on a page: 1 to 500."


def test_page_sizes_at_their_limits_and_an_empty_one_are_taken(api, cast):
    client = api("administrator")
    assert len(client.call("get", "accounts/?page_size=1").json()["results"]) == 1
    for asked in ("500", ""):
        answer = client.call("get", f"accounts/?page_size={asked}")
        assert len(answer.json()["results"]) == Account.objects.count()


def test_pages_leave_unknown_parameters_alone(cast):
    page = cast.client("kam").get("/accounts/", {"utm_source": "mail"})
    assert page.status_code == 200
    assert "Fjord Shipyards" in page.content.decode()


def test_the_schema_says_what_is_taken(api, cast):
    schema = api("kam").get(reverse("api:schema"), {"format": "json"}).json()
    parameters = {p["name"]: p for p in schema["paths"]["/api/v1/accounts/"]["get"]["parameters"]}
    assert {t["type"] for t in parameters["owner"]["schema"]["anyOf"]} == {"integer", "string"}
    assert "Digits alone are an id." in parameters["owner"]["description"]
    assert {"parent", "number"} <= set(parameters)
    assert parameters["page_size"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 500}
    assert "known" in schema["components"]["schemas"]["Problem"]["properties"]
