"""Chainable queries over people, teams and what belongs to one person."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Self

from django.contrib.auth.base_user import BaseUserManager
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from kam.scoping import EVERYONE, SEES_ALL, DirectoryQuerySet, OwnQuerySet, Role, principal
from kam.tree import TreeQueries

if TYPE_CHECKING:
    from kam.models import User


class TeamQuerySet(TreeQueries, DirectoryQuerySet):
    """Teams: everybody may know them; whose figures one sees is ``led_by``."""

    def led_by(self, person: "User | int") -> Self:
        """The teams that this person (or who has this id) leads and all teams below them."""
        # The array of led ids is computed once in the statement: the GIN index serves the overlap.
        led = (
            self.model._default_manager.filter(leader=person, archived_at__isnull=True)
            .order_by()
            .values("leader")
            .annotate(ids=models.Func("id", function="array_agg"))
            .values("ids")
        )
        return self.filter(path__overlap=Subquery(led))

    def figures_visible_to(self, user: Any) -> Self:
        """The teams whose roll-up this user may open."""
        person = principal(user)
        if person is None:
            return self.none()
        if person.role in SEES_ALL:
            return self
        if person.role == Role.LEADER:
            return self.led_by(person)
        return self.none()


class UserQuerySet(DirectoryQuerySet):
    """People. Everybody may read the directory; whose portfolio one sees is narrower.

    Only administrators change these rows (a role is among the fields). What a person sets for
    themselves goes through ``kam.services.change_preferences``, which knows no roles.
    """

    def _editable(self, person: "User") -> Q:
        return EVERYONE if person.role == Role.ADMINISTRATOR else Q(pk__in=[])

    def who_sign_in(self) -> Self:
        """Those who may open pages; service accounts have the API alone."""
        return self.filter(is_active=True, archived_at__isnull=True).exclude(role=Role.SERVICE)

    def people(self) -> Self:
        """Those who can be given work: active, and no service accounts."""
        return self.filter(is_active=True, archived_at__isnull=True).exclude(role=Role.SERVICE)

    def figures_visible_to(self, user: Any) -> Self:
        """The people whose portfolio this user may open."""
        person = principal(user)
        if person is None:
            return self.none()
        if person.role in SEES_ALL:
            return self
        if person.role == Role.LEADER:
            return self.filter(Q(pk=person.pk) | Q(team__in=_led_teams(person)))
        return self.filter(pk=person.pk)

    def with_shell(self, today: date) -> Self:
        """The signed-in person in one query with what every page's frame shows."""
        from kam.models import Notification, Substitution

        unread = (
            Notification.objects.filter(recipient=OuterRef("pk"), read_at__isnull=True)
            .order_by()
            .values("recipient")
            .annotate(n=Count("pk"))
            .values("n")
        )
        return self.select_related("team").annotate(
            unread_notifications=Coalesce(Subquery(unread), 0),
            may_substitute=Exists(
                Substitution.objects.filter(substitute=OuterRef("pk")).covering(today, slack=1)
            ),
        )


def _led_teams(person: "User") -> models.QuerySet:
    from kam.models import Team

    return Team.objects.led_by(person).order_by().values("pk")


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Creates people by e-mail address."""

    use_in_migrations = False

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        fields.setdefault("name", email)
        return self.create_user(email, password, role=Role.ADMINISTRATOR, **fields)

    def get_by_natural_key(self, email: str) -> "User":
        return self.get(email__iexact=email)


class SubstitutionQuerySet(DirectoryQuerySet):
    """Who stands in for whom. Shown to all colleagues; changed by the absent and administrators.

    Whoever stands in cannot change it for the absent person: that would prolong their own rights.
    """

    def _editable(self, person: "User") -> Q:
        return EVERYONE if person.role == Role.ADMINISTRATOR else Q(absent=person)

    def covering(self, day: date, slack: int = 0) -> Self:
        """In force on ``day``; ``slack`` days more at both ends, where time zones are not known."""
        from datetime import timedelta

        span = timedelta(days=slack)
        return self.active().filter(starts_on__lte=day + span, ends_on__gte=day - span)


class NotificationQuerySet(OwnQuerySet):
    owner_field = "recipient"

    def unread(self) -> Self:
        return self.filter(read_at__isnull=True)

    def due_for_mail(self, now: datetime) -> Self:
        """Not mailed yet, due, and claimed by nobody who may still be at work."""
        return self.filter(mailed_at__isnull=True, mail_due_at__lte=now)


class JobQuerySet(OwnQuerySet):
    """Long work: each person sees their own; administrators all."""

    owner_field = "created_by"

    def visible_to(self, user: Any) -> Self:
        if principal(user) is not None and user.role == Role.ADMINISTRATOR:
            return self.all()
        return super().visible_to(user)

    def editable_by(self, user: Any) -> Self:
        return self.none() if getattr(user, "read_only", False) else self.visible_to(user)
