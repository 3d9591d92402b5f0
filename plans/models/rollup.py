"""Prepared figures per portfolio (the accounts of one KAM), so that roll-ups cost the same with
a thousand accounts and with a hundred thousand. Triggers mark what is stale; see
``plans.services.portfolios``.
"""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from kam.scoping import ScopedQuerySet
from plans.querysets import PortfolioQuerySet


class PortfolioMonth(models.Model):
    """One KAM's accounts in one month and currency; ``owner`` is empty for accounts without one.

    All amounts in ``currency``; facts and targets of archived accounts are not in.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    month = models.DateField()
    currency = models.CharField(max_length=3)
    actual_revenue = models.DecimalField(max_digits=20, decimal_places=2, default=0)
    actual_margin = models.DecimalField(max_digits=20, decimal_places=2, default=0)
    target_revenue = models.DecimalField(max_digits=20, decimal_places=2, default=0)
    target_margin = models.DecimalField(max_digits=20, decimal_places=2, default=0)
    forecast_revenue = models.DecimalField(
        max_digits=20,
        decimal_places=2,
        default=0,
        help_text="the KAMs' forecast; the target where none is given",
    )

    objects = PortfolioQuerySet.as_manager()

    class Meta:
        verbose_name = _("portfolio month")
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "month", "currency"],
                name="plans_portfoliomonth_key",
                nulls_distinct=False,
            )
        ]
        indexes = [models.Index(fields=["month"], name="plans_portfoliomonth_month")]

    def __str__(self) -> str:
        return f"{self.owner_id} {self.month:%Y-%m} {self.currency}"


class PortfolioCount(models.Model):
    """How many accounts, plans and activities one KAM has in one fiscal year.

    The row of year 0 holds what no year changes: ``accounts`` and ``key_accounts`` (as they are
    now), and ``counted_at``, when anything of the portfolio was last computed. The rows of the
    plans' years hold the rest. ``late_activities`` are open ones due before ``counted_on`` (the
    company's date).
    """

    #: The year of the row with the accounts.
    ALWAYS = 0

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    year = models.PositiveSmallIntegerField()
    accounts = models.PositiveIntegerField(default=0)
    key_accounts = models.PositiveIntegerField(default=0)
    planned = models.PositiveIntegerField(default=0, help_text="accounts with a plan for the year")
    approved = models.PositiveIntegerField(default=0)
    open_activities = models.PositiveIntegerField(default=0)
    late_activities = models.PositiveIntegerField(default=0)
    counted_on = models.DateField()
    counted_at = models.DateTimeField()

    objects = PortfolioQuerySet.as_manager()

    class Meta:
        verbose_name = _("portfolio count")
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "year"], name="plans_portfoliocount_key", nulls_distinct=False
            )
        ]
        indexes = [models.Index(fields=["year"], name="plans_portfoliocount_year")]

    def __str__(self) -> str:
        return f"{self.owner_id} {self.year}"


class PortfolioPart(models.Model):
    """One KAM's accounts of one kind, in a fiscal year and currency: what roll-ups along other lines
    than the team tree are summed from.

    ``line`` says along what (``plans.rollups.along.LINES``; a segment scheme by its id), ``key`` which
    of its values, empty for accounts without one. Amounts are in ``currency``; ``forecast`` is actual
    of the months that were over on ``closed_on`` and the KAMs' forecast of the others. Rows without
    a currency count: accounts in the row of year 0 (``ALWAYS``), those with a plan in its year's.
    """

    #: The year of the rows with the accounts.
    ALWAYS = 0

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    line = models.CharField(max_length=24)
    key = models.CharField(max_length=20)
    year = models.PositiveSmallIntegerField()
    currency = models.CharField(max_length=3)
    accounts = models.PositiveIntegerField(default=0)
    planned = models.PositiveIntegerField(default=0)
    actual = models.DecimalField(max_digits=20, decimal_places=2, default=0)
    actual_margin = models.DecimalField(max_digits=20, decimal_places=2, default=0)
    target = models.DecimalField(max_digits=20, decimal_places=2, default=0)
    target_margin = models.DecimalField(max_digits=20, decimal_places=2, default=0)
    forecast = models.DecimalField(max_digits=20, decimal_places=2, default=0)
    closed_actual = models.DecimalField(max_digits=20, decimal_places=2, default=0)
    target_to_date = models.DecimalField(max_digits=20, decimal_places=2, default=0)
    closed_on = models.DateField(help_text="the first of the month in which it was computed")

    objects = PortfolioQuerySet.as_manager()

    class Meta:
        verbose_name = _("part of a portfolio")
        constraints = [
            models.UniqueConstraint(
                fields=["line", "year", "owner", "key", "currency"],
                name="plans_portfoliopart_key",
                nulls_distinct=False,
            )
        ]
        indexes = [
            models.Index(fields=["owner"], name="plans_portfoliopart_owner"),
            models.Index(fields=["line", "year", "key"], name="plans_portfoliopart_key_of"),
        ]

    def __str__(self) -> str:
        return f"{self.owner_id} {self.line} {self.key} {self.year} {self.currency}"


class AccountToDate(models.Model):
    """What one account with targets was to sell and has sold in the months of a fiscal year that are
    over, in one currency; ``asked``: the target is in this currency.

    Kept with the ``PortfolioPart``s of its owner, of the same months (``closed_on`` there).
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="+")
    year = models.PositiveSmallIntegerField()
    currency = models.CharField(max_length=3)
    asked = models.BooleanField()
    target = models.DecimalField(max_digits=20, decimal_places=2)
    actual = models.DecimalField(max_digits=20, decimal_places=2)

    objects = PortfolioQuerySet.as_manager()

    class Meta:
        verbose_name = _("account to date")
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "year", "account", "currency"],
                name="plans_accounttodate_key",
                nulls_distinct=False,
            )
        ]
        indexes = [models.Index(fields=["year"], name="plans_accounttodate_year")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.year} {self.currency}"


class MeasuredGoals(models.Model):
    """What the goals of one KAM's accounts have reached of one measure, in a plan year.

    Measured by night, at ``measured_at``, in company currency (``plans.rollups.goals``). ``heard`` of
    ``goals`` accounts have a value, ``weighty`` of them a weight as well; ``weighted`` is
    Σ value × weight.
    """

    #: The columns that add up over owners.
    SUMS = ("total", "heard", "goals", "weighted", "weight", "weighty")

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    year = models.PositiveSmallIntegerField()
    measure = models.CharField(max_length=12)
    total = models.DecimalField(max_digits=32, decimal_places=10, null=True)
    heard = models.PositiveIntegerField()
    goals = models.PositiveIntegerField()
    weighted = models.DecimalField(max_digits=40, decimal_places=10, null=True)
    weight = models.DecimalField(max_digits=32, decimal_places=10, null=True)
    weighty = models.PositiveIntegerField()
    measured_at = models.DateTimeField()

    objects = PortfolioQuerySet.as_manager()

    class Meta:
        verbose_name = _("measured goals")
        constraints = [
            models.UniqueConstraint(
                fields=["year", "measure", "owner"],
                name="plans_measuredgoals_key",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.owner_id} {self.measure} {self.year}"


class CompanyPart(models.Model):
    """The whole company's accounts of one kind in a fiscal year: the sum of the ``PortfolioPart``s.

    Amounts are in the company's currency at the year's budget rates, unrounded; ``lacking``: an amount
    has no rate and is not in. The row of year 0 counts the accounts.
    """

    line = models.CharField(max_length=24)
    year = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=20)
    accounts = models.PositiveIntegerField()
    planned = models.PositiveIntegerField()
    actual = models.DecimalField(max_digits=32, decimal_places=10)
    actual_margin = models.DecimalField(max_digits=32, decimal_places=10)
    target = models.DecimalField(max_digits=32, decimal_places=10)
    target_margin = models.DecimalField(max_digits=32, decimal_places=10)
    forecast = models.DecimalField(max_digits=32, decimal_places=10)
    closed_actual = models.DecimalField(max_digits=32, decimal_places=10)
    target_to_date = models.DecimalField(max_digits=32, decimal_places=10)
    lacking = models.BooleanField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("part of the company")
        constraints = [
            models.UniqueConstraint(fields=["line", "year", "key"], name="plans_companypart_key")
        ]

    def __str__(self) -> str:
        return f"{self.line} {self.key} {self.year}"


class SummedMonth(models.Model):
    """A month in one currency: a sum of ``PortfolioMonth``s."""

    month = models.DateField()
    currency = models.CharField(max_length=3)
    actual_revenue = models.DecimalField(max_digits=20, decimal_places=2)
    actual_margin = models.DecimalField(max_digits=20, decimal_places=2)
    target_revenue = models.DecimalField(max_digits=20, decimal_places=2)
    target_margin = models.DecimalField(max_digits=20, decimal_places=2)
    forecast_revenue = models.DecimalField(max_digits=20, decimal_places=2)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        abstract = True


class CompanyMonth(SummedMonth):
    """The whole company's month in one currency: the sum of the ``PortfolioMonth``s."""

    class Meta:
        verbose_name = _("month of the company")
        constraints = [
            models.UniqueConstraint(fields=["month", "currency"], name="plans_companymonth_key")
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.currency}"


class TeamMonth(SummedMonth):
    """A team's month in one currency: the sum of the ``PortfolioMonth``s of all who are in the team or
    below it, as the tree stands.
    """

    team = models.ForeignKey("kam.Team", on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("month of a team")
        constraints = [
            models.UniqueConstraint(
                fields=["team", "month", "currency"], name="plans_teammonth_key"
            )
        ]
        indexes = [models.Index(fields=["month"], name="plans_teammonth_month")]

    def __str__(self) -> str:
        return f"{self.team_id} {self.month:%Y-%m} {self.currency}"


class StaleCompany(models.Model):
    """Which of the company's and teams' sums no longer are those of the portfolios; written by triggers.

    Read in the same moment as the sums: where a mark stands the portfolios are summed instead
    (``plans.services.company_sums``). ``line`` as in ``CompanyPart``, or ``MONTHS`` with the month
    as ``key``, or ``TEAMS``. What is empty stands for all: each line, year or key.
    """

    #: Stands for ``CompanyMonth`` and ``TeamMonth`` where a line stands; its year is 0.
    MONTHS = "months"
    #: Stands for all of ``TeamMonth``: somebody is in another team, or a team elsewhere in the tree.
    TEAMS = "teams"

    line = models.CharField(max_length=24, null=True)
    year = models.PositiveSmallIntegerField(null=True)
    key = models.CharField(max_length=20, null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("stale sum of the company")

    def __str__(self) -> str:
        return f"{self.line} {self.year} {self.key}"


class CurrentWrite(models.Func):
    """The number of the transaction that writes."""

    template = "(pg_current_xact_id()::text::bigint)"
    output_field = models.BigIntegerField()


class StalePortfolio(models.Model):
    """What is to be computed anew; written by triggers, taken by ``refresh_portfolios``.

    A mark names an account (its owner is looked up when the mark is taken, because the account may
    move while the marking transaction is still open) or, with ``account_id`` empty, a portfolio:
    ``owner_id``, empty for accounts without an owner.
    """

    class What(models.TextChoices):
        MONTH = "m", _("the figures of one month")
        COUNTS = "c", _("the counts")
        ALL = "a", _("all months and the counts")

    account_id = models.BigIntegerField(null=True)
    owner_id = models.BigIntegerField(null=True)
    month = models.DateField(null=True)
    what = models.CharField(max_length=1, choices=What.choices, default=What.ALL)
    #: Marks of one write that moves accounts are worked off together.
    write = models.BigIntegerField(db_default=CurrentWrite())

    class Meta:
        verbose_name = _("stale portfolio")
        indexes = [models.Index(fields=["write"], name="plans_stale_by_write")]

    def __str__(self) -> str:
        return f"{self.what} {self.account_id or self.owner_id} {self.month}"
