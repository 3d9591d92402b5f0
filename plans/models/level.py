"""The plans of a KAM's portfolio, of a team and of the company, on top of the roll-up."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from kam.audit import audited
from kam.models.people import Team
from kam.models.row import Row
from plans.models.work import Measure, Perspective
from plans.querysets import CascadeQuerySet, LevelPlanQuerySet, OfLevelPlanQuerySet


@audited()
class LevelPlan(Row):
    """The plan of one portfolio (``owner``), one team, or the company (neither), for a fiscal year.

    ``revenue`` and ``margin`` are the targets from above, in company currency; what stands against
    them is the roll-up of the account plans. ``gap_argument`` says what is thought of the difference.
    """

    class Level(models.TextChoices):
        KAM = "kam", _("KAM")
        TEAM = "team", _("Team")
        COMPANY = "company", _("Company")

    level = models.CharField(_("level"), max_length=7, choices=Level.choices)
    year = models.PositiveSmallIntegerField(
        _("year"), validators=[MinValueValidator(1990), MaxValueValidator(2100)]
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("KAM"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="level_plans",
    )
    team = models.ForeignKey(
        Team,
        verbose_name=_("team"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="level_plans",
    )
    summary = models.TextField(_("summary"), blank=True, max_length=50_000)
    priorities = models.TextField(_("priorities"), blank=True, max_length=50_000)
    resources = models.TextField(_("resources"), blank=True, max_length=50_000)
    revenue = models.DecimalField(
        _("revenue target from above"), max_digits=18, decimal_places=2, null=True, blank=True
    )
    margin = models.DecimalField(
        _("margin target from above"), max_digits=18, decimal_places=2, null=True, blank=True
    )
    gap_argument = models.TextField(_("on the gap"), blank=True, max_length=5000)

    objects = LevelPlanQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("plan of a level")
        verbose_name_plural = _("plans of levels")
        ordering = ["-year", "level", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(level="kam", owner__isnull=False, team=None)
                | models.Q(level="team", owner=None, team__isnull=False)
                | models.Q(level="company", owner=None, team=None),
                name="plans_levelplan_of_one",
                violation_error_message=_(
                    "A plan is of one: of a KAM, of a team, or of the company, as its level says."
                ),
            ),
            models.UniqueConstraint(
                fields=["level", "year", "owner", "team"],
                nulls_distinct=False,
                name="plans_levelplan_key",
                violation_error_message=_("There is a plan for this year already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.owner or self.team or self.get_level_display()} {self.year}"


@audited()
class LevelGoal(Row):
    """A goal of a portfolio, team or company.

    Where ``measured_by`` is not by hand, what is reached is rolled up from the account plans' goals
    with the same measure: amounts add up, indices and shares by weight (METHODS: plans).
    """

    plan = models.ForeignKey(LevelPlan, on_delete=models.CASCADE, related_name="goals")
    title = models.CharField(_("goal"), max_length=200)
    perspective = models.CharField(
        _("perspective"), max_length=8, choices=Perspective.choices, default=Perspective.FINANCE
    )
    measured_by = models.CharField(
        _("measured"), max_length=12, choices=Measure.choices, default=Measure.HAND
    )
    metric = models.CharField(_("metric"), max_length=120)
    target = models.DecimalField(
        _("target"), max_digits=18, decimal_places=2, null=True, blank=True
    )
    actual = models.DecimalField(
        _("actual"), max_digits=18, decimal_places=2, null=True, blank=True
    )
    due_on = models.DateField(_("due"), null=True, blank=True)

    objects = OfLevelPlanQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("goal of a level")
        verbose_name_plural = _("goals of levels")
        ordering = ["perspective", "id"]

    def __str__(self) -> str:
        return self.title


@audited()
class CascadeShare(Row):
    """A part of a level's target given to the one below: a team, a KAM or an account.

    The one below accepts it or argues against it; amounts in company currency.
    """

    class Basis(models.TextChoices):
        LAST_YEAR = "last_year", _("By last year")
        POTENTIAL = "potential", _("By potential")
        HAND = "hand", _("By hand")

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        ACCEPTED = "accepted", _("Accepted")
        ARGUED = "argued", _("Argued against")

    plan = models.ForeignKey(LevelPlan, on_delete=models.CASCADE, related_name="shares")
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.CASCADE, related_name="cascade_shares"
    )
    basis = models.CharField(_("basis"), max_length=9, choices=Basis.choices)
    revenue = models.DecimalField(_("revenue"), max_digits=18, decimal_places=2)
    margin = models.DecimalField(
        _("margin"), max_digits=18, decimal_places=2, null=True, blank=True
    )
    state = models.CharField(
        _("state"), max_length=8, choices=State.choices, default=State.PROPOSED
    )
    argument = models.TextField(_("argument"), blank=True, max_length=2000)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True, editable=False)

    objects = CascadeQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("share of a target")
        verbose_name_plural = _("shares of targets")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(team__isnull=False, owner=None, account=None)
                | models.Q(team=None, owner__isnull=False, account=None)
                | models.Q(team=None, owner=None, account__isnull=False),
                name="plans_cascadeshare_of_one",
            ),
            models.UniqueConstraint(
                fields=["plan", "team", "owner", "account"],
                condition=models.Q(archived_at__isnull=True),
                nulls_distinct=False,
                name="plans_cascadeshare_key",
                violation_error_message=_("This part has its share already."),
            ),
            models.CheckConstraint(
                condition=models.Q(revenue__gte=0),
                name="plans_cascadeshare_not_negative",
                violation_error_message=_("A target is not below zero."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.team or self.owner or self.account)
