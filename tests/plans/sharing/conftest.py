"""A link for somebody at the customer, and who opens it."""

import pytest
from django.test import Client

from accounts.models import Contact
from plans.models import (
    Section,
)
from plans.services import sharing


@pytest.fixture
def brit(cast) -> Contact:
    cast.contact.email = "brit@fjord.example"
    cast.contact.save()
    return cast.contact


@pytest.fixture
def told(cast) -> Section:
    cast.section.body = "Grow **together** in pumps"
    cast.section.save()
    return cast.section


@pytest.fixture
def issued(cast, brit, told, django_capture_on_commit_callbacks) -> sharing.Issued:
    with django_capture_on_commit_callbacks(execute=True):
        return sharing.share_plan(
            cast.plan,
            brit,
            by=cast.kam,
            sections=[told],
            goals=[cast.goal],
            activities=[cast.activity],
            message="Welcome",
        )


@pytest.fixture
def visitor() -> Client:
    return Client()
