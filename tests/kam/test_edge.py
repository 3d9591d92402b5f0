"""What stands around every request: guards, headers, words for what went wrong."""

import json

import pytest
from django.db import OperationalError
from django.test import Client
from redis.exceptions import ConnectionError as RedisAway

HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize("path", ["/search/?q=%00", "/people/1/?x=a%00b", "/sear%00ch/"])
def test_nul_in_the_address_is_a_bad_request(cast, path):
    assert cast.client("kam").get(path).status_code == 400


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/preferences/", {"name": "a\x00b"}),
        ("/preferences/tokens/", {"name": "a\x00b", "days": "30"}),
        ("/act-for/", {"substitution": "\x00"}),
        ("/act-for/", {"substitution": "9" * 30}),
        ("/act-for/", {"substitution": "9" * 5000}),
        ("/accounts/", {"do": "delete_view", "view": "9" * 5000}),
        ("/accounts/", {"do": "bulk", "which": "ids", "ids": "9" * 5000}),
        ("/act-for/", {"substitution": "²"}),
        ("/history/accounts.account/1/restore/", {"field": "\x00", "event": "\x00"}),
        ("/substitutes/new/", {"starts_on": "0043-01-01", "ends_on": "\x00"}),
    ],
)
def test_nonsense_in_a_form_is_refused_and_never_an_error(cast, path, data):
    assert cast.client("kam").post(path, data).status_code in (400, 403, 404, 422)


@pytest.mark.parametrize("path", ["/people/99999999999999999999/", "/jobs/99999999999999999999/"])
def test_numbers_beyond_all_keys_are_not_found(cast, path):
    assert cast.client("kam").get(path).status_code == 404


@pytest.mark.parametrize(
    "day", ["0043-01-01", "1800-01-01", "9999-12-31", "2026-02-30", "x", "2026-01-01T00:00"]
)
def test_impossible_days_are_refused_in_words(cast, day):
    response = cast.client("kam").post(
        "/substitutes/new/",
        {"substitute": cast.leader.pk, "starts_on": day, "ends_on": day},
    )
    assert response.status_code == 422


def deep(levels):
    return "[" * levels + "]" * levels


@pytest.mark.parametrize("body", [deep(100_000), '{"name":' * 5000 + "1" + "}" * 5000, "{", "\x00"])
def test_json_that_cannot_be_read_is_a_bad_request(cast, body):
    from kam.models import ApiToken

    token = ApiToken.issue(cast.administrator, "x", may_write=True)[1]
    client = Client(headers={"Authorization": f"Bearer {token}"}, raise_request_exception=False)
    response = client.post("/api/v1/teams/", body, content_type="application/json")
    assert response.status_code == 400
    assert json.loads(response.content)["status"] == 400


# --- headers --------------------------------------------------------------------------------------
def test_the_content_policy_allows_nothing_inline(cast):
    policy = cast.client("kam").get("/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for part in ("script-src 'self'", "frame-ancestors 'none'", "form-action 'self'"):
        assert part in policy


def test_pages_of_a_person_are_kept_by_no_one_else(cast):
    response = cast.client("kam").get("/")
    assert response["Cache-Control"] == "private, no-cache"
    assert response["Content-Language"] == "en"
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/search/?q=x", "/notifications/", "/home/messages/"])
def test_fragments_say_that_they_differ_from_the_page(cast, path):
    client = cast.client("kam")
    for headers in ({}, HTMX):
        assert "HX-Request" in client.get(path, headers=headers)["Vary"]


def test_a_token_is_shown_to_no_cache(cast):
    response = cast.client("kam").post("/preferences/tokens/", {"name": "x", "days": "30"})
    assert "no-store" in response["Cache-Control"]


# --- words for what went wrong ------------------------------------------------------------------
def test_a_lost_session_never_puts_the_sign_in_page_into_a_page(db):
    assert Client().get("/notifications/", headers=HTMX).status_code == 401
    assert Client().get("/notifications/").status_code == 302


def test_a_form_without_its_token_says_so(cast):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.kam, backend="kam.auth.ShellBackend")
    response = client.post("/preferences/", {"theme": "dark"})
    assert response.status_code == 403
    assert b"session" in response.content.lower()


@pytest.mark.parametrize(("error", "status"), [(OperationalError, 503), (RedisAway, 503)])
def test_a_database_or_cache_that_is_away_is_said_so(cast, monkeypatch, error, status):
    def away(*_args):
        raise error("away")

    client = cast.client("kam")
    client.raise_request_exception = False
    monkeypatch.setattr("kam.views.search.find", away)
    response = client.get("/search/?q=x")
    assert response.status_code == status
    assert response["Retry-After"] == "10"


def test_the_same_before_any_view_was_reached(cast, monkeypatch):
    def away(*_args):
        raise OperationalError("away")

    client = cast.client("kam")
    client.raise_request_exception = False
    monkeypatch.setattr("kam.auth.ShellBackend.get_user", away)
    response = client.get("/")
    assert response.status_code == 503
    assert response["Retry-After"] == "10"


def test_a_fault_of_ours_is_a_plain_page(cast, monkeypatch):
    def broken(*_args):
        raise ZeroDivisionError

    client = cast.client("kam")
    client.raise_request_exception = False
    monkeypatch.setattr("kam.views.search.find", broken)
    response = client.get("/search/?q=x")
    assert response.status_code == 500
    assert b"ZeroDivision" not in response.content


def test_what_is_not_there_has_a_page(cast):
    response = cast.client("kam").get("/nowhere/")
    assert response.status_code == 404
    assert b"Not here" in response.content
