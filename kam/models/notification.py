"""What a person should know. The rows are the outbox too: none is lost, none is mailed twice."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from kam.querysets import NotificationQuerySet


class Notification(models.Model):
    """One message to one person, in the app and, by their wish, in their mail."""

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications"
    )
    kind = models.CharField(_("kind"), max_length=40)
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("text"), blank=True)
    url = models.CharField(_("link"), max_length=300, blank=True)
    #: The same occasion never tells a person twice, whatever repeats.
    occasion = models.CharField(max_length=200)
    created_at = models.DateTimeField(_("when"), auto_now_add=True)
    read_at = models.DateTimeField(_("read"), null=True, blank=True)
    mail_due_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["recipient", "occasion"], name="kam_notification_once")
        ]
        indexes = [
            models.Index(fields=["recipient", "-created_at", "-id"], name="kam_notification_list"),
            models.Index(
                fields=["recipient"],
                name="kam_notification_unread",
                condition=models.Q(read_at__isnull=True),
            ),
            models.Index(
                fields=["mail_due_at"],
                name="kam_notification_mail",
                condition=models.Q(mailed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.title
