"""Signing in: by e-mail and password, or by the company's own identity provider (OIDC)."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest, HttpResponse

from kam.models import Role, User


class ShellBackend(ModelBackend):
    """Reads the signed-in person and what every page's frame shows of them in one query."""

    def authenticate(self, request: Any, **credentials: Any) -> None:  # type: ignore[override]
        return None  # allauth's backend checks passwords, with its rate limits

    def get_user(self, user_id: Any) -> User | None:
        return User.objects.with_shell().who_sign_in().filter(pk=user_id).first()


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
