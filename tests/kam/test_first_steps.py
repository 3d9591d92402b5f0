"""What an empty installation says to its first administrator."""

import pytest
from django.test import Client
from django.urls import reverse

from kam.installation import to_do
from kam.models import Role, User


@pytest.fixture
def first(db: None) -> User:
    return User.objects.create_user("first@example.com", "x", name="First", role=Role.ADMINISTRATOR)


def test_an_empty_installation_names_the_first_steps_and_each_opens(first: User) -> None:
    client = Client()
    client.force_login(first)
    steps = [step.url for step in to_do(first)]
    assert steps == [
        reverse("kam:team_list"),
        reverse("kam:user_list"),
        reverse("accounts:product_list"),
        reverse("kam:import_create"),
        reverse("portfolio:version_list"),
    ]
    assert {client.get(url).status_code for url in steps} == {200}
    assert "are complete" not in client.get(reverse("kam:home_installation")).content.decode()


def test_a_step_that_was_taken_is_not_asked_for_again(first, cast) -> None:
    asked = [step.url for step in to_do(first)]
    assert reverse("kam:team_list") not in asked
    assert reverse("kam:user_list") not in asked
    assert reverse("kam:import_create") not in asked
