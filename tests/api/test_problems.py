"""Whatever goes wrong under ``/api/``, the answer is a problem in JSON, never a page."""

import json

import pytest
from django.db import OperationalError
from django.test import Client


def problem_of(response, status):
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    body = json.loads(response.content)
    assert body["status"] == status
    assert all(body[name] for name in ("title", "detail", "errors"))
    assert body["type"].startswith("urn:kam:")
    return body


@pytest.mark.parametrize(
    "path",
    [
        "accounts/abc/",
        "plans/1x/submit/",
        "nowhere/",
        "rollups/nobody/x/",
        "accounts/99999999999999999999/",
        "accounts/999999999/",
    ],
)
@pytest.mark.parametrize("method", ["get", "post", "patch"])
def test_what_is_not_there_is_a_problem(api, path, method):
    response = api("kam").call(method, path, {} if method != "get" else None)
    if response.status_code == 405 and method == "post":  # the row's own address takes no POST
        return
    assert problem_of(response, 404)["errors"][0]["code"] == "not_found"


def test_so_it_is_for_nobody_in_particular(db):
    problem_of(Client().get("/api/v1/nowhere/"), 404)
    problem_of(Client().get("/api/v2/accounts/"), 404)
    problem_of(Client().get("/api"), 404)
    problem_of(Client().get("/api/v1/accounts/"), 401)


def test_the_answer_says_the_language_that_it_is_in(api, cast):
    cast.kam.language = "nb"
    cast.kam.save(update_fields=["language"])
    response = api("kam").get("/api/v1/accounts/999999999/", headers={"Accept-Language": "sv"})
    assert (response["Content-Language"], response.json()["detail"]) == ("nb", "Ikke funnet.")


def test_a_nul_in_the_address_is_a_problem(api):
    problem_of(api("kam").get("/api/v1/accounts/?q=%00"), 400)
    problem_of(api("kam").get("/api/v1/acc%00ounts/"), 400)


def test_what_is_not_for_the_caller_is_a_problem(api, cast):
    problem_of(api("contributor").call("post", f"plans/{cast.plan.pk}/close/"), 403)


@pytest.mark.parametrize(("error", "status"), [(ZeroDivisionError, 500), (OperationalError, 503)])
@pytest.mark.parametrize(
    "place", ["kam.auth.ShellBackend.get_user", "accounts.api.AccountViewSet.list"]
)
def test_a_fault_of_ours_is_a_problem_before_and_in_a_view(cast, monkeypatch, place, error, status):
    def broken(*_args, **_kwargs):
        raise error("secret words")

    client = cast.client("kam")
    client.raise_request_exception = False
    monkeypatch.setattr(place, broken)
    response = client.get("/api/v1/accounts/")
    assert b"secret words" not in response.content
    problem_of(response, status)
    assert response.headers.get("Retry-After") == ("10" if status == 503 else None)


def test_pages_stay_pages(cast):
    assert b"<html" in cast.client("kam").get("/nowhere/").content
