"""Goals, the strategies that lead to them, and the activities that carry these out."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Contact
from kam.audit import audited
from kam.models.row import Row
from plans.models.need import Need
from plans.models.plan import AccountPlan
from plans.querysets import ActivityQuerySet, OfActivityQuerySet, OfGoalQuerySet, OfPlanQuerySet


class Measure(models.TextChoices):
    """How a goal is measured: by hand, or by the system from what it knows of the account."""

    HAND = "hand", _("By hand")
    REVENUE = "revenue", _("Revenue of the year")
    MARGIN = "margin", _("Margin of the year")
    MARGIN_SHARE = "margin_share", _("Margin, % of revenue")
    VOLUME = "volume", _("Volume of the year")
    WALLET = "wallet", _("Share of wallet, %")
    CROSS_SELL = "cross_sell", _("Product lines bought")
    RELATIONS = "relations", _("Coverage of the decision-making unit, %")
    SATISFACTION = "satisfaction", _("Satisfaction, as judged")
    NEEDS = "needs", _("Value agreed with the customer")


class Perspective(models.TextChoices):
    """The four sides of a balanced scorecard (Kaplan and Norton)."""

    FINANCE = "finance", _("Finance")
    CUSTOMER = "customer", _("Customer")
    PROCESS = "process", _("Process")
    LEARNING = "learning", _("Learning")


@audited()
class Goal(Row):
    """Something measurable to reach, ours or the customer's.

    ``actual`` is typed where ``measured_by`` is by hand; else the system computes it when shown.
    """

    class Side(models.TextChoices):
        OURS = "ours", _("Ours")
        CUSTOMER = "customer", _("The customer's")

    plan = models.ForeignKey(AccountPlan, on_delete=models.CASCADE, related_name="goals")
    side = models.CharField(_("whose"), max_length=8, choices=Side.choices, default=Side.OURS)
    title = models.CharField(_("goal"), max_length=200)
    perspective = models.CharField(
        _("perspective"), max_length=8, choices=Perspective.choices, default=Perspective.CUSTOMER
    )
    measured_by = models.CharField(
        _("measured"), max_length=12, choices=Measure.choices, default=Measure.HAND
    )
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
    weight = models.PositiveSmallIntegerField(
        _("weight"), default=1, validators=[MaxValueValidator(100)]
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
class GoalStep(Row):
    """What a goal shall have reached by a day, and what it had: a target over time."""

    goal = models.ForeignKey(Goal, on_delete=models.CASCADE, related_name="steps")
    on = models.DateField(_("by"))
    target = models.DecimalField(
        _("target"), max_digits=16, decimal_places=2, null=True, blank=True
    )
    actual = models.DecimalField(
        _("actual"), max_digits=16, decimal_places=2, null=True, blank=True
    )

    objects = OfGoalQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("step of a goal")
        verbose_name_plural = _("steps of goals")
        ordering = ["on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["goal", "on"],
                condition=models.Q(archived_at__isnull=True),
                name="plans_goalstep_key",
                violation_error_message=_("The goal has a step for this day already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.goal} {self.on}"


@audited()
class Strategy(Row):
    """One way to reach a goal; activities carry it out."""

    plan = models.ForeignKey(AccountPlan, on_delete=models.CASCADE, related_name="strategies")
    goal = models.ForeignKey(
        Goal,
        verbose_name=_("goal"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="strategies",
    )
    title = models.CharField(_("strategy"), max_length=200)
    description = models.TextField(_("how"), blank=True, max_length=5000)

    objects = OfPlanQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("strategy")
        verbose_name_plural = _("strategies")
        ordering = ["id"]

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
    strategy = models.ForeignKey(
        Strategy,
        verbose_name=_("strategy"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="activities",
    )
    need = models.ForeignKey(
        Need,
        verbose_name=_("need"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="activities",
    )
    side = models.CharField(
        _("whose"), max_length=8, choices=Goal.Side.choices, default=Goal.Side.OURS
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
    starts_on = models.DateField(_("starts"), null=True, blank=True)
    due_on = models.DateField(_("due"), null=True, blank=True)
    effort_hours = models.DecimalField(
        _("effort, hours"),
        max_digits=8,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
    )
    cost = models.DecimalField(
        _("cost"),
        max_digits=16,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text=_("In the plan's currency."),
    )
    depends_on = models.ForeignKey(
        "self",
        verbose_name=_("after"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="followers",
    )
    status = models.CharField(
        _("status"), max_length=11, choices=Status.choices, default=Status.PLANNED
    )
    done_on = models.DateField(_("done on"), null=True, blank=True)

    objects = ActivityQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(depends_on=models.F("id")),
                name="plans_activity_not_after_itself",
                violation_error_message=_("An activity does not wait for itself."),
            ),
            models.CheckConstraint(
                condition=models.Q(starts_on=None)
                | models.Q(due_on=None)
                | models.Q(starts_on__lte=models.F("due_on")),
                name="plans_activity_starts_before_due",
                violation_error_message=_("It starts before it is due."),
            ),
        ]
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


@audited()
class ActivityPerson(Row):
    """Somebody of us who takes part in an activity beside the responsible one."""

    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="people")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.CASCADE,
        related_name="+",
    )

    objects = OfActivityQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("person in an activity")
        verbose_name_plural = _("people in activities")
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "user"],
                condition=models.Q(archived_at__isnull=True),
                name="plans_activityperson_key",
                violation_error_message=_("This person takes part already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}"
