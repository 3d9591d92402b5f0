"""Reports that come by themselves, and what was sent."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from kam.audit import audited
from kam.models.row import Row
from kam.models.work import Job
from kam.scoping import OwnQuerySet


class ReportKind(models.TextChoices):
    """The plan reports; see docs/reports.md."""

    PLAN = "plan", _("Account plan")
    ONE_PAGE = "one_page", _("Account plan on one page")
    CUSTOMER = "customer", _("Account plan, customer's edition")
    PORTFOLIO = "portfolio", _("KAM's portfolio")
    TEAM = "team", _("Team")
    COMPANY = "company", _("Company")
    MANAGEMENT = "management", _("Management summary")
    PLAN_BOOK = "plan_book", _("All account plans of the company")
    TEAM_BOOK = "team_book", _("All account plans of a team")
    KAM_BOOK = "kam_book", _("All account plans of a KAM")
    REVIEW = "review", _("Review pack")


@audited()
class ReportSchedule(Row):
    """A report that a person gets by mail. ``next_on`` is claimed before it is made."""

    class Rhythm(models.TextChoices):
        WEEKLY = "weekly", _("Each Monday")
        MONTHLY = "monthly", _("On the first of each month")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="report_schedules"
    )
    kind = models.CharField(_("report"), max_length=10, choices=ReportKind.choices)
    subject = models.BigIntegerField(
        _("of which"),
        null=True,
        blank=True,
        help_text=_("The account's, person's or team's number; empty: the company."),
    )
    rhythm = models.CharField(_("rhythm"), max_length=7, choices=Rhythm.choices)
    next_on = models.DateField(_("next"))
    sent_on = models.DateField(_("last sent"), null=True, editable=False)

    objects = OwnQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("report by mail")
        verbose_name_plural = _("reports by mail")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind", "subject", "rhythm"],
                condition=models.Q(archived_at__isnull=True),
                nulls_distinct=False,
                name="plans_reportschedule_key",
                violation_error_message=_("You get this report by mail already."),
            )
        ]
        indexes = [
            models.Index(
                fields=["next_on"],
                name="plans_reportschedule_due",
                condition=models.Q(archived_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.user}"


class SentReport(models.Model):
    """A report as it was made for a person: the archive of what was made and sent.

    Each job leaves one row, however often it is begun again.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sent_reports"
    )
    kind = models.CharField(_("report"), max_length=10, choices=ReportKind.choices)
    title = models.CharField(_("title"), max_length=200)
    made_at = models.DateTimeField(_("made"), auto_now_add=True)
    mailed = models.BooleanField(_("by mail"), default=False)
    file = models.FileField(_("file"), upload_to="reports/%Y/%m/", max_length=250)
    file_name = models.CharField(max_length=200, default="report.pdf")
    job = models.OneToOneField(
        Job, null=True, editable=False, on_delete=models.SET_NULL, related_name="report"
    )
    pages = models.PositiveIntegerField(_("pages"), default=0)

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = _("report that was made")
        verbose_name_plural = _("reports that were made")
        ordering = ["-made_at", "-id"]
        indexes = [models.Index(fields=["user", "-made_at"], name="plans_sentreport_order")]

    def __str__(self) -> str:
        return self.title
