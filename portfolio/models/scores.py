"""What the nightly run found: each account's scores, with the inputs they were made from.

A row holds from ``first_night`` to ``last_night`` (open while it holds): a night that changes
nothing about an account writes nothing. ``raw`` and ``as_of`` follow the inputs of the recipe of the
first night's run, ``values`` its criteria (``portfolio.recipe``).
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from portfolio.models.criteria import CriteriaVersion
from portfolio.models.settings import CellText
from portfolio.querysets import OfScoredAccountQuerySet, ReadOnlyDirectoryQuerySet


class ScoringRun(models.Model):
    """One night's scoring by one version. ``recipe`` is what it scored by, ``facts`` what the amounts
    were made with: period, currency, rates, cost of an hour.

    A run fills ``portfolio_scorestage`` slice by slice and is published in one transaction: until
    then the run before it, perhaps of the same night, is what people see; then it takes its place.
    ``next_account`` is where a stopped run goes on.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        WHOLE = "whole", _("Whole")
        FAILED = "failed", _("Failed")

    night = models.DateField(_("night"))
    criteria_version = models.ForeignKey(
        CriteriaVersion, on_delete=models.PROTECT, related_name="runs"
    )
    recipe = models.JSONField(_("what it scored by"), default=dict)
    facts = models.JSONField(_("what the amounts were made with"), default=dict)
    state = models.CharField(_("state"), max_length=7, choices=State.choices)
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    next_account = models.BigIntegerField(default=0)
    scored = models.PositiveIntegerField(_("accounts scored"), default=0)
    changed = models.PositiveIntegerField(_("accounts changed"), default=0)

    objects = ReadOnlyDirectoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("scoring run")
        verbose_name_plural = _("scoring runs")
        ordering = ["-night", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["night"],
                condition=models.Q(state="whole"),
                name="portfolio_run_whole",
            ),
            models.UniqueConstraint(
                fields=["night"],
                condition=~models.Q(state="whole"),
                name="portfolio_run_unfinished",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.night}"


class ScoreColumns(models.Model):
    """The columns that a staged and a published score share."""

    raw = ArrayField(models.DecimalField(max_digits=24, decimal_places=4, null=True))
    as_of = ArrayField(models.DateField(null=True))
    values = ArrayField(
        models.DecimalField(max_digits=7, decimal_places=4, null=True), default=list
    )
    profitability = models.DecimalField(
        _("profitability"), max_digits=5, decimal_places=2, null=True
    )
    potential = models.DecimalField(_("potential"), max_digits=5, decimal_places=2, null=True)
    strategic = models.DecimalField(
        _("strategic importance"), max_digits=5, decimal_places=2, null=True
    )
    relation = models.DecimalField(
        _("strength of the relation"), max_digits=5, decimal_places=2, null=True
    )
    improvement = models.DecimalField(
        _("improvement potential"), max_digits=5, decimal_places=2, null=True
    )
    impact = models.DecimalField(
        _("our impact on their profit"), max_digits=5, decimal_places=2, null=True
    )
    risk = models.DecimalField(
        _("few alternatives to us"), max_digits=5, decimal_places=2, null=True
    )
    completeness = models.DecimalField(
        _("completeness, %"), max_digits=5, decimal_places=2, default=0
    )
    cell = models.CharField(_("cell"), max_length=7, choices=CellText.Cell.choices, blank=True)
    revenue = models.DecimalField(
        _("revenue of twelve months"), max_digits=20, decimal_places=2, null=True
    )
    contribution = models.DecimalField(
        _("contribution of twelve months"), max_digits=20, decimal_places=2, null=True
    )
    attainable = models.DecimalField(
        _("attainable revenue"), max_digits=20, decimal_places=2, null=True
    )
    hours = models.DecimalField(
        _("hours of twelve months"), max_digits=12, decimal_places=2, null=True
    )
    is_key_account = models.BooleanField(_("key account"), default=False)

    class Meta:
        abstract = True


class AccountScore(ScoreColumns):
    """An account's scores (0–100) and figures (company currency) as they held for some nights."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="scores")
    criteria_version = models.ForeignKey(
        CriteriaVersion, on_delete=models.PROTECT, related_name="scores"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    first_night = models.DateField(_("from the night of"))
    last_night = models.DateField(_("to the night of"), null=True)
    cell_before = models.CharField(
        _("cell before"), max_length=7, choices=CellText.Cell.choices, blank=True
    )
    cell_since = models.DateField(_("in this cell since"), null=True)

    objects = OfScoredAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("score")
        verbose_name_plural = _("scores")
        ordering = ["-first_night"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=models.Q(last_night__isnull=True),
                name="portfolio_score_current",
            ),
            models.UniqueConstraint(
                fields=["account", "first_night"], name="portfolio_score_night"
            ),
            models.CheckConstraint(
                condition=models.Q(last_night__isnull=True)
                | models.Q(last_night__gte=F("first_night")),
                name="portfolio_score_nights",
            ),
        ]
        indexes = [
            models.Index(
                F("improvement").desc(nulls_last=True),
                F("account").desc(),
                name="portfolio_score_improve",
                condition=models.Q(last_night__isnull=True),
            ),
            models.Index(
                fields=["owner", "cell"],
                name="portfolio_score_by_owner",
                condition=models.Q(last_night__isnull=True),
            ),
            models.Index(fields=["last_night", "first_night"], name="portfolio_score_by_night"),
            models.Index(
                F("cell_since").desc(nulls_last=True),
                F("account").desc(),
                name="portfolio_score_moved",
                condition=models.Q(last_night__isnull=True) & ~models.Q(cell_before=""),
            ),
            models.Index(
                F("revenue").desc(nulls_last=True),
                F("account").desc(),
                name="portfolio_score_key",
                condition=models.Q(last_night__isnull=True, is_key_account=True),
            ),
            models.Index(
                fields=["account"],
                name="portfolio_score_unrated",
                condition=models.Q(last_night__isnull=True)
                & (models.Q(revenue__isnull=True) | models.Q(contribution__isnull=True)),
            ),
            # The whole matrix is read from this index alone.
            models.Index(
                fields=["profitability", "potential"],
                name="portfolio_score_matrix",
                condition=models.Q(last_night__isnull=True),
                include=[
                    "id",
                    "account",
                    "owner",
                    "cell",
                    "is_key_account",
                    "revenue",
                    "contribution",
                    "attainable",
                    "hours",
                ],
            ),
            models.Index(
                F("revenue").desc(nulls_last=True),
                F("id").desc(),
                name="portfolio_score_by_revenue",
                condition=models.Q(last_night__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.first_night}"


class ScoreStage(ScoreColumns):
    """The unpublished part of a run; empty while none is at work."""

    account_id = models.BigIntegerField(primary_key=True)
    owner_id = models.BigIntegerField(null=True)

    objects = OfScoredAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("staged score")
        verbose_name_plural = _("staged scores")

    def __str__(self) -> str:
        return f"{self.account_id}"


class PortfolioNight(models.Model):
    """One night's sums of one portfolio (``owner``), cell and kind: what dashboards add up.

    Amounts are in the company's currency, of the twelve months before that night.
    """

    night = models.DateField(_("night"))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    cell = models.CharField(_("cell"), max_length=7, choices=CellText.Cell.choices, blank=True)
    is_key_account = models.BooleanField(_("key account"))
    accounts = models.PositiveIntegerField(_("accounts"))
    revenue = models.DecimalField(_("revenue"), max_digits=22, decimal_places=2)
    contribution = models.DecimalField(_("contribution"), max_digits=22, decimal_places=2)
    hours = models.DecimalField(_("hours"), max_digits=14, decimal_places=2)

    objects = ReadOnlyDirectoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("portfolio on a night")
        verbose_name_plural = _("portfolios on nights")
        constraints = [
            models.UniqueConstraint(
                fields=["night", "owner", "cell", "is_key_account"],
                nulls_distinct=False,
                name="portfolio_night_key",
            )
        ]

    def __str__(self) -> str:
        return f"{self.night} {self.owner_id} {self.cell}"
