"""What a plan of a segment or matrix cell consists of; administrators build these."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from kam.audit import audited
from kam.models.row import Row
from kam.scoping import DirectoryQuerySet
from portfolio.models import CellText, Segment


class SectionKind(models.TextChoices):
    """What a section of a plan is about. Some show beside the text what the system knows."""

    PROFILE = "profile", _("Profile of the customer")
    RESULTS = "results", _("The customer's results and position")
    TEAM = "team", _("Our team and theirs")
    SITUATION = "situation", _("Situation and trends")
    NEEDS = "needs", _("The customer's needs")
    VALUE = "value", _("The value that we offer")
    INSIGHT = "insight", _("Other insight")
    COMPETITORS = "competitors", _("Competitors")
    PARTNERS = "partners", _("Partners")
    RELATION = "relation", _("Our relation")
    HISTORY = "history", _("History of sales")
    SATISFACTION = "satisfaction", _("Satisfaction")
    SWOT = "swot", _("Strengths, weaknesses, opportunities, threats")
    STRATEGY = "strategy", _("Strategy")
    RISKS = "risks", _("Risks")
    INVESTMENT = "investment", _("Investment and return")
    MEETINGS = "meetings", _("Meeting structure")
    OTHER = "other", _("Other")


class Audience(models.TextChoices):
    """Who reads a section. The account's owner always does."""

    ACCOUNT = "account", _("All who see the account")
    TEAM = "team", _("The account team")
    LEADERS = "leaders", _("The owner, leaders and management")
    NAMED = "named", _("Named people")


@audited()
class PlanTemplate(Row):
    """The sections of a plan, the rhythm of its reviews, and for whom it is meant.

    A new plan takes the first that fits (lowest ``rank``): its segment, else its matrix cell, else
    the one that fits all.
    """

    name = models.CharField(_("template"), max_length=80)
    description = models.TextField(_("what it is for"), blank=True)
    rank = models.PositiveSmallIntegerField(
        _("rank"), default=100, help_text=_("The lowest that fits an account is suggested.")
    )
    segment = models.ForeignKey(
        Segment,
        verbose_name=_("segment"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    cell = models.CharField(
        _("matrix cell"), max_length=7, choices=CellText.Cell.choices, blank=True
    )
    key_accounts_only = models.BooleanField(_("for key accounts only"), default=False)
    activity_review_months = models.PositiveSmallIntegerField(
        _("follow up activities every, months"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(12)],
    )
    plan_review_months = models.PositiveSmallIntegerField(
        _("review the plan every, months"),
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(12)],
    )
    customer_review_months = models.PositiveSmallIntegerField(
        _("review with the customer every, months"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(12)],
        help_text=_("Empty: no business review with the customer."),
    )

    objects = DirectoryQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("plan template")
        verbose_name_plural = _("plan templates")
        ordering = ["rank", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["name"],
                condition=models.Q(archived_at__isnull=True),
                name="plans_plantemplate_key",
                violation_error_message=_("There is a template with this name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class SectionShape(models.Model):
    """What a section of a template and one of a plan have in common.

    ``weight`` is its part of the plan's completeness (0: counts for nothing); ``fresh_days`` is how
    long what it says holds (METHODS: plan quality).
    """

    kind = models.CharField(_("about"), max_length=12, choices=SectionKind.choices)
    title = models.CharField(
        _("heading"), max_length=120, blank=True, help_text=_("Empty: what it is about.")
    )
    guidance = models.TextField(_("guidance"), blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    weight = models.PositiveSmallIntegerField(
        _("weight"), default=1, validators=[MaxValueValidator(100)]
    )
    fresh_days = models.PositiveSmallIntegerField(
        _("holds, days"), default=180, validators=[MinValueValidator(1)]
    )
    audience = models.CharField(
        _("who reads it"), max_length=7, choices=Audience.choices, default=Audience.ACCOUNT
    )

    class Meta:
        abstract = True

    @property
    def heading(self) -> str:
        """The section's heading as a person reads it."""
        return self.title or str(SectionKind(self.kind).label)


@audited()
class TemplateSection(SectionShape, Row):
    """One section of a template."""

    template = models.ForeignKey(
        PlanTemplate, verbose_name=_("template"), on_delete=models.CASCADE, related_name="sections"
    )

    objects = DirectoryQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("section of a template")
        verbose_name_plural = _("sections of templates")
        ordering = ["position", "id"]
        indexes = [
            models.Index(fields=["template", "position"], name="plans_templatesection_order")
        ]

    def __str__(self) -> str:
        return self.heading
