"""Optimistic locking: If-Match, merge of different fields, 412 with both values for the same."""

import pytest


@pytest.fixture
def url(cast) -> str:
    return f"plans/{cast.plan.pk}/"


def test_a_row_carries_its_version_as_etag(api, url):
    assert api("kam").call("get", url)["ETag"] == '"1"'


def test_a_save_from_the_present_version_is_taken(api, url):
    client = api("kam")
    response = client.call("patch", url, {"summary": "One"}, **{"If-Match": '"1"'})
    assert (response.status_code, response["ETag"]) == (200, '"2"')


def test_the_same_field_changed_since_is_refused_with_both_values(api, url, cast):
    client = api("kam")
    client.call("patch", url, {"summary": "Theirs"}, **{"If-Match": '"1"'})
    response = client.call("patch", url, {"summary": "Mine"}, **{"If-Match": '"1"'})
    assert response.status_code == 412
    problem = response.json()
    assert problem["version"] == 2
    assert problem["conflicts"] == [
        {"attr": "summary", "before": "Grow.", "theirs": "Theirs", "yours": "Mine"}
    ]
    cast.plan.refresh_from_db()
    assert cast.plan.summary == "Theirs"


def test_another_field_changed_since_is_merged(api, url, cast):
    client = api("kam")
    client.call("patch", url, {"summary": "Theirs"}, **{"If-Match": '"1"'})
    response = client.call("patch", url, {"stance_reason": "Mine"}, **{"If-Match": '"1"'})
    assert response.status_code == 200
    cast.plan.refresh_from_db()
    assert (cast.plan.summary, cast.plan.stance_reason) == ("Theirs", "Mine")


@pytest.mark.parametrize("header", ['"x"', "", "W/"])
def test_an_unreadable_if_match_is_412(api, url, header):
    assert (
        api("kam").call("patch", url, {"summary": "x"}, **{"If-Match": header}).status_code == 412
    )
