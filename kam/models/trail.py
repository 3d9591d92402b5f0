"""The company-wide trail: one narrow row for each event of any audited model, in one table.

Each model's events stand in a table of their own; a trigger notes each of them here, so that the
whole company's trail is read by one index and never by a union of tables.
"""

from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kam.scoping import EVERYONE, Role, ScopedQuerySet, principal


class AuditEntryQuerySet(ScopedQuerySet):
    """The trail is the administrators' own; no substitute inherits it."""

    def visible_to(self, user: Any) -> Self:
        if principal(user) is None or user.role != Role.ADMINISTRATOR:
            return self.none()
        return self.filter(EVERYONE)

    def editable_by(self, user: Any) -> Self:
        return self.none()

    def _visible(self, person: Any) -> Q:
        return Q(pk__in=[])


class AuditEntry(models.Model):
    """One event: who changed which fields of which row. The values stand in the row's history.

    ``fields`` are the changed columns; ``batch`` is the import that made the change.
    """

    class Source(models.TextChoices):
        PAGE = "page", _("Page")
        API = "api", _("API")
        IMPORT = "import", _("Import")
        TASK = "task", _("Background work")
        COMMAND = "command", _("Command")
        LINK = "link", _("Shared link")

    class Label(models.TextChoices):
        INSERT = "insert", _("created")
        UPDATE = "update", _("changed")
        DELETE = "delete", _("deleted")

    at = models.DateTimeField(_("when"))
    model = models.CharField(_("kind"), max_length=60)
    row_id = models.BigIntegerField()
    event_id = models.BigIntegerField()
    label = models.CharField(_("what"), max_length=10, choices=Label.choices)
    fields = ArrayField(models.CharField(max_length=63), default=list)
    user_id = models.BigIntegerField(_("who"), null=True)
    acting_for_id = models.BigIntegerField(_("for whom"), null=True)
    source = models.CharField(_("by way of"), max_length=12, choices=Source.choices, blank=True)
    batch_id = models.BigIntegerField(null=True)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        indexes = [
            models.Index(fields=["-at", "-id"], name="kam_trail_by_time"),
            models.Index(fields=["user_id", "-at", "-id"], name="kam_trail_by_person"),
            models.Index(fields=["model", "-at", "-id"], name="kam_trail_by_model"),
            models.Index(fields=["source", "-at", "-id"], name="kam_trail_by_source"),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.model} {self.row_id}"
