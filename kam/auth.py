"""Signing in: by e-mail and password, or by the company's own identity provider (OIDC)."""

import logging
from datetime import date
from functools import lru_cache
from typing import Any

import requests
from allauth.account import forms
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base import AuthError, AuthProcess
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from kam.models import Role, User
from kam.querysets import UserQuerySet

log = logging.getLogger(__name__)


def whose_email(email: str) -> User | None:
    """The person with this address. What allauth keeps of addresses besides does not count."""
    return User.objects.filter(email=email.lower()).first()


@lru_cache(maxsize=1)
def _in_shell(today: date) -> UserQuerySet:
    """The question of each request, said once a day: to build it takes longer than its answer."""
    return User.objects.with_shell(today).who_sign_in().order_by("pk")


class ShellBackend(ModelBackend):
    """Reads the signed-in person and what every page's frame shows of them in one query."""

    def authenticate(self, request: Any, **credentials: Any) -> None:  # type: ignore[override]
        return None  # allauth's backend checks passwords, with its rate limits

    def get_user(self, user_id: Any) -> User | None:
        return _in_shell(timezone.now().date()).filter(pk=user_id).first()


class PasswordBackend(AuthenticationBackend):
    """allauth's check of passwords, by the one address that administrators see and set."""

    def _authenticate_by_email(self, email: str, password: str) -> Any:
        return self._check_password(whose_email(email), password)


class ResetPasswordForm(forms.ResetPasswordForm):
    """Mails the link to the person's own address alone."""

    def clean_email(self) -> str:
        email = super().clean_email()
        person = whose_email(email)
        self.users = [person] if person is not None and person.is_active else []
        return email


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs themselves up: an administrator enters people."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_login(self, request: HttpRequest, user: User, **facts: Any) -> HttpResponse | None:
        """Archived people and service accounts stay outside, whatever password they have."""
        if user.archived_at is not None or user.role == Role.SERVICE:
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **facts)

    def login(self, request: HttpRequest, user: User) -> None:
        user.backend = "kam.auth.ShellBackend"
        super().login(request, user)


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Single sign-on lets in those whom an administrator has entered, by their verified e-mail.

    Each time anew: no identity is connected to a person, and their password stays theirs.
    """

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def authenticate_by_email(self, sociallogin: Any) -> None:
        """Nobody: allauth's way wipes the password of whoever comes the first time.

        That protects people who sign themselves up, and here nobody does. See ``pre_social_login``.
        """
        return

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Finds the person, or ends here with a page that says why not."""
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            # It would sign in past their address.
            raise ImmediateHttpResponse(redirect("kam:preferences"))
        if not _one_subject(sociallogin.account.extra_data):
            log.warning("Single sign-on: userinfo and token are of two people.")
            raise ImmediateHttpResponse(_failed(request))
        person = _meant(sociallogin)
        if person is None:
            addresses = [address.email for address in sociallogin.email_addresses]
            told = {
                "email": addresses[0] if addresses else "",
                "provider": sociallogin.provider.name,
            }
            page = render(request, "account/no_access.html", told, status=403)
            raise ImmediateHttpResponse(page)
        sociallogin.user = person

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: Any = None,
    ) -> None:
        if error == AuthError.CANCELLED:
            return
        log.warning("Single sign-on: %s %r", error, exception)
        raise ImmediateHttpResponse(_failed(request))

    def get_requests_session(self) -> requests.Session:
        """Asks the provider; where it is away or talks nonsense the person is told."""
        session = super().get_requests_session()
        ask = session.request

        def told(*args: Any, **kwargs: Any) -> requests.Response:
            try:
                answer = ask(*args, **kwargs)
                if answer.status_code >= 500:
                    answer.raise_for_status()
                answer.json()
            except requests.RequestException as error:
                log.warning("Single sign-on: the provider does not answer: %r", error)
                page = _failed(context.request, away=True)
                raise ImmediateHttpResponse(page) from error
            return answer

        session.request = told  # type: ignore[method-assign]
        return session


def _meant(sociallogin: Any) -> User | None:
    """The person whose own address the provider has verified. Some write the truth as a word."""
    for address in sociallogin.email_addresses:
        if str(address.verified).lower() == "true" and (person := whose_email(address.email)):
            return person
    return None


def _one_subject(told: Any) -> bool:
    """Whether userinfo and token name one subject, as OpenID Connect Core 5.3.2 asks."""
    parts = [told.get(name) or {} for name in ("userinfo", "id_token")]
    return len({part["sub"] for part in parts if "sub" in part}) == 1


def _failed(request: HttpRequest, *, away: bool = False) -> HttpResponse:
    told = {"away": away}
    return render(request, "account/sign_in_failed.html", told, status=503 if away else 403)
