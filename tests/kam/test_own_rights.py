"""Rights that a person has by themselves: no substitute and no service account gains them."""

import pytest

from kam.middleware import apply_substitution
from kam.models import BudgetRate, Company, Substitution, User
from kam.periods import company_today


@pytest.fixture
def stands_in(cast):
    def make(substitute, absent):
        today = company_today()
        return Substitution.objects.create(
            absent=absent, substitute=substitute, starts_on=today, ends_on=today
        )

    return make


def test_nobody_acts_for_an_administrator(cast, stands_in):
    stands_in(cast.kam, cast.administrator)
    assert not apply_substitution(cast.kam, cast.administrator.pk)
    assert not Company.objects.editable_by(cast.kam).exists()


def test_nobody_acts_for_somebody_who_may_not_sign_in(cast, stands_in):
    stands_in(cast.kam, cast.other_kam)
    cast.other_kam.is_active = False
    cast.other_kam.save()
    assert not apply_substitution(cast.kam, cast.other_kam.pk)


def test_an_administrator_who_acts_for_somebody_stays_one_in_the_directory(cast, stands_in):
    stands_in(cast.administrator, cast.kam)
    assert apply_substitution(cast.administrator, cast.kam.pk)
    assert BudgetRate.objects.editable_by(cast.administrator).exists()


def test_a_substitute_can_not_prolong_their_own_time(cast, stands_in):
    row = stands_in(cast.other_kam, cast.kam)
    assert apply_substitution(cast.other_kam, cast.kam.pk)
    assert not Substitution.objects.filter(pk=row.pk).editable_by(cast.other_kam).exists()
    assert Substitution.objects.filter(pk=row.pk).editable_by(cast.kam).exists()


def test_only_administrators_change_people(cast):
    for name, person in cast.people.items():
        expected = name == "administrator"
        assert User.objects.filter(pk=person.pk).editable_by(person).exists() == expected


def test_a_read_only_token_changes_nothing_personal(cast):
    cast.kam.read_only = True
    cast.kam.notifications.create(kind="x", title="x", occasion="x")
    assert cast.kam.notifications.all().visible_to(cast.kam).exists()
    assert not cast.kam.notifications.all().editable_by(cast.kam).exists()


def test_service_accounts_have_no_pages(cast):
    assert cast.client("service").get("/").status_code == 302


def test_an_archived_person_is_signed_out(cast):
    client = cast.client("kam")
    User.objects.filter(pk=cast.kam.pk).update(archived_at="2026-01-01T00:00Z")
    response = client.get("/notifications/")
    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in/")
