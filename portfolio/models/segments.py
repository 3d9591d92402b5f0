"""Segments: accounts sorted by thresholds on their scores, in several schemes side by side."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from accounts.querysets import OfAccountQuerySet
from kam.audit import audited
from kam.models.row import Row
from kam.scoping import DirectoryQuerySet
from portfolio.querysets import OfScoredAccountQuerySet


@audited()
class SegmentScheme(Row):
    """One way to sort accounts, such as Segment 1–3 or A–D."""

    name = models.CharField(_("scheme"), max_length=80, unique=True)
    description = models.TextField(_("what it is for"), blank=True)

    objects = DirectoryQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("segment scheme")
        verbose_name_plural = _("segment schemes")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


@audited()
class Segment(Row):
    """One segment of a scheme. An account falls into the first (lowest ``rank``) whose rules hold."""

    scheme = models.ForeignKey(SegmentScheme, on_delete=models.CASCADE, related_name="segments")
    name = models.CharField(_("segment"), max_length=80)
    rank = models.PositiveSmallIntegerField(_("rank"), help_text=_("1 is tried first."))

    objects = DirectoryQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        ordering = ["scheme_id", "rank", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["scheme", "name"],
                condition=models.Q(archived_at__isnull=True),
                name="portfolio_segment_key",
                violation_error_message=_("The scheme has a segment with this name already."),
            ),
            models.UniqueConstraint(
                fields=["scheme", "rank"],
                condition=models.Q(archived_at__isnull=True),
                name="portfolio_segment_rank",
                violation_error_message=_("The scheme has a segment of this rank already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


@audited()
class SegmentRule(Row):
    """A condition of a segment; all of a segment's conditions must hold. A missing value fails."""

    class Subject(models.TextChoices):
        PROFITABILITY = "profitability", _("Profitability, 0–100")
        POTENTIAL = "potential", _("Potential, 0–100")
        STRATEGIC = "strategic", _("Strategic importance, 0–100")
        RELATION = "relation", _("Strength of the relation, 0–100")
        IMPROVEMENT = "improvement", _("Improvement potential, 0–100")
        IMPACT = "impact", _("Our impact on their profit, 0–100")
        RISK = "risk", _("Few alternatives to us, 0–100")
        REVENUE = "revenue", _("Revenue of twelve months, company currency")
        CONTRIBUTION = "contribution", _("Contribution of twelve months, company currency")
        ATTAINABLE = "attainable", _("Attainable revenue, company currency")
        KEY_ACCOUNT = "is_key_account", _("Key account (1: yes, 0: no)")
        LEVEL = "level", _("Level (1 territory, 2 regional, 3 national, 4 global)")

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="rules")
    subject = models.CharField(_("subject"), max_length=14, choices=Subject.choices)
    at_least = models.DecimalField(
        _("at least"), max_digits=18, decimal_places=2, null=True, blank=True
    )
    below = models.DecimalField(_("below"), max_digits=18, decimal_places=2, null=True, blank=True)

    objects = DirectoryQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("segment's rule")
        verbose_name_plural = _("segments' rules")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["segment", "subject"],
                name="portfolio_rule_key",
                violation_error_message=_("The segment has a rule on this subject already."),
            ),
            models.CheckConstraint(
                condition=models.Q(at_least__isnull=False) | models.Q(below__isnull=False),
                name="portfolio_rule_threshold",
                violation_error_message=_("Say at least what, or below what."),
            ),
            models.CheckConstraint(
                condition=models.Q(at_least__isnull=True)
                | models.Q(below__isnull=True)
                | models.Q(at_least__lt=models.F("below")),
                name="portfolio_rule_holds",
                violation_error_message=_("“At least” must be less than “below”."),
            ),
        ]

    def __str__(self) -> str:
        low = "" if self.at_least is None else f"{self.at_least.normalize():f} ≤ "
        high = "" if self.below is None else f" < {Decimal(self.below).normalize():f}"
        return f"{low}{self.get_subject_display()}{high}"


class SegmentPlacement(models.Model):
    """In which segment of a scheme an account was, from night to night."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="placements")
    scheme = models.ForeignKey(SegmentScheme, on_delete=models.CASCADE, related_name="placements")
    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="placements")
    by_hand = models.BooleanField(_("by hand"), default=False)
    first_night = models.DateField(_("from the night of"))
    last_night = models.DateField(_("to the night of"), null=True)

    objects = OfScoredAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("placement")
        verbose_name_plural = _("placements")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "scheme"],
                condition=models.Q(last_night__isnull=True),
                name="portfolio_placement_current",
            )
        ]
        indexes = [
            models.Index(
                fields=["segment", "account"],
                name="portfolio_placement_by_segment",
                condition=models.Q(last_night__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.segment_id}"


@audited()
class SegmentOverride(Row):
    """A segment given by hand, with the reason, until a date."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="segment_overrides")
    scheme = models.ForeignKey(SegmentScheme, on_delete=models.CASCADE, related_name="overrides")
    segment = models.ForeignKey(
        Segment, verbose_name=_("segment"), on_delete=models.CASCADE, related_name="overrides"
    )
    reason = models.TextField(_("reason"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    expires_on = models.DateField(_("until"))

    objects = OfAccountQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("segment by hand")
        verbose_name_plural = _("segments by hand")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "scheme"],
                condition=models.Q(archived_at__isnull=True),
                name="portfolio_override_key",
                violation_error_message=_("This account has a segment by hand in this scheme."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.account} · {self.segment}"
