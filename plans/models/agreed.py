"""The targets that hold while a plan is amended: those of the version in force."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from plans.models.plan import AccountPlan
from plans.models.target import TargetMonth
from plans.models.version import PlanVersion
from plans.querysets import OfTargetQuerySet

#: The states in which a plan that was approved is being amended.
CHANGING = ("draft", "submitted", "returned", "amending")


class AgreedMonthQuerySet(OfTargetQuerySet):
    """Seen with the account."""

    account_path = "row__target__plan__account"


class AgreedMonth(models.Model):
    """One month of a target as the version in force has it.

    There are rows of plans alone that are being amended (approved before, and now changed or waiting
    for a decision anew): roll-ups take these instead of the months as they are half-written. Triggers
    write them when an amendment begins and take them away when it is decided on. All amounts in
    ``currency``, the version's. What was added since has no row; a month that was given a forecast
    has one of nothing. ``version`` is empty where none was kept: then the targets are those that
    stood when the amendment began.
    """

    #: The plan ``p`` of an SQL statement is being amended.
    AMENDED = f"(p.in_force > 0 AND p.status IN {CHANGING})"
    #: The month ``m`` of the target ``t`` of the plan ``p`` counts; with its row ``g`` of this table.
    JOIN = "LEFT JOIN plans_agreedmonth g ON g.row_id = m.id"
    COUNTS = (
        f"(g.id IS NOT NULL OR (t.archived_at IS NULL AND m.archived_at IS NULL AND NOT {AMENDED}))"
    )
    REVENUE = "coalesce(g.revenue, m.revenue)"
    MARGIN = "coalesce(g.margin, m.margin)"
    CURRENCY = "coalesce(g.currency, p.currency)"
    #: What the KAM expects goes on while the plan is amended (in another currency it does not).
    FORECAST = f"coalesce(CASE WHEN {CURRENCY} = p.currency THEN m.forecast END, {REVENUE})"

    row = models.OneToOneField(TargetMonth, on_delete=models.CASCADE, related_name="agreed")
    version = models.ForeignKey(
        PlanVersion, null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    currency = models.CharField(max_length=3)
    revenue = models.DecimalField(max_digits=16, decimal_places=2)
    margin = models.DecimalField(max_digits=16, decimal_places=2)

    objects = AgreedMonthQuerySet.as_manager()

    class Meta:
        verbose_name = _("agreed month of a target")

    def __str__(self) -> str:
        return f"{self.row_id} {self.revenue} {self.currency}"

    @staticmethod
    def being_amended(plan: str) -> models.Q:
        """The condition ``AMENDED`` on the plan at this path, such as ``target__plan__``."""
        return models.Q(
            **{f"{plan}in_force__gt": 0, f"{plan}status__in": CHANGING},
        )

    @staticmethod
    def stands_for(plan: AccountPlan) -> bool:
        """Whether this plan is being amended."""
        return plan.in_force > 0 and plan.status in CHANGING
