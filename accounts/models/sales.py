"""Sales facts: what an account bought, per product and month, as other systems report it."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.models.account import Account
from accounts.models.product import Product
from accounts.querysets import OfAccountQuerySet, SalesFactQuerySet
from kam.models import BudgetRate, Company, ImportBatch
from kam.money import CURRENCIES

FIRST_OF_MONTH = models.Q(month__day=1)


class SalesFact(models.Model):
    """Revenue, cost (of goods, direct) and volume of one account × product × month × currency.

    Amounts are in ``currency``, net, negative for credit notes. Facts are written in batches; their
    history is the chain of batches with the kept files.
    """

    account = models.ForeignKey(
        Account,
        verbose_name=_("account"),
        on_delete=models.CASCADE,
        related_name="sales_facts",
        db_index=False,  # the key begins with it
    )
    product = models.ForeignKey(
        Product,
        verbose_name=_("product"),
        on_delete=models.PROTECT,
        related_name="sales_facts",
        db_index=False,
    )
    month = models.DateField(_("month"))
    currency = models.CharField(_("currency"), max_length=3, choices=CURRENCIES)
    revenue = models.DecimalField(_("revenue"), max_digits=16, decimal_places=2)
    cost = models.DecimalField(_("cost"), max_digits=16, decimal_places=2, default=0)
    volume = models.DecimalField(_("volume"), max_digits=16, decimal_places=3, default=0)
    batch = models.ForeignKey(
        ImportBatch,
        verbose_name=_("import"),
        null=True,
        on_delete=models.PROTECT,
        related_name="sales_facts",
        db_index=False,
    )

    objects = SalesFactQuerySet.as_manager()

    class Meta:
        verbose_name = _("sales fact")
        verbose_name_plural = _("sales facts")
        ordering = ["-month", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "month", "product", "currency"], name="accounts_salesfact_key"
            ),
            models.CheckConstraint(condition=FIRST_OF_MONTH, name="accounts_salesfact_month"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name=f"mark_stale_{name}",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=operation,
                referencing=pgtrigger.Referencing(**tables),
                func=pgtrigger.Func(
                    "INSERT INTO accounts_staleyear (account_id, month) "
                    + " UNION ".join(f"SELECT account_id, month FROM {t}" for t in tables.values())
                    + "; RETURN NULL;"
                ),
            )
            for name, operation, tables in (
                ("insert", pgtrigger.Insert, {"new": "new_rows"}),
                ("update", pgtrigger.Update, {"old": "old_rows", "new": "new_rows"}),
                ("delete", pgtrigger.Delete, {"old": "old_rows"}),
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.month:%Y-%m} {self.revenue} {self.currency}"

    @property
    def margin(self):  # type: ignore[no-untyped-def]
        """Revenue less cost, in the fact's currency."""
        return self.revenue - self.cost


class StaleYear(models.Model):
    """What has changed since the prepared figures were computed; set by triggers.

    Account and month: facts of that month. Month alone: the rates (every account's figures in
    company currency). Neither: the company's calendar or currency (everything).
    """

    account_id = models.BigIntegerField(null=True)
    month = models.DateField(null=True)

    class Meta:
        verbose_name = _("stale figures")

    def __str__(self) -> str:
        return f"{self.account_id} {self.month}"


class AccountYear(models.Model):
    """An account's facts summed over a fiscal year and currency: lists sort and filter by it."""

    account = models.ForeignKey(
        Account,
        on_delete=models.CASCADE,
        related_name="years",
        db_index=False,  # as of facts
    )
    year = models.PositiveSmallIntegerField(_("year"))
    currency = models.CharField(_("currency"), max_length=3)
    revenue = models.DecimalField(_("revenue"), max_digits=18, decimal_places=2)
    cost = models.DecimalField(_("cost"), max_digits=18, decimal_places=2)
    volume = models.DecimalField(_("volume"), max_digits=18, decimal_places=3)

    objects = OfAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("account's year")
        verbose_name_plural = _("accounts' years")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "year", "currency"], name="accounts_accountyear_key"
            )
        ]
        # No amount is in an index: a changed sum is written in place.
        indexes = [models.Index(fields=["year"], name="accounts_accountyear_year")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.year}"


class AccountFigures(models.Model):
    """An account's present fiscal year in company currency, one row per account: lists sort by it.

    Converted at the years' budget rates; ``no_rate`` names currencies that have none and whose
    amounts are therefore not in. No amount: no facts (or none that can be converted).
    """

    account = models.OneToOneField(
        Account, primary_key=True, on_delete=models.CASCADE, related_name="figures"
    )
    year = models.PositiveSmallIntegerField(_("year"), default=0)
    revenue = models.DecimalField(_("revenue"), max_digits=20, decimal_places=2, null=True)
    margin = models.DecimalField(_("margin"), max_digits=20, decimal_places=2, null=True)
    revenue_before = models.DecimalField(
        _("revenue of the year before"), max_digits=20, decimal_places=2, null=True
    )
    no_rate = ArrayField(models.CharField(max_length=3), default=list)
    mixed = models.BooleanField(_("several currencies"), default=False)

    objects = OfAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("account's figures")
        verbose_name_plural = _("accounts' figures")
        indexes = [
            models.Index(
                F("revenue").desc(nulls_last=True),
                F("account").desc(),
                name="accounts_figures_top",
            ),
            models.Index(fields=["revenue", "account"], name="accounts_figures_bottom"),
            models.Index(
                F("revenue_before").desc(nulls_last=True),
                F("account").desc(),
                name="accounts_figures_before",
            ),
            models.Index(fields=["revenue_before", "account"], name="accounts_figures_before_up"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.year}"


class RateWatch(BudgetRate):
    """Budget rates, watched: a changed rate makes the converted figures stale."""

    class Meta:
        proxy = True
        triggers = [
            pgtrigger.Trigger(
                name="mark_stale_rates",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func=(
                    "INSERT INTO accounts_staleyear (account_id, month)"
                    " VALUES (NULL, date '2000-01-01'); RETURN NULL;"
                ),
            )
        ]


class CompanyWatch(Company):
    """The company's settings, watched: another calendar or currency makes all figures stale."""

    class Meta:
        proxy = True
        triggers = [
            pgtrigger.Trigger(
                name="mark_stale_company",
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("fiscal_year_start", "currency"),
                func=(
                    "INSERT INTO accounts_staleyear (account_id, month) VALUES (NULL, NULL);"
                    " RETURN NULL;"
                ),
            )
        ]
