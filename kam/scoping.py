"""The one row rule: which rows a person sees, and which they may change.

Every page, API route, form choice, export, PDF, search and task reaches rows only through
``visible_to(user)`` and changes them only through ``editable_by(user)``. A queryset that does not
say who sees it shows nothing (fail closed). ``user`` is the person who signed in; when they act for
somebody as a substitute, the scope is that person's (``principal``).
"""

from typing import TYPE_CHECKING, Any, Self

from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request

    from kam.models import User


class Role(models.TextChoices):
    """What a person is in the company; see DOMAIN: the people."""

    KAM = "kam", _("Key account manager")
    CONTRIBUTOR = "contributor", _("Contributor")
    LEADER = "leader", _("KAM leader")
    MANAGEMENT = "management", _("Management")
    ADMINISTRATOR = "administrator", _("Administrator")
    SERVICE = "service", _("Service account")


#: Roles that see every account.
SEES_ALL = {Role.MANAGEMENT, Role.ADMINISTRATOR, Role.SERVICE}
#: Roles that may change every account.
EDITS_ALL = {Role.ADMINISTRATOR, Role.SERVICE}
#: Roles whose rights no substitute takes over.
NOT_HANDED_OVER = EDITS_ALL


def principal(user: Any) -> "User | None":
    """Whose rights count: the one acted for, else the user; ``None`` for nobody signed in."""
    if user is None or not user.is_authenticated or not user.is_active:
        return None
    return getattr(user, "acting_for", None) or user


def signed_in(request: "HttpRequest | Request") -> "User":
    """The person who signed in, where a view is open to nobody else; 403 where nobody has."""
    user = request.user
    if not user.is_authenticated:
        raise PermissionDenied
    return user


class ScopedQuerySet(models.QuerySet):
    """Base of all querysets of business rows. Subclasses say who sees and who edits.

    Override ``_visible(person)`` and ``_editable(person)``; both return a ``Q``. The defaults show
    and allow nothing.
    """

    def visible_to(self, user: Any) -> Self:
        """The rows that ``user`` may see."""
        person = principal(user)
        return self.none() if person is None else self.filter(self._visible(person))

    def editable_by(self, user: Any) -> Self:
        """The rows that ``user`` may change; always among the visible ones."""
        person = principal(user)
        if person is None or getattr(user, "read_only", False):
            return self.none()
        return self.filter(self._visible(person)).filter(self._editable(person))

    def _visible(self, person: "User") -> Q:
        return Q(pk__in=[])

    def _editable(self, person: "User") -> Q:
        return Q(pk__in=[])

    def active(self) -> Self:
        """Not archived."""
        return self.filter(archived_at__isnull=True)

    def archived(self) -> Self:
        return self.filter(archived_at__isnull=False)


EVERYONE = Q()


class DirectoryQuerySet(ScopedQuerySet):
    """Rows that everybody who signed in may read and only administrators change.

    A substitute does not inherit this: who changes the directory is the person who signed in.
    """

    def editable_by(self, user: Any) -> Self:
        if principal(user) is None or getattr(user, "read_only", False):
            return self.none()
        return self.filter(self._visible(user)).filter(self._editable(user))

    def _visible(self, person: "User") -> Q:
        return EVERYONE

    def _editable(self, person: "User") -> Q:
        return EVERYONE if person.role in EDITS_ALL else Q(pk__in=[])


class OwnQuerySet(ScopedQuerySet):
    """Rows that belong to one person (``owner_field``): theirs alone, to read and to change.

    Substitutes do not inherit these: notifications, saved views and tokens are personal.
    """

    owner_field = "user"

    def visible_to(self, user: Any) -> Self:
        if user is None or not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(**{self.owner_field: user})

    def editable_by(self, user: Any) -> Self:
        return self.none() if getattr(user, "read_only", False) else self.visible_to(user)
