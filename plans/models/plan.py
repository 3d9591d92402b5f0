"""The account plan of one account and fiscal year: targets, goals, activities."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Contact, ProductLine
from kam.audit import audited
from kam.models.row import Row
from kam.money import CURRENCIES
from plans.querysets import ActivityQuerySet, OfPlanQuerySet, OfTargetQuerySet, PlanQuerySet


@audited()
class AccountPlan(Row):
    """What we and the customer want to reach in a fiscal year, and how."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", _("Submitted")
        RETURNED = "returned", _("Returned")
        ACTIVE = "active", _("Approved")
        CLOSED = "closed", _("Closed")

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
    situation = models.TextField(_("situation and trends"), blank=True)
    needs = models.TextField(_("the customer's needs"), blank=True)
    value_offer = models.TextField(_("the value that we offer"), blank=True)
    competitors = models.TextField(_("competitors"), blank=True)
    strategy = models.TextField(_("strategy"), blank=True)
    risks = models.TextField(_("risks"), blank=True)
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


@audited()
class Target(Row):
    """What the account shall buy of one product line in the plan's year; see its months."""

    class Phasing(models.TextChoices):
        EVEN = "even", _("Evenly")
        LAST_YEAR = "last_year", _("As last year")
        OWN = "own", _("By hand")

    plan = models.ForeignKey(AccountPlan, on_delete=models.CASCADE, related_name="targets")
    line = models.ForeignKey(
        ProductLine,
        verbose_name=_("product line"),
        on_delete=models.PROTECT,
        related_name="targets",
    )
    phasing = models.CharField(
        _("phasing"), max_length=10, choices=Phasing.choices, default=Phasing.EVEN
    )

    objects = OfPlanQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("target")
        verbose_name_plural = _("targets")
        ordering = ["line__name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "line"],
                name="plans_target_key",
                violation_error_message=_("The plan has a target for this product line already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.plan} · {self.line}"


@audited()
class TargetMonth(Row):
    """One month of a target, in the plan's currency. The year's target is the months' sum."""

    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="months")
    month = models.DateField(_("month"))
    revenue = models.DecimalField(_("revenue"), max_digits=16, decimal_places=2, default=Decimal(0))
    margin = models.DecimalField(_("margin"), max_digits=16, decimal_places=2, default=Decimal(0))
    volume = models.DecimalField(_("volume"), max_digits=16, decimal_places=3, default=Decimal(0))
    forecast = models.DecimalField(
        _("forecast"),
        max_digits=16,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("What the KAM expects of the month's revenue; the target where empty."),
    )

    objects = OfTargetQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("target month")
        verbose_name_plural = _("target months")
        ordering = ["month"]
        constraints = [
            models.UniqueConstraint(fields=["target", "month"], name="plans_targetmonth_key"),
            models.CheckConstraint(
                condition=models.Q(month__day=1), name="plans_targetmonth_first_day"
            ),
            models.CheckConstraint(
                condition=models.Q(revenue__gte=0, volume__gte=0),
                name="plans_targetmonth_not_negative",
                violation_error_message=_("A target is not below zero."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target_id} {self.month:%Y-%m}"


@audited()
class Goal(Row):
    """Something measurable to reach, ours or the customer's."""

    class Side(models.TextChoices):
        OURS = "ours", _("Ours")
        CUSTOMER = "customer", _("The customer's")

    plan = models.ForeignKey(AccountPlan, on_delete=models.CASCADE, related_name="goals")
    side = models.CharField(_("whose"), max_length=8, choices=Side.choices, default=Side.OURS)
    title = models.CharField(_("goal"), max_length=200)
    metric = models.CharField(
        _("metric"), max_length=120, help_text=_("What is measured, and in which unit.")
    )
    baseline = models.DecimalField(
        _("baseline"), max_digits=16, decimal_places=2, null=True, blank=True
    )
    target = models.DecimalField(
        _("target"), max_digits=16, decimal_places=2, null=True, blank=True
    )
    actual = models.DecimalField(
        _("actual"), max_digits=16, decimal_places=2, null=True, blank=True
    )
    due_on = models.DateField(_("due"), null=True, blank=True)

    objects = OfPlanQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("goal")
        verbose_name_plural = _("goals")
        ordering = ["side", "due_on", "id"]

    def __str__(self) -> str:
        return self.title


@audited()
class Activity(Row):
    """What somebody does, with whom, why, until when."""

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        IN_PROGRESS = "in_progress", _("In progress")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")

    plan = models.ForeignKey(AccountPlan, on_delete=models.CASCADE, related_name="activities")
    goal = models.ForeignKey(
        Goal,
        verbose_name=_("goal"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="activities",
    )
    title = models.CharField(_("what"), max_length=200)
    reason = models.TextField(_("why"), blank=True)
    contact = models.ForeignKey(
        Contact,
        verbose_name=_("with whom"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="activities",
    )
    responsible = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("responsible"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="activities",
    )
    due_on = models.DateField(_("due"), null=True, blank=True)
    status = models.CharField(
        _("status"), max_length=11, choices=Status.choices, default=Status.PLANNED
    )
    done_on = models.DateField(_("done on"), null=True, blank=True)

    objects = ActivityQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        ordering = ["due_on", "id"]
        indexes = [
            models.Index(
                fields=["responsible", "due_on", "id"],
                name="plans_activity_todo",
                condition=models.Q(status__in=["planned", "in_progress"]),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.status in (self.Status.PLANNED, self.Status.IN_PROGRESS)
