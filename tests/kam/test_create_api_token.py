"""`manage.py create_api_token`: prints the token and nothing else."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone


def made(*args: str) -> str:
    out = StringIO()
    call_command("create_api_token", *args, stdout=out)
    return out.getvalue()


def test_prints_a_token_that_works_and_nothing_else(cast):
    text = made("KARI.kam@example.com")
    assert text.startswith("kam_")
    assert text.count("\n") == 1
    client = Client(headers={"Authorization": f"Bearer {text.strip()}"})
    assert client.get("/api/v1/users/").status_code == 200
    assert not cast.kam.api_tokens.get().may_write


def test_may_write_has_a_name_and_expires_when_told(cast):
    made("erp.service@example.com", "--write", "--name", "ERP", "--days", "30")
    token = cast.service.api_tokens.get()
    assert token.may_write
    assert token.name == "ERP"
    assert timedelta(days=29) < token.expires_at - timezone.now() <= timedelta(days=30)


@pytest.mark.parametrize("args", [["nobody@example.com"], ["kari.kam@example.com", "--days", "-1"]])
def test_says_what_is_wrong(cast, args):
    with pytest.raises(CommandError):
        made(*args)


def test_no_token_for_those_who_may_not_sign_in(cast):
    cast.kam.is_active = False
    cast.kam.save()
    with pytest.raises(CommandError, match="may not sign in"):
        made(cast.kam.email)
