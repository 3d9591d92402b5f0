"""Criteria in versions: what counts, how much, and how a fact becomes a score."""

from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kam.audit import audited
from kam.models.row import Row
from portfolio.models.settings import PERCENT
from portfolio.querysets import (
    ComparisonQuerySet,
    CriterionQuerySet,
    OfVersionQuerySet,
    VersionQuerySet,
)


class Axis(models.TextChoices):
    """The scores that a version may define; the first two place an account in the matrix."""

    PROFITABILITY = "profitability", _("Profitability")
    POTENTIAL = "potential", _("Potential")
    STRATEGIC = "strategic", _("Strategic importance")
    RELATION = "relation", _("Strength of the relation")
    IMPROVEMENT = "improvement", _("Improvement potential")
    IMPACT = "impact", _("Our impact on their profit (Kraljic)")
    RISK = "risk", _("Few alternatives to us (Kraljic)")


@audited()
class CriteriaVersion(Row):
    """A set of criteria: a draft, the active one, or an archived one. At most one is active."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("Active")
        ARCHIVED = "archived", _("Archived")

    name = models.CharField(_("name"), max_length=120)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.DRAFT)
    active_from = models.DateField(_("active from"), null=True, blank=True)
    active_to = models.DateField(_("active to"), null=True, blank=True, editable=False)
    revise_by = models.DateField(
        _("revise by"), null=True, blank=True, help_text=_("A reminder comes in time.")
    )
    activate_on = models.DateField(
        _("to come into force on"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("The night of this date puts the draft in force."),
    )
    scheduled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("scheduled by"),
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    note = models.TextField(_("why this version"), blank=True)
    profitability_cut = models.DecimalField(
        _("high profitability from"),
        max_digits=5, decimal_places=2, default=Decimal(50), validators=PERCENT,
    )  # fmt: skip
    potential_cut = models.DecimalField(
        _("high potential from"),
        max_digits=5, decimal_places=2, default=Decimal(50), validators=PERCENT,
    )  # fmt: skip
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("activated by"),
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    objects = VersionQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("version of the criteria")
        verbose_name_plural = _("versions of the criteria")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"],
                condition=models.Q(state="active"),
                name="portfolio_one_active_version",
                violation_error_message=_("Another version is active."),
            ),
            models.CheckConstraint(
                condition=models.Q(activate_on__isnull=True) | models.Q(state="draft"),
                name="portfolio_version_scheduled",
                violation_error_message=_("Only a draft waits for its date."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Whether what it holds may change: a draft that does not wait for its date."""
        return self.state == self.State.DRAFT and self.activate_on is None

    def get_absolute_url(self) -> str:
        return reverse("portfolio:version_detail", args=[self.pk])


@audited()
class CriterionGroup(Row):
    """Criteria of one axis that are weighed among themselves first (a hierarchical score)."""

    criteria_version = models.ForeignKey(
        CriteriaVersion, on_delete=models.CASCADE, related_name="groups"
    )
    axis = models.CharField(_("score"), max_length=13, choices=Axis.choices)
    name = models.CharField(_("group"), max_length=120)
    weight = models.DecimalField(
        _("weight"),
        max_digits=9,
        decimal_places=4,
        default=Decimal(1),
        validators=[MinValueValidator(Decimal(0))],
    )

    objects = OfVersionQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("group of criteria")
        verbose_name_plural = _("groups of criteria")
        ordering = ["axis", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["criteria_version", "axis", "name"],
                name="portfolio_group_key",
                violation_error_message=_("This score has a group with this name already."),
            ),
            models.CheckConstraint(
                condition=models.Q(weight__gte=0),
                name="portfolio_group_weight",
                violation_error_message=_("A weight is not below zero."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


@audited()
class Criterion(Row):
    """One thing that counts: where the fact comes from, and how it becomes a value of 0 to 100.

    Measured criteria name a measure of ``portfolio.measures``; judged ones take people's judgements
    (1–5, with evidence) by ``code``, which stays the same from version to version.
    """

    class Kind(models.TextChoices):
        MEASURED = "measured", _("Measured")
        JUDGED = "judged", _("Judged 1–5")

    class Direction(models.TextChoices):
        UP = "up", _("More is better")
        DOWN = "down", _("Less is better")

    class Function(models.TextChoices):
        LINEAR = "linear", _("Linear, from worst to best")
        BANDS = "bands", _("Bands")
        PERCENTILE = "percentile", _("Rank among all accounts")

    class Missing(models.TextChoices):
        EXCLUDE = "exclude", _("Leave out; the others count more")
        DEFAULT = "default", _("Take a default value")

    group = models.ForeignKey(CriterionGroup, on_delete=models.CASCADE, related_name="criteria")
    code = models.SlugField(_("code"), max_length=40)
    name = models.CharField(_("criterion"), max_length=120)
    guidance = models.TextField(
        _("guidance"), blank=True, help_text=_("What 1 and 5 mean; where the evidence is found.")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.JUDGED)
    measure = models.CharField(_("measure"), max_length=40, blank=True)
    direction = models.CharField(
        _("direction"), max_length=4, choices=Direction.choices, default=Direction.UP
    )
    function = models.CharField(
        _("value function"), max_length=10, choices=Function.choices, default=Function.LINEAR
    )
    worst = models.DecimalField(_("worst"), max_digits=18, decimal_places=4, null=True, blank=True)
    best = models.DecimalField(_("best"), max_digits=18, decimal_places=4, null=True, blank=True)
    band_floors = ArrayField(
        models.DecimalField(max_digits=18, decimal_places=4),
        verbose_name=_("bands from"),
        default=list,
        blank=True,
        help_text=_("Rising; what lies below the first counts as 0."),
    )
    band_values = ArrayField(
        models.DecimalField(max_digits=7, decimal_places=4),
        verbose_name=_("values of the bands"),
        default=list,
        blank=True,
        help_text=_("0 to 100, one for each band."),
    )
    weight = models.DecimalField(
        _("weight"),
        max_digits=9,
        decimal_places=4,
        default=Decimal(1),
        validators=[MinValueValidator(Decimal(0))],
    )
    position = models.PositiveSmallIntegerField(_("place in the group"), default=0)
    missing = models.CharField(
        _("where the fact is missing"),
        max_length=7,
        choices=Missing.choices,
        default=Missing.EXCLUDE,
    )
    default_value = models.DecimalField(
        _("default value"),
        max_digits=7, decimal_places=4, null=True, blank=True, validators=PERCENT,
    )  # fmt: skip

    objects = CriterionQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("criterion")
        verbose_name_plural = _("criteria")
        ordering = ["group__axis", "group_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "code"],
                name="portfolio_criterion_key",
                violation_error_message=_("The group has a criterion with this code already."),
            ),
            models.CheckConstraint(
                condition=models.Q(weight__gte=0),
                name="portfolio_criterion_weight",
                violation_error_message=_("A weight is not below zero."),
            ),
            models.CheckConstraint(
                condition=models.Q(kind="judged") | ~models.Q(measure=""),
                name="portfolio_criterion_measure",
                violation_error_message=_("A measured criterion names its measure."),
            ),
            models.CheckConstraint(
                condition=~models.Q(function="linear", kind="measured")
                | models.Q(worst__isnull=False, best__isnull=False)
                & ~models.Q(worst=models.F("best")),
                name="portfolio_criterion_scale",
                violation_error_message=_("A linear value needs a worst and a best that differ."),
            ),
            models.CheckConstraint(
                condition=models.Q(missing="exclude") | models.Q(default_value__isnull=False),
                name="portfolio_criterion_default",
                violation_error_message=_("Say the default value."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


@audited()
class PairwiseComparison(Row):
    """One person's judgements of how much more one thing counts than another (AHP, Saaty).

    ``items`` are ids of the group's criteria, or of the axis's groups where ``group`` is empty;
    ``ratios`` is the upper triangle, row by row: 9 means "the former is extremely more important",
    1/9 the reverse.
    """

    criteria_version = models.ForeignKey(
        CriteriaVersion, on_delete=models.CASCADE, related_name="comparisons"
    )
    axis = models.CharField(_("score"), max_length=13, choices=Axis.choices)
    group = models.ForeignKey(
        CriterionGroup, null=True, blank=True, on_delete=models.CASCADE, related_name="comparisons"
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="comparisons"
    )
    items = ArrayField(models.BigIntegerField())
    ratios = ArrayField(models.DecimalField(max_digits=12, decimal_places=9))

    objects = ComparisonQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("pairwise comparison")
        verbose_name_plural = _("pairwise comparisons")
        constraints = [
            models.UniqueConstraint(
                fields=["criteria_version", "axis", "group", "person"],
                nulls_distinct=False,
                name="portfolio_comparison_key",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.group or self.get_axis_display()}"
