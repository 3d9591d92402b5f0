"""Bearer tokens for other systems and scripts; the session for the browser's own calls."""

from datetime import timedelta
from typing import Any

import pghistory
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from kam.middleware import ACTING_HEADER, apply_substitution
from kam.models import ApiToken, User
from kam.models.people import hash_token

USED_STEP = timedelta(minutes=5)  # "last used" is written this often at most


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session, with CSRF protection."""

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class TokenAuthentication(authentication.BaseAuthentication):
    """``Authorization: Bearer kam_…``; ``X-Acting-For: E-MAIL`` to act as a substitute."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = (  # unscoped: nobody has signed in yet
            ApiToken.objects.usable()
            .filter(digest=hash_token(secret.strip()), user__archived_at__isnull=True)
            .select_related("user__team")
            .first()
        )
        if token is None:
            raise AuthenticationFailed(_("The token is unknown, expired or revoked."))
        user = token.user
        user.read_only = not token.may_write
        self._act_for(request, user)
        translation.activate(user.language)
        now = timezone.now()
        if token.last_used_at is None or token.last_used_at < now - USED_STEP:
            # unscoped: the token itself
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        return user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'

    def _act_for(self, request: Request, user: User) -> None:
        email = request.headers.get(ACTING_HEADER)
        if not email:
            return
        # unscoped: people are known by name to all
        absent = User.objects.filter(email__iexact=email[:254].replace("\x00", "")).first()
        if absent is None or not apply_substitution(user, absent.pk):
            raise AuthenticationFailed(_("You do not stand in for this person today."))
        pghistory.context(acting_for=absent.pk)
        pghistory.context(acting_for=absent.pk)  # beside the user, in this request's audit context


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "kam.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "kam.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
