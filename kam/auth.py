"""Signing in: by e-mail and password, or by the company's own identity provider (OIDC)."""

from typing import Any

from allauth.account import forms
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base import AuthProcess
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from kam.models import Role, User


def whose_email(email: str) -> User | None:
    """The person with this address. What allauth keeps of addresses besides does not count."""
    return User.objects.filter(email=email.lower()).first()


class ShellBackend(ModelBackend):
    """Reads the signed-in person and what every page's frame shows of them in one query."""

    def authenticate(self, request: Any, **credentials: Any) -> None:  # type: ignore[override]
        return None  # allauth's backend checks passwords, with its rate limits

    def get_user(self, user_id: Any) -> User | None:
        return User.objects.with_shell().who_sign_in().filter(pk=user_id).first()


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
    """Single sign-on lets in those whom an administrator has entered, by their e-mail."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def authenticate_by_email(self, sociallogin: Any) -> tuple[User, str] | None:
        """The person whose own address the provider has verified."""
        for address in sociallogin.email_addresses:
            person = whose_email(address.email) if address.verified else None
            if person and self.can_authenticate_by_email(sociallogin, address.email):
                return person, address.email
        return None

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Nobody connects another identity to themselves: it would sign in past their address."""
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            raise ImmediateHttpResponse(redirect("kam:preferences"))
        super().pre_social_login(request, sociallogin)
