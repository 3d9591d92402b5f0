"""What the account shall buy of each product line, by month."""

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import ProductLine
from kam.audit import audited
from kam.models.row import Row
from plans.models.plan import AccountPlan
from plans.querysets import OfPlanQuerySet, OfTargetQuerySet


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
