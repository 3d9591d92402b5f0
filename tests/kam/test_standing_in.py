"""Substitutes: each day is handed over once, and only to people who sign in."""

import threading
from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kam import services
from kam.forms import violation
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


# --- the database holds it too ------------------------------------------------------------------
def test_the_database_refuses_the_same_days_in_words(cast, held):
    twice = Substitution(absent=cast.kam, substitute=cast.outsider, **days(5, 9))
    with pytest.raises(ValidationError, match="Choose other days, or end that time first"):
        twice.validate_constraints()
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        twice.save()
    assert "Choose other days" in violation(refused.value, Substitution).message
    Substitution.objects.create(absent=cast.kam, substitute=cast.outsider, **days(6, 9))
    rows = Substitution.objects.filter(pk=held.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(ends_on=days(0, 6)["ends_on"])


def test_the_administrators_form_says_it_too(cast, held):
    data = {"absent": cast.kam.pk, "substitute": cast.outsider.pk, **days(2, 3)}
    page = cast.client("administrator").post(reverse("kam:substitution_create"), data)
    assert page.status_code == 422
    assert "Choose other days" in page.content.decode()


def test_days_the_wrong_way_round_are_told_as_such(cast, held):
    with pytest.raises(ValidationError, match="The last day is before the first"):
        services.hand_over(cast.kam, cast.outsider, **days(4, 2))


@pytest.mark.django_db(transaction=True)
def test_of_two_who_hand_over_the_same_days_at_once_one_is_told(cast):
    start, refused = threading.Barrier(2), []

    def hand_over() -> None:
        start.wait(5)
        try:
            services.hand_over(cast.kam, cast.outsider, **days(0, 5))
        except ValidationError as error:
            refused.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=hand_over) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(refused) == 1
    assert Substitution.objects.active().count() == 1


def test_what_overlapped_before_is_ended_and_nobody_loses_a_day(cast):
    """The rule comes to an installation in which the same days were handed over before."""
    step = import_module("kam.migrations.0007_hand_over_days_once")
    rule = next(c for c in Substitution._meta.constraints if c.name == "kam_substitution_once")
    with connection.schema_editor() as editor:
        editor.remove_constraint(Substitution, rule)
    entered = [(3, 4), (1, 9), (2, 8), (9, 12), (20, 21), (3, 4)]
    rows = [
        Substitution.objects.create(absent=cast.kam, substitute=cast.outsider, **days(*period))
        for period in entered
    ]
    other = Substitution.objects.create(absent=cast.kam, substitute=cast.leader, **days(1, 9))
    ended = Substitution.objects.create(
        absent=cast.kam, substitute=cast.outsider, archived_at=timezone.now(), **days(1, 9)
    )
    with connection.schema_editor() as editor:
        step.end_overlaps(apps, editor)
        step.end_overlaps(apps, editor)  # a second time finds nothing
        editor.add_constraint(Substitution, rule)
    today = company_today()
    left = Substitution.objects.active().filter(substitute=cast.outsider)
    kept = [((r.starts_on - today).days, (r.ends_on - today).days) for r in left]
    assert sorted(kept) == [(1, 2), (3, 4), (5, 9), (10, 12), (20, 21)]
    archived = {row.pk for row in Substitution.objects.archived()}
    assert archived == {rows[2].pk, rows[5].pk, ended.pk}
    other.refresh_from_db()
    assert (other.archived_at, other.version) == (None, 1)
    assert rows[1].events.order_by("-pgh_id").first().ends_on == days(0, 2)["ends_on"]
