"""Production settings in a process of their own, as an operator meets them."""

import json
import os
import subprocess
import sys

import pytest

from kam import embedded

ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "kam.settings.production",
    "KAM_SECRET_KEY": "q8Zr0Xw3Vt5Ys7Uu9Pp1Oo2Nn4Mm6Ll8Kk0Jj2Hh4Gg6Ff8Dd0Ss2Aa4",
    "KAM_ALLOWED_HOSTS": "kam.example.com",
    "DATABASE_URL": "postgres://kam:secret@127.0.0.1:1/kam",
    "REDIS_URL": "redis://:secret@127.0.0.1:1/0",
}


def run(
    *command: str, without: str | None = None, **changes: str
) -> subprocess.CompletedProcess[str]:
    """Run Python in the project with exactly this environment."""
    environment = {"PATH": os.environ["PATH"], **ENVIRONMENT, **changes}
    if without:
        del environment[without]
    return subprocess.run(
        [sys.executable, *command],
        cwd=embedded.PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def setting(*names: str, **changes: str) -> list:
    code = "import json; from django.conf import settings as s; print(json.dumps([" + (
        ", ".join(f"s.{name}" for name in names) + "]))"
    )
    done = run("-c", code, **changes)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "name", ["KAM_SECRET_KEY", "KAM_ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL"]
)
@pytest.mark.parametrize("how", ["absent", "empty"])
def test_each_required_variable_is_asked_for_by_name(name: str, how: str) -> None:
    command = ("-c", "from django.conf import settings; settings.DEBUG")
    done = run(*command, without=name) if how == "absent" else run(*command, **{name: " "})
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"django.core.exceptions.ImproperlyConfigured: Set {name} to ")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"KAM_SECRET_KEY": "short"}, "KAM_SECRET_KEY is too easy to guess"),
        ({"KAM_SECRET_KEY": "ab" * 40}, "KAM_SECRET_KEY is too easy to guess"),
        ({"KAM_ALLOWED_HOSTS": "*"}, "KAM_ALLOWED_HOSTS may not be *"),
        ({"KAM_ALLOWED_HOSTS": "kam.example.com,*"}, "KAM_ALLOWED_HOSTS may not be *"),
    ],
)
def test_values_that_protect_nothing_are_refused(changes: dict[str, str], said: str) -> None:
    done = run("-c", "from django.conf import settings; settings.DEBUG", **changes)
    assert done.returncode != 0
    assert said in done.stderr.strip().splitlines()[-1]


def test_deployment_check_is_clean() -> None:
    done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_https_is_the_default() -> None:
    assert setting(
        "DEBUG", "SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"
    ) == [False, True, True, True]
    assert setting("SESSION_COOKIE_NAME", "SECURE_HSTS_SECONDS", "SITE_URL") == [
        "__Host-session",
        31_536_000,
        "https://kam.example.com",
    ]


def test_forwarded_headers_are_trusted_only_on_request() -> None:
    assert setting("SECURE_PROXY_SSL_HEADER") == [None]
    assert setting("SECURE_PROXY_SSL_HEADER", KAM_BEHIND_PROXY="1") == [
        ["HTTP_X_FORWARDED_PROTO", "https"]
    ]


def test_mail_by_address() -> None:
    names = ("EMAIL_HOST", "EMAIL_PORT", "EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD", "EMAIL_USE_TLS")
    url = "smtp+tls://kam%40example.com:pass%2Fword@mail.example.com:587"
    assert setting(*names, KAM_EMAIL_URL=url) == [
        *("mail.example.com", 587, "kam@example.com", "pass/word", True)
    ]


def test_the_log_goes_to_standard_output_once() -> None:
    code = (
        "import django, logging; django.setup(); "
        "logging.getLogger('django.request').error('one line'); "
        "logging.getLogger('kam').warning('another')"
    )
    done = run("-c", code)
    assert done.stderr == ""
    assert [line.split(" ", 1)[1] for line in done.stdout.splitlines()] == [
        "ERROR django.request one line",
        "WARNING kam another",
    ]
