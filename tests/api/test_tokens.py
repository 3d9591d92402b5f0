"""Signing in by token: hashed, scoped, expiring, revocable; acting as a substitute."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from kam.models import ApiToken, Substitution
from kam.periods import company_today


def test_without_a_token_the_api_asks_for_one(db):
    response = Client().get("/api/v1/plans/")
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert response["Content-Type"] == "application/problem+json"


def test_the_secret_is_kept_nowhere(cast):
    row, secret = ApiToken.issue(cast.kam, "script")
    assert secret not in str(vars(row))
    assert len(row.digest) == 64


@pytest.mark.parametrize(
    "change",
    [
        {"revoked_at": timezone.now()},
        {"expires_at": timezone.now() - timedelta(seconds=1)},
    ],
)
def test_a_revoked_or_expired_token_is_refused(cast, change):
    row, secret = ApiToken.issue(cast.kam, "script")
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    assert client.get("/api/v1/plans/").status_code == 200
    ApiToken.objects.filter(pk=row.pk).update(**change)
    assert client.get("/api/v1/plans/").status_code == 401


def test_a_deactivated_persons_token_is_refused(cast, api):
    client = api("kam")
    cast.kam.is_active = False
    cast.kam.save()
    assert client.call("get", "plans/").status_code == 401


def test_a_reading_token_cannot_write(cast, api):
    client = api("kam", write=False)
    assert client.call("get", f"plans/{cast.plan.pk}/").status_code == 200
    response = client.call("patch", f"plans/{cast.plan.pk}/", {"summary": "x"})
    assert response.status_code == 403


def test_a_substitute_acts_by_header_within_the_period_only(cast, api):
    client = api("other_kam")
    header = {"X-Acting-For": cast.kam.email}
    assert client.call("get", "plans/", **header).status_code == 401
    today = company_today()
    Substitution.objects.create(
        absent=cast.kam, substitute=cast.other_kam, starts_on=today, ends_on=today
    )
    rows = client.call("get", "plans/", **header).json()["results"]
    assert [row["id"] for row in rows] == [cast.plan.pk]
    response = client.call("patch", f"plans/{cast.plan.pk}/", {"summary": "Stand-in."}, **header)
    assert response.status_code == 200
    event = cast.plan.events.order_by("-pgh_id").first()
    assert event.pgh_context["user"] == cast.other_kam.pk
    assert event.pgh_context["acting_for"] == cast.kam.pk
    assert event.pgh_context["source"] == "api"
