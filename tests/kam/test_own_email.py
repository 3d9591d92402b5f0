"""People's e-mail belongs to administrators: one address signs in, and nobody sets their own."""

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse

from kam import services

PASSWORD = "a long enough password"
PRIVATE = "private@elsewhere.example"


@pytest.fixture
def kari(cast):
    cast.kam.set_password(PASSWORD)
    cast.kam.save()
    return cast.kam


def signs_in(email):
    client = Client()
    client.post(reverse("account_login"), {"login": email, "password": PASSWORD})
    return client.get("/").status_code == 200


def test_nobody_sets_their_own_address(kari):
    client = Client()
    client.post(reverse("account_login"), {"login": kari.email, "password": PASSWORD})
    own = kari.email
    for data in (
        {"email": PRIVATE, "action_add": ""},
        {"email": PRIVATE, "action_primary": ""},
    ):
        response = client.post("/sign-in/email/", data)
        assert response["Location"] == reverse("kam:preferences")
    kari.refresh_from_db()
    assert kari.email == own
    assert not EmailAddress.objects.exists()


@pytest.mark.parametrize("path", ["signup/", "3rdparty/", "3rdparty/signup/", "confirm-email/"])
def test_what_nobody_uses_of_sign_in_leads_to_the_preferences(cast, path):
    response = cast.client("kam").get(f"/sign-in/{path}")
    assert response["Location"] == reverse("kam:preferences")


@pytest.mark.parametrize("path", ["password/change/", "2fa/", "sessions/"])
def test_ones_own_account_has_no_link_to_addresses(kari, path):
    client = Client()
    client.post(reverse("account_login"), {"login": kari.email, "password": PASSWORD})
    page = client.get(f"/sign-in/{path}")
    assert page.status_code == 200
    assert b"/sign-in/email/" not in page.content
    assert b"/sign-in/3rdparty/" not in page.content


def test_a_second_address_neither_signs_in_nor_gets_the_link(kari):
    EmailAddress.objects.create(user=kari, email=PRIVATE, verified=True)
    assert not signs_in(PRIVATE)
    assert signs_in(kari.email)
    Client().post(reverse("account_reset_password"), {"email": PRIVATE})
    assert not any("/password/reset/key/" in message.body for message in mail.outbox)
    mail.outbox.clear()
    Client().post(reverse("account_reset_password"), {"email": kari.email.upper()})
    (message,) = mail.outbox
    assert message.to[0].lower() == kari.email
    assert "/password/reset/key/" in message.body


def test_anothers_address_as_a_second_one_does_not_lock_them_out(cast, kari):
    EmailAddress.objects.create(user=cast.other_kam, email=kari.email, verified=True)
    assert signs_in(kari.email)


def test_the_old_address_ends_with_an_administrators_change(kari):
    old = kari.email
    EmailAddress.objects.create(user=kari, email=old, verified=True, primary=True)
    services.change_person(kari, {"email": "Kari.New@example.com"}, base_version=None)
    assert not EmailAddress.objects.exists()
    assert not signs_in(old)
    assert signs_in("kari.new@example.com")
