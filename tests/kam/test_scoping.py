"""Who sees and who edits which accounts: the one row rule, as a table."""

from datetime import date

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.models import Account
from kam.middleware import apply_substitution
from kam.models import Substitution, Team, User
from kam.periods import company_today

ALL = {"A1", "A2", "B1", "C1"}
SEEN = {
    "administrator": ALL,
    "management": ALL,
    "service": ALL,
    "region_leader": {"A1", "A2", "B1"},
    "leader": {"A1", "A2"},
    "south_leader": {"B1"},
    "kam": {"A1", "A2"},
    "other_kam": {"B1"},
    "contributor": {"A1"},
    "editor": {"A1"},
    "outsider": set(),
}
EDITED = SEEN | {"management": set(), "contributor": set()}


def numbers(queryset) -> set[str]:
    return set(queryset.values_list("number", flat=True))


@pytest.mark.parametrize("name", SEEN)
def test_each_role_sees_and_edits_its_accounts(cast, name):
    person = getattr(cast, name)
    assert numbers(Account.objects.visible_to(person)) == SEEN[name]
    assert numbers(Account.objects.editable_by(person)) == EDITED[name]


def test_nobody_signed_in_sees_nothing(cast):
    assert not Account.objects.visible_to(AnonymousUser()).exists()
    assert not Account.objects.visible_to(None).exists()


def test_a_deactivated_person_sees_nothing(cast):
    cast.kam.is_active = False
    assert not Account.objects.visible_to(cast.kam).exists()


def test_a_read_only_token_edits_nothing(cast):
    cast.kam.read_only = True
    assert Account.objects.visible_to(cast.kam).exists()
    assert not Account.objects.editable_by(cast.kam).exists()


def test_a_substitute_has_the_absent_ones_rights_in_the_period_only(cast):
    today = company_today()
    row = Substitution.objects.create(
        absent=cast.kam, substitute=cast.other_kam, starts_on=today, ends_on=today
    )
    assert apply_substitution(cast.other_kam, cast.kam.pk)
    assert numbers(Account.objects.visible_to(cast.other_kam)) == {"A1", "A2"}
    row.starts_on = row.ends_on = date(2020, 1, 1)
    row.save()
    assert not apply_substitution(cast.other_kam, cast.kam.pk)
    assert numbers(Account.objects.visible_to(cast.other_kam)) == {"B1"}


def test_a_leader_of_no_team_sees_no_team(cast):
    cast.north.leader = None
    cast.north.save()
    assert not Team.objects.led_by(cast.leader).exists()
    assert set(User.objects.figures_visible_to(cast.leader)) == {cast.leader}


def test_figures_are_visible_along_the_team_tree(cast):
    people = set(User.objects.figures_visible_to(cast.region_leader))
    assert {cast.kam, cast.other_kam, cast.leader} <= people
    assert set(User.objects.figures_visible_to(cast.kam)) == {cast.kam}
