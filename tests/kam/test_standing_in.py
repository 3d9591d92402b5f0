"""Substitutes: each day is handed over once, and only to people who sign in."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kam import services
from kam.middleware import apply_substitution
from kam.models import ApiToken, Substitution, User
from kam.periods import company_today

JSON = {"content_type": "application/json"}


def days(first, last):
    today = company_today()
    return {"starts_on": today + timedelta(days=first), "ends_on": today + timedelta(days=last)}


@pytest.fixture
def held(cast):
    return services.hand_over(cast.kam, cast.outsider, **days(0, 5))


@pytest.fixture
def api(cast):
    token = ApiToken.issue(cast.kam, "test", may_write=True)[1]
    return Client(headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize("period", [(0, 5), (-3, 0), (5, 9), (1, 2), (-1, 9)])
def test_the_same_days_are_not_handed_over_twice(cast, held, period):
    with pytest.raises(ValidationError) as refusal:
        services.hand_over(cast.kam, cast.outsider, **days(*period))
    assert "stands in from" in str(refusal.value)
    services.end_substitution(held)
    assert not apply_substitution(cast.outsider, cast.kam.pk)
    assert services.hand_over(cast.kam, cast.outsider, **days(*period))


def test_other_days_and_other_people_are_free(cast, held):
    services.hand_over(cast.kam, cast.outsider, **days(6, 9))
    services.hand_over(cast.kam, cast.other_kam, **days(0, 5))
    services.hand_over(cast.leader, cast.outsider, **days(0, 5))
    assert Substitution.objects.count() == 4


def test_page_and_api_refuse_the_same_days_in_words(cast, held, api):
    data = {"substitute": cast.outsider.pk, **days(2, 3)}
    page = cast.client("kam").post(reverse("kam:substitution_create"), data)
    assert page.status_code == 422
    assert "Choose other days" in page.content.decode()
    answer = api.post("/api/v1/substitutions/", {"absent": cast.kam.pk, **data}, **JSON)
    assert answer.status_code == 400
    assert Substitution.objects.get() == held


def test_neither_a_change_nor_bringing_back_makes_them_overlap(cast, held, api):
    later = services.hand_over(cast.kam, cast.outsider, **days(6, 9))
    first = days(5, 5)["starts_on"].isoformat()
    path = f"/api/v1/substitutions/{later.pk}/"
    assert api.patch(path, {"starts_on": first}, **JSON).status_code == 400
    services.end_substitution(held)
    assert api.patch(path, {"starts_on": first}, **JSON).status_code == 200
    assert api.post(f"/api/v1/substitutions/{held.pk}/restore/").status_code == 400
    address = reverse("kam:history_restore", args=["kam.substitution", held.pk])
    cast.client("kam").post(address)
    held.refresh_from_db()
    assert held.archived_at is not None


@pytest.mark.parametrize("left", ["service", "archived", "deactivated"])
def test_only_who_signs_in_stands_in(cast, api, left):
    person = cast.service if left == "service" else cast.outsider
    change = {"archived": {"archived_at": timezone.now()}, "deactivated": {"is_active": False}}
    if left in change:
        User.objects.filter(pk=person.pk).update(**change[left])
    data = {"substitute": person.pk, **days(0, 5)}
    page = cast.client("kam")
    address = reverse("kam:substitution_create")
    assert f'<option value="{person.pk}"' not in page.get(address).content.decode()
    assert page.post(address, data).status_code == 422
    answer = api.post("/api/v1/substitutions/", {"absent": cast.kam.pk, **data}, **JSON)
    assert answer.status_code == 400
    with pytest.raises(ValidationError):
        services.hand_over(cast.kam, person, **days(0, 5))
    assert not Substitution.objects.exists()
