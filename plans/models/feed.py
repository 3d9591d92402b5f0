"""A person's calendar feed: a secret address under which a calendar reads what they have to do."""

import secrets

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from kam.models.people import hash_token
from kam.scoping import OwnQuerySet


class CalendarFeed(models.Model):
    """One secret address, of which only the hash is kept. Its life stands in its own columns."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.CASCADE,
        related_name="calendar_feeds",
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(revoked_at__isnull=True),
                name="plans_calendarfeed_one",
                violation_error_message=_("There is a calendar feed already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.created_at:%Y-%m-%d}"

    @classmethod
    def secret(cls) -> tuple[str, str]:
        """A new secret, and the hash that is kept of it."""
        secret = secrets.token_urlsafe(32)
        return secret, hash_token(secret)
