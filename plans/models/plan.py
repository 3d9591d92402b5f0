"""The account plan of one account and fiscal year."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from kam.audit import audited
from kam.models.row import Row
from kam.money import CURRENCIES
from plans.models.template import PlanTemplate
from plans.querysets import PlanQuerySet


@audited()
class AccountPlan(Row):
    """What we and the customer want to reach in a fiscal year, and how."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", _("Submitted")
        RETURNED = "returned", _("Returned")
        APPROVED = "approved", _("Approved")
        ACTIVE = "active", _("Active")
        AMENDING = "amending", _("Being amended")
        CLOSED = "closed", _("Closed")

    class Stance(models.TextChoices):
        WIN = "win", _("Win")
        EXPAND = "expand", _("Expand")
        PROTECT = "protect", _("Protect")

    account = models.ForeignKey(
        Account, verbose_name=_("account"), on_delete=models.PROTECT, related_name="plans"
    )
    year = models.PositiveSmallIntegerField(
        _("year"), validators=[MinValueValidator(1990), MaxValueValidator(2100)]
    )
    currency = models.CharField(_("currency"), max_length=3, choices=CURRENCIES)
    status = models.CharField(
        _("state"), max_length=10, choices=Status.choices, default=Status.DRAFT
    )
    summary = models.TextField(_("summary"), blank=True)
    template = models.ForeignKey(
        PlanTemplate,
        verbose_name=_("template"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="plans",
    )
    stance = models.CharField(_("stance"), max_length=7, choices=Stance.choices, blank=True)
    stance_reason = models.TextField(
        _("why this stance"),
        blank=True,
        max_length=2000,
        help_text=_("Needed where it is not the one that the matrix suggests."),
    )
    in_force = models.PositiveSmallIntegerField(
        _("version in force"),
        default=0,
        editable=False,
        help_text=_("The number of the approved version that holds; 0 before any approval."),
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("decided by"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True, editable=False)
    decision_note = models.TextField(_("words with the decision"), blank=True)

    objects = PlanQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("account plan")
        verbose_name_plural = _("account plans")
        ordering = ["-year", "account__name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "year"],
                name="plans_accountplan_key",
                violation_error_message=_("This account has a plan for this year already."),
            )
        ]
        indexes = [models.Index(fields=["year", "status", "id"], name="plans_plan_by_status")]

    def __str__(self) -> str:
        return f"{self.account} {self.year}"

    def get_absolute_url(self) -> str:
        return reverse("plans:detail", args=[self.pk])
