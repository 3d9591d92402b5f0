"""People, the tree of teams, substitutes, and the tokens of other systems."""

import hashlib
import secrets
from datetime import date, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Greatest, Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kam.audit import audited
from kam.models.row import Row
from kam.querysets import SubstitutionQuerySet, TeamQuerySet, UserManager, UserQuerySet
from kam.scoping import DirectoryQuerySet, OwnQuerySet, Role
from kam.search import Fold
from kam.tree import TreeNode


@audited()
class Team(TreeNode, Row):
    """A team of KAMs with its leader. Teams stand in teams, as deep as the company wants."""

    name = models.CharField(_("name"), max_length=120)
    leader = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("leader"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="led_teams",
    )

    objects = TeamQuerySet.as_manager()

    class Meta(TreeNode.Meta, Row.Meta):
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["name", "id"]
        triggers = [*TreeNode.Meta.triggers, *Row.Meta.triggers]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="kam_team_name",
                violation_error_message=_("There is a team with this name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("kam:team_edit", args=[self.pk])


def validate_timezone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(
            _("%(name)s is no time zone, such as Europe/Oslo."), params={"name": name}
        )


@audited(exclude=["password", "last_login"])
class User(AbstractBaseUser, Row):
    """A person (or another system, as service account) who signs in by e-mail address."""

    class Theme(models.TextChoices):
        SYSTEM = "system", _("As the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    class MailWish(models.TextChoices):
        AT_ONCE = "at_once", _("An e-mail at once")
        DIGEST = "digest", _("A daily e-mail")
        NONE = "none", _("Only here")

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=150)
    title = models.CharField(_("title"), max_length=120, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    role = models.CharField(
        _("role"), max_length=15, choices=Role.choices, default=Role.CONTRIBUTOR
    )
    team = models.ForeignKey(
        Team,
        verbose_name=_("team"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="members",
    )
    is_active = models.BooleanField(_("may sign in"), default=True)
    language = models.CharField(
        _("language"), max_length=10, choices=settings.LANGUAGES, default="en"
    )
    timezone = models.CharField(
        _("time zone"), max_length=60, blank=True, validators=[validate_timezone]
    )
    theme = models.CharField(_("theme"), max_length=6, choices=Theme.choices, default=Theme.SYSTEM)
    mail = models.CharField(
        _("notifications"), max_length=7, choices=MailWish.choices, default=MailWish.DIGEST
    )

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    #: Set by the middleware when a substitute acts for somebody, for this request only.
    acting_for: "User | None" = None
    acting_until: date | None = None
    #: Set by token authentication when the token may not write.
    read_only: bool = False

    class Meta(Row.Meta):
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="kam_user_email",
                violation_error_message=_("There is a person with this e-mail already."),
            )
        ]
        indexes = [
            GinIndex(OpClass(Fold("name"), "gin_trgm_ops"), name="kam_user_name_fold"),
            models.Index(fields=["team"], name="kam_user_team"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_absolute_url(self) -> str:
        return reverse("kam:user_detail", args=[self.pk])

    def clean(self) -> None:
        super().clean()
        self.email = self.email.lower()

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email

    @property
    def is_administrator(self) -> bool:
        return self.role == Role.ADMINISTRATOR

    @property
    def zone(self) -> ZoneInfo:
        """The person's time zone; the company's where they chose none."""
        from kam.models.company import Company

        return ZoneInfo(self.timezone or Company.current().timezone)


class Days(Func):
    """The days from a first to a last one, both among them; never an error where they are swapped."""

    function = "daterange"
    output_field = DateRangeField()

    def __init__(self, first: str, last: str) -> None:
        both = RangeBoundary(inclusive_lower=True, inclusive_upper=True)
        super().__init__(F(first), Greatest(F(first), F(last)), both)


@audited()
class Substitution(Row):
    """For a period, one person's rights and duties are another's too."""

    absent = models.ForeignKey(
        User, verbose_name=_("absent"), on_delete=models.CASCADE, related_name="substitutions"
    )
    substitute = models.ForeignKey(
        User, verbose_name=_("substitute"), on_delete=models.CASCADE, related_name="stands_in"
    )
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))
    note = models.CharField(_("note"), max_length=250, blank=True)

    objects = SubstitutionQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("substitute")
        verbose_name_plural = _("substitutes")
        ordering = ["-starts_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="kam_substitution_period",
                violation_error_message=_("The last day is before the first."),
            ),
            models.CheckConstraint(
                condition=~Q(absent=F("substitute")),
                name="kam_substitution_two_people",
                violation_error_message=_("Nobody can stand in for themselves."),
            ),
            ExclusionConstraint(
                name="kam_substitution_once",
                expressions=[
                    ("absent", RangeOperators.EQUAL),
                    ("substitute", RangeOperators.EQUAL),
                    (Days("starts_on", "ends_on"), RangeOperators.OVERLAPS),
                ],
                condition=Q(archived_at__isnull=True),
                violation_error_message=_(
                    "This person stands in on some of these days already. "
                    "Choose other days, or end that time first."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.substitute} → {self.absent}"

    def validate_constraints(self, exclude: Any = None) -> None:
        """A form has no field for ``archived_at``, on which a constraint depends; the row has it."""
        super().validate_constraints(exclude=set(exclude or ()) - {"archived_at"})

    def get_absolute_url(self) -> str:
        return reverse("kam:substitution_list")


def hash_token(token: str) -> str:
    """A token's fingerprint: tokens have 256 random bits, so one SHA-256 is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


class ApiTokenQuerySet(OwnQuerySet):
    def usable(self, now: datetime | None = None) -> "ApiTokenQuerySet":
        now = now or timezone.now()
        return self.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=now),
            revoked_at__isnull=True,
            user__is_active=True,
        )


class ApiToken(models.Model):
    """A key by which another system (or a person's script) signs in. Only its hash is kept."""

    user = models.ForeignKey(
        User, verbose_name=_("person"), on_delete=models.CASCADE, related_name="api_tokens"
    )
    name = models.CharField(_("what for"), max_length=100)
    prefix = models.CharField(_("begins with"), max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    may_write = models.BooleanField(_("may write"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @classmethod
    def issue(cls, user: User, name: str, **fields: Any) -> "tuple[ApiToken, str]":
        """Makes a token; returns the row and the secret, which is shown this once."""
        secret = f"kam_{secrets.token_urlsafe(32)}"
        row = cls.objects.create(
            user=user, name=name, prefix=secret[:10], digest=hash_token(secret), **fields
        )
        return row, secret


__all__ = ["ApiToken", "DirectoryQuerySet", "Substitution", "Team", "User", "UserQuerySet"]
