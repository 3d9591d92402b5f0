"""What a person wants on their dashboard, and when it is to come by mail."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from kam.audit import audited
from kam.models.row import Row
from kam.scoping import OwnQuerySet


class DashboardChoice(models.Model):
    """The panels that a person has chosen, in their order; all panels where there is no row."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="dashboard"
    )
    panels = ArrayField(models.SlugField(max_length=40), default=list)

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = _("choice of panels")
        verbose_name_plural = _("choices of panels")

    def __str__(self) -> str:
        return f"{self.user}"


@audited()
class DashboardMail(Row):
    """A dashboard that comes as PDF, weekly or monthly. ``next_on`` is claimed before it is made.

    ``words`` are the filters as they read when it was ordered; ``query`` is what counts.
    """

    class Rhythm(models.TextChoices):
        WEEKLY = "weekly", _("Each Monday")
        MONTHLY = "monthly", _("On the first of each month")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="dashboard_mails"
    )
    query = models.CharField(_("filters"), max_length=500, blank=True)
    words = models.CharField(_("filters in words"), max_length=500, blank=True)
    rhythm = models.CharField(_("rhythm"), max_length=7, choices=Rhythm.choices)
    next_on = models.DateField(_("next"))
    sent_on = models.DateField(_("last sent"), null=True, editable=False)
    paused_on = models.DateField(_("paused since"), null=True, blank=True, editable=False)

    objects = OwnQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("dashboard by mail")
        verbose_name_plural = _("dashboards by mail")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "query", "rhythm"],
                condition=models.Q(archived_at__isnull=True),
                name="portfolio_dashboardmail_key",
                violation_error_message=_("You get this dashboard by mail already."),
            )
        ]
        indexes = [
            models.Index(
                fields=["next_on"],
                name="portfolio_dashboardmail_due",
                condition=models.Q(archived_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_rhythm_display()}"
