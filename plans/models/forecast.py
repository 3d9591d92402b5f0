"""What was forecast, kept month by month, so that accuracy can be told afterwards."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from plans.querysets import KeptForecastQuerySet, PortfolioQuerySet


class KeptForecast(models.Model):
    """The forecast of an account's month as it stood on the first of a month (``kept_on``).

    ``owner`` is the KAM who answered for it then. Amounts in ``currency``, the plan's.
    ``typed`` says whether the KAM gave a forecast; otherwise it is the target.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="kept_forecasts")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    month = models.DateField(_("month"))
    kept_on = models.DateField(_("as of"))
    currency = models.CharField(_("currency"), max_length=3)
    forecast = models.DecimalField(_("forecast"), max_digits=18, decimal_places=2)
    typed = models.BooleanField(_("given by the KAM"), default=False)

    objects = KeptForecastQuerySet.as_manager()

    class Meta:
        verbose_name = _("kept forecast")
        verbose_name_plural = _("kept forecasts")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "month", "kept_on"], name="plans_keptforecast_key"
            )
        ]
        indexes = [
            models.Index(fields=["owner", "month", "kept_on"], name="plans_keptforecast_by_owner"),
            models.Index(fields=["month", "kept_on"], name="plans_keptforecast_by_month"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.month:%Y-%m} · {self.kept_on}"


class ForecastOutcome(models.Model):
    """How one KAM's forecasts of a month turned out, by how many months ahead they were kept.

    Prepared by night from the kept forecasts and the sales facts of the same accounts, in company
    currency at the month's budget rates. ``deviation`` is the sum of |actual − forecast| over the
    accounts; ``left_out`` accounts have an amount without a rate and are in none of the sums.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    month = models.DateField()
    lead = models.PositiveSmallIntegerField()
    accounts = models.PositiveIntegerField()
    typed = models.PositiveIntegerField()
    left_out = models.PositiveIntegerField()
    forecast = models.DecimalField(max_digits=20, decimal_places=2)
    actual = models.DecimalField(max_digits=20, decimal_places=2)
    deviation = models.DecimalField(max_digits=20, decimal_places=2)
    computed_at = models.DateTimeField()

    objects = PortfolioQuerySet.as_manager()

    class Meta:
        verbose_name = _("forecasts' outcome")
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "month", "lead"],
                name="plans_forecastoutcome_key",
                nulls_distinct=False,
            )
        ]
        indexes = [models.Index(fields=["lead", "month"], name="plans_forecastoutcome_month")]

    def __str__(self) -> str:
        return f"{self.owner_id} {self.month:%Y-%m} · {self.lead}"
