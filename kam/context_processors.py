"""What every page's frame shows."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils.functional import SimpleLazyObject, cached_property

from kam.models import Company, Substitution
from kam.navigation import NavItem, navigation
from kam.periods import company_today
from kam.scoping import NOT_HANDED_OVER, signed_in


@dataclass
class Shell:
    """The frame: navigation, unread messages, substitution. Asks the database only when asked."""

    request: HttpRequest

    @cached_property
    def nav(self) -> list[NavItem]:
        return navigation(self.request)

    @property
    def unread(self) -> int:
        return getattr(self.request.user, "unread_notifications", 0)

    @property
    def acting_for(self) -> Any:
        return getattr(self.request.user, "acting_for", None)

    @property
    def acting_until(self) -> Any:
        return getattr(self.request.user, "acting_until", None)

    @cached_property
    def can_act_for(self) -> list[Substitution]:
        """Substitutions in force for this person; no query for those who stand in for nobody."""
        if not getattr(self.request.user, "may_substitute", False):
            return []
        return list(
            Substitution.objects.covering(company_today())
            .filter(substitute=signed_in(self.request), absent__is_active=True)
            .exclude(absent__role__in=NOT_HANDED_OVER)
            .select_related("absent")
            .order_by("absent__name", "pk")
        )

    @cached_property
    def company(self) -> Company:
        return Company.current()

    @property
    def theme(self) -> str:
        return getattr(self.request.user, "theme", "system")

    @property
    def languages(self) -> list[tuple[str, Any]]:
        return list(settings.LANGUAGES)


def shell(request: HttpRequest) -> dict[str, Any]:
    # One token for all forms of an answer: each new one would be 64 bytes that do not compress.
    return {
        "shell": Shell(request),
        "csrf_token": SimpleLazyObject(lambda: get_token(request)),
    }
