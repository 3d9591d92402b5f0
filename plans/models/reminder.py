"""What people were, or are to be, reminded of."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from kam.scoping import OwnQuerySet


class ReminderQuerySet(OwnQuerySet):
    """A person's own, written by the system alone."""

    owner_field = "recipient"

    def editable_by(self, user: Any) -> Self:
        return self.none()


class Reminder(models.Model):
    """One reminder of one row's day to one person: written once, told once.

    The key names the row, its day and the step, so that a day that is moved reminds anew, and nothing
    else does. A row without ``told_at`` waits to be put into a notification.
    """

    class Step(models.TextChoices):
        BEFORE = "before", _("Before its day")
        DUE = "due", _("On its day")
        LATE = "late", _("After its day")
        SUBSTITUTE = "substitute", _("To the substitute")
        LEADER = "leader", _("To the leader")

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reminders"
    )
    behalf = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("whose it is"),
        on_delete=models.CASCADE,
        related_name="+",
    )
    kind = models.CharField(_("kind"), max_length=12)
    row = models.BigIntegerField(_("row"))
    due_on = models.DateField(_("due"))
    step = models.CharField(_("step"), max_length=10, choices=Step.choices)
    made_at = models.DateTimeField(_("made"))
    told_at = models.DateTimeField(_("told"), null=True)

    objects = ReminderQuerySet.as_manager()

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "row", "due_on", "step", "recipient"], name="plans_reminder_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["recipient", "id"],
                name="plans_reminder_waiting",
                condition=models.Q(told_at__isnull=True),
            ),
            models.Index(fields=["made_at"], name="plans_reminder_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.row} {self.due_on} {self.step}"
