"""Sign-in by the company's own OpenID provider: a real one, small, as the settings name it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.utils import timezone

from kam.models import User
from tests.openid_provider import CLIENT_ID, CLIENT_SECRET, Provider

PASSWORD = "a long enough password"
PRINT = (
    "import json; from django.conf import settings as s;"
    "print(json.dumps([s.SOCIALACCOUNT_PROVIDERS, s.CONTENT_SECURITY_POLICY['DIRECTIVES']['form-action']]))"
)


@pytest.fixture(scope="module")
def provider():
    with Provider() as running:
        yield running


@pytest.fixture(scope="module")
def named(provider):
    """What the settings make of the four variables."""
    variables = {
        "DJANGO_SETTINGS_MODULE": "kam.settings.test",
        "KAM_OIDC_SERVER_URL": provider.url,
        "KAM_OIDC_CLIENT_ID": CLIENT_ID,
        "KAM_OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "KAM_OIDC_NAME": "Nordic Pumps ID",
    }
    done = subprocess.run(
        [sys.executable, "-c", PRINT],
        env=os.environ | variables,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(autouse=True)
def _single_sign_on(settings, monkeypatch, provider, named):
    monkeypatch.setenv("NO_PROXY", "*")
    settings.SOCIALACCOUNT_PROVIDERS = named[0]
    provider.claims = {"sub": "1", "name": "Kari Kam"}
    provider.id_token = {}
    provider.asked.clear()


@pytest.fixture
def kari(cast):
    cast.kam.set_password(PASSWORD)
    cast.kam.save()
    return cast.kam


def arrive(client: Client, provider: Provider, **claims: object):
    """What the browser does: from the sign-in page to the provider and back, to where that leads."""
    provider.claims = {k: v for k, v in {**provider.claims, **claims}.items() if v is not None}
    out = client.post("/sign-in/oidc/oidc/login/")
    assert out.status_code == 302
    assert out["Location"].startswith(f"{provider.url}/authorize?")
    back = requests.get(out["Location"], allow_redirects=False, timeout=10)
    assert back.status_code == 302
    return client.get(back.headers["Location"], follow=True)


def signed_in(client: Client) -> User | None:
    user = client.get("/").wsgi_request.user
    return user if user.is_authenticated else None


def test_the_sign_in_page_leads_to_the_provider(cast, provider, named):
    page = Client().get("/sign-in/login/").content.decode()
    assert "Nordic Pumps ID" in page
    assert "/sign-in/oidc/oidc/login/" in page
    assert provider.url in named[1], "the page may post there"


def test_who_is_entered_signs_in_by_a_verified_address(kari, provider):
    client = Client()
    answer = arrive(client, provider, email="Kari.Kam@Example.com", email_verified=True)
    assert answer.status_code == 200
    assert signed_in(client) == kari
    assert {"/token", "/userinfo"} <= set(provider.asked)


def test_the_first_time_takes_neither_password_nor_other_sessions(kari, provider):
    elsewhere = Client()
    elsewhere.post("/sign-in/login/", {"login": kari.email, "password": PASSWORD})
    assert signed_in(elsewhere) == kari
    for _time in range(2):
        arrive(Client(), provider, email=kari.email, email_verified=True)
        kari.refresh_from_db()
        assert kari.check_password(PASSWORD)
        assert signed_in(elsewhere) == kari
    again = Client()
    again.post("/sign-in/login/", {"login": kari.email, "password": PASSWORD})
    assert signed_in(again) == kari


@pytest.mark.parametrize("verified", [False, None, "false", "", 0, "no"])
def test_an_address_that_is_not_verified_lets_nobody_in(kari, provider, verified):
    client = Client()
    answer = arrive(client, provider, email=kari.email, email_verified=verified)
    assert signed_in(client) is None
    assert answer.status_code == 403
    assert kari.email in answer.content.decode()


def test_a_provider_that_writes_true_as_a_word_is_understood(kari, provider):
    client = Client()
    arrive(client, provider, email=kari.email, email_verified="true")
    assert signed_in(client) == kari


def test_somebody_unknown_gets_a_readable_page_and_no_account(cast, provider):
    client, before = Client(), User.objects.count()
    email = "new&co@example.com"
    answer = arrive(client, provider, email=email, email_verified=True)
    text = answer.content.decode()
    assert answer.status_code == 403
    assert "You have no access yet" in text
    assert "new&amp;co@example.com" in text
    assert "Ask your administrator" in text
    assert "/sign-in/login/" in text
    assert signed_in(client) is None
    assert User.objects.count() == before
    assert not SocialAccount.objects.exists()
    assert not EmailAddress.objects.exists()


def test_without_an_address_nobody_is_meant(cast, provider):
    client = Client()
    answer = arrive(client, provider, email=None, email_verified=True)
    assert answer.status_code == 403
    assert "You have no access yet" in answer.content.decode()
    assert signed_in(client) is None


@pytest.mark.parametrize(
    "left", [{"archived_at": timezone.now()}, {"is_active": False}, {"role": "service"}]
)
def test_who_has_left_stays_outside(kari, provider, left):
    User.objects.filter(pk=kari.pk).update(**left)
    client = Client()
    answer = arrive(client, provider, email=kari.email, email_verified=True)
    assert signed_in(client) is None
    assert answer.status_code == 200
    assert "inactive" in answer.content.decode()


def test_a_second_address_that_allauth_keeps_does_not_count(cast, kari, provider):
    EmailAddress.objects.create(user=kari, email="private@elsewhere.example", verified=True)
    client = Client()
    arrive(client, provider, email="private@elsewhere.example", email_verified=True)
    assert signed_in(client) is None


def test_the_address_counts_and_not_who_had_the_identity_before(cast, kari, provider):
    """The same subject with another address is another person here; nothing is connected."""
    arrive(Client(), provider, sub="7", email=kari.email, email_verified=True)
    assert not SocialAccount.objects.exists()
    client = Client()
    arrive(client, provider, sub="7", email=cast.other_kam.email, email_verified=True)
    assert signed_in(client) == cast.other_kam


@pytest.mark.parametrize("wrong", [{"aud": "another"}, {"iss": "https://other"}, {"exp": 1}])
def test_a_token_for_another_is_refused_in_words(kari, provider, wrong):
    provider.id_token = wrong
    client = Client()
    answer = arrive(client, provider, email=kari.email, email_verified=True)
    assert signed_in(client) is None
    assert "Sign-in did not succeed" in answer.content.decode()


def test_userinfo_of_another_subject_than_the_tokens_is_refused(kari, provider):
    provider.id_token = {"sub": "somebody else"}
    client = Client()
    answer = arrive(client, provider, email=kari.email, email_verified=True)
    assert signed_in(client) is None
    assert "Sign-in did not succeed" in answer.content.decode()


def test_who_cancels_is_told(kari, provider):
    client = Client()
    out = client.post("/sign-in/oidc/oidc/login/")["Location"]
    state = parse_qs(urlsplit(out).query)["state"][0]
    back = f"/sign-in/oidc/oidc/login/callback/?error=access_denied&state={state}"
    assert "Login Cancelled" in client.get(back, follow=True).content.decode()


def test_an_answer_that_nobody_asked_for_signs_nobody_in(kari, provider):
    client = Client()
    answer = client.get("/sign-in/oidc/oidc/login/callback/?code=x&state=y", follow=True)
    assert answer.status_code < 500
    assert signed_in(client) is None


def test_a_provider_that_is_away_is_told(settings, cast, named):
    away = json.loads(json.dumps(named[0]))
    away["openid_connect"]["APPS"][0]["settings"]["server_url"] = "http://127.0.0.1:9"
    settings.SOCIALACCOUNT_PROVIDERS = away
    answer = Client(raise_request_exception=False).post("/sign-in/oidc/oidc/login/")
    assert answer.status_code == 503
    assert "does not answer" in answer.content.decode()
    assert "Sign-in did not succeed" in answer.content.decode()
