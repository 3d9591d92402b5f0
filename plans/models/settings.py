"""What the company has decided about its plans: who approves what, when people are reminded."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from kam.audit import audited
from kam.models.row import Row
from kam.scoping import DirectoryQuerySet


@audited()
class PlanSettings(Row):
    """The one row of settings of plans. Amounts in company currency."""

    approval_amount = models.DecimalField(
        _("management approves from"),
        max_digits=16,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text=_(
            "A plan whose revenue target of the year reaches this amount (company currency) is "
            "approved by management. Empty: leaders approve all."
        ),
    )
    remind_days = models.PositiveSmallIntegerField(
        _("remind before, days"),
        default=7,
        help_text=_("How long before its day somebody is reminded of what is due."),
    )
    substitute_days = models.PositiveSmallIntegerField(
        _("tell the substitute after, days"),
        default=0,
        help_text=_("How long after its day the substitute is told of what is late."),
    )
    escalate_days = models.PositiveSmallIntegerField(
        _("tell the leader after, days"),
        default=7,
        help_text=_("How long after its day the leader is told of what is late."),
    )
    portfolio_review_months = models.PositiveSmallIntegerField(
        _("review portfolios every, months"),
        default=6,
        validators=[MinValueValidator(1), MaxValueValidator(24)],
    )
    link_days = models.PositiveSmallIntegerField(
        _("customers' links are valid, days"),
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
    )

    objects = DirectoryQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("settings of plans")
        verbose_name_plural = _("settings of plans")
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="plans_settings_one_row"),
            models.CheckConstraint(
                condition=models.Q(approval_amount__gte=0) | models.Q(approval_amount=None),
                name="plans_settings_amount",
            ),
        ]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    @classmethod
    def current(cls) -> "PlanSettings":
        """The settings (one query); made with the defaults where nobody has set any."""
        return cls.objects.get_or_create(pk=1)[0]
