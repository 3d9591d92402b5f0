"""What the company has decided about its portfolio: limits, thresholds, cost of an hour."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from kam.audit import audited
from kam.models.row import Row
from kam.scoping import DirectoryQuerySet

PERCENT = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))]


@audited()
class PortfolioSettings(Row):
    """The one row of settings of the portfolio. Shares are in percent, amounts in company currency."""

    class ProfitMeasure(models.TextChoices):
        AMOUNT = "amount", _("Contribution, amount")
        MARGIN = "margin", _("Contribution margin, %")

    hourly_cost = models.DecimalField(
        _("cost of an hour"),
        max_digits=10,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(Decimal(0))],
        help_text=_("What an hour for an account costs, in company currency."),
    )
    profit_measure = models.CharField(
        _("profitability is shown as"),
        max_length=6,
        choices=ProfitMeasure.choices,
        default=ProfitMeasure.AMOUNT,
    )
    key_account_limit = models.PositiveIntegerField(
        _("key accounts at most"),
        null=True,
        blank=True,
        help_text=_("In the whole company. Empty: no limit."),
    )
    key_accounts_per_kam = models.PositiveSmallIntegerField(
        _("key accounts at most per KAM"), null=True, blank=True
    )
    key_share_low = models.DecimalField(
        _("key accounts' share, normal from"),
        max_digits=5, decimal_places=2, default=Decimal(30), validators=PERCENT,
    )  # fmt: skip
    key_share_high = models.DecimalField(
        _("key accounts' share, normal to"),
        max_digits=5, decimal_places=2, default=Decimal(55), validators=PERCENT,
    )  # fmt: skip
    dependence_warning = models.DecimalField(
        _("dependence warning above"),
        max_digits=5, decimal_places=2, default=Decimal(75), validators=PERCENT,
    )  # fmt: skip
    largest_notice = models.DecimalField(
        _("largest customer, notice from"),
        max_digits=5, decimal_places=2, default=Decimal(10), validators=PERCENT,
    )  # fmt: skip
    screen_days = models.PositiveSmallIntegerField(_("days to decide whether to add"), default=14)
    validate_days = models.PositiveSmallIntegerField(_("days to validate"), default=14)
    confirm_days = models.PositiveSmallIntegerField(_("days to confirm"), default=14)

    objects = DirectoryQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("portfolio settings")
        verbose_name_plural = _("portfolio settings")
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="portfolio_settings_one_row"),
            models.CheckConstraint(
                condition=models.Q(hourly_cost__gte=0), name="portfolio_settings_hourly_cost"
            ),
            models.CheckConstraint(
                condition=models.Q(key_share_low__lte=models.F("key_share_high")),
                name="portfolio_settings_key_share",
                violation_error_message=_("The normal share begins below where it ends."),
            ),
        ]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    @classmethod
    def current(cls) -> "PortfolioSettings":
        """The settings (one query); made with the defaults where nobody has set any."""
        return cls.objects.get_or_create(pk=1)[0]


@audited()
class CellText(Row):
    """What the company does with the accounts of one matrix cell."""

    class Cell(models.TextChoices):
        RETAIN = "retain", _("Retain")
        NURTURE = "nurture", _("Retain and nurture")
        DEVELOP = "develop", _("Retain and develop")
        ALL = "all", _("Retain, nurture and develop")

    cell = models.CharField(_("cell"), max_length=7, choices=Cell.choices, unique=True)
    goal = models.TextField(_("goal"), blank=True)
    treatment = models.TextField(_("treatment"), blank=True)
    contact_rhythm = models.CharField(_("contact rhythm"), max_length=200, blank=True)
    resource_share = models.DecimalField(
        _("share of the hours, %"),
        max_digits=5, decimal_places=2, null=True, blank=True, validators=PERCENT,
    )  # fmt: skip

    objects = DirectoryQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("matrix cell")
        verbose_name_plural = _("matrix cells")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.get_cell_display()
