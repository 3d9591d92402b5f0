"""What people and other systems know about an account that its sales do not tell."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, ProductLine
from accounts.querysets import OfAccountQuerySet
from kam.audit import audited
from kam.models.row import Row
from kam.money import CURRENCIES
from portfolio.models.settings import PERCENT
from portfolio.querysets import (
    CapacityQuerySet,
    HoursQuerySet,
    MeetingHoursQuerySet,
    PlannedHoursQuerySet,
)

NOT_NEGATIVE = [MinValueValidator(Decimal(0))]


class Confidence(models.TextChoices):
    LOW = "low", _("Guess")
    MEDIUM = "medium", _("Estimate")
    HIGH = "high", _("Known")


@audited()
class LineEstimate(Row):
    """What an account buys of one product line in a year, from everybody, and what we could sell."""

    account = models.ForeignKey(
        Account, verbose_name=_("account"), on_delete=models.CASCADE, related_name="estimates"
    )
    line = models.ForeignKey(
        ProductLine,
        verbose_name=_("product line"),
        on_delete=models.PROTECT,
        related_name="estimates",
    )
    currency = models.CharField(_("currency"), max_length=3, choices=CURRENCIES)
    wallet = models.DecimalField(
        _("wallet"),
        max_digits=16,
        decimal_places=2,
        null=True,
        blank=True,
        validators=NOT_NEGATIVE,
        help_text=_("The account's yearly purchases of this line, from all suppliers."),
    )
    potential = models.DecimalField(
        _("potential"),
        max_digits=16,
        decimal_places=2,
        null=True,
        blank=True,
        validators=NOT_NEGATIVE,
        help_text=_("What we could sell in a year: the attainable value."),
    )
    chance = models.DecimalField(
        _("chance, %"),
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=PERCENT,
        help_text=_("How likely it is that we attain it."),
    )
    source = models.CharField(_("source"), max_length=200)
    as_of = models.DateField(_("as of"))
    confidence = models.CharField(
        _("confidence"), max_length=6, choices=Confidence.choices, default=Confidence.MEDIUM
    )

    objects = OfAccountQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("wallet and potential")
        verbose_name_plural = _("wallets and potentials")
        ordering = ["line__name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "line"],
                name="portfolio_estimate_key",
                violation_error_message=_("This account has an estimate for this line already."),
            ),
            models.CheckConstraint(
                condition=models.Q(wallet__isnull=True) | models.Q(wallet__gte=0),
                name="portfolio_estimate_wallet",
            ),
            models.CheckConstraint(
                condition=models.Q(potential__isnull=True) | models.Q(potential__gte=0),
                name="portfolio_estimate_potential",
            ),
            models.CheckConstraint(
                condition=models.Q(chance__isnull=True) | models.Q(chance__range=(0, 100)),
                name="portfolio_estimate_chance",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} · {self.line}"


@audited()
class Judgement(Row):
    """What somebody who knows the account thinks of it by one criterion, 1 to 5, with evidence.

    ``code`` is the criterion's code: a judgement outlives the version of the criteria.
    """

    account = models.ForeignKey(
        Account, verbose_name=_("account"), on_delete=models.CASCADE, related_name="judgements"
    )
    code = models.SlugField(_("criterion"), max_length=40)
    value = models.PositiveSmallIntegerField(
        _("judgement"), validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    evidence = models.TextField(_("evidence"), blank=True)
    source = models.CharField(_("source"), max_length=200, blank=True)
    judged_on = models.DateField(_("as of"))
    judged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("judged by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    objects = OfAccountQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("judgement")
        verbose_name_plural = _("judgements")
        ordering = ["code", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "code"],
                name="portfolio_judgement_key",
                violation_error_message=_("This account is judged by this criterion already."),
            ),
            models.CheckConstraint(
                condition=models.Q(value__range=(1, 5)),
                name="portfolio_judgement_value",
                violation_error_message=_("A judgement is a number from 1 to 5."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} · {self.code}"


@audited()
class ServiceCost(Row):
    """A cost to serve an account in a month that is neither goods nor hours."""

    class Kind(models.TextChoices):
        LOGISTICS = "logistics", _("Logistics")
        DISCOUNT = "discount", _("Discount or bonus not netted")
        INVESTMENT = "investment", _("Investment in the account")
        OTHER = "other", _("Other")

    account = models.ForeignKey(
        Account, verbose_name=_("account"), on_delete=models.CASCADE, related_name="service_costs"
    )
    month = models.DateField(_("month"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    currency = models.CharField(_("currency"), max_length=3, choices=CURRENCIES)
    amount = models.DecimalField(_("amount"), max_digits=16, decimal_places=2)
    source = models.CharField(_("source"), max_length=200, blank=True)

    objects = OfAccountQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("cost to serve")
        verbose_name_plural = _("costs to serve")
        ordering = ["-month", "kind", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "month", "kind", "currency"],
                name="portfolio_servicecost_key",
                violation_error_message=_("This cost stands there already."),
            ),
            models.CheckConstraint(
                condition=models.Q(month__day=1), name="portfolio_servicecost_month"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} · {self.month:%Y-%m}"


@audited()
class HoursSpent(Row):
    """Hours that one person spent on one account in one week (its Monday)."""

    account = models.ForeignKey(
        Account, verbose_name=_("account"), on_delete=models.CASCADE, related_name="hours"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.PROTECT,
        related_name="hours",
    )
    week = models.DateField(_("week"))
    hours = models.DecimalField(
        _("hours"),
        max_digits=6,
        decimal_places=2,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(168))],
    )
    from_meetings = models.DecimalField(
        _("of these from meetings"),
        max_digits=6,
        decimal_places=2,
        default=Decimal(0),
        editable=False,
        help_text=_("The sum of what was taken over from meetings; part of the hours."),
    )
    note = models.CharField(_("note"), max_length=200, blank=True)

    objects = HoursQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("hours spent")
        verbose_name_plural = _("hours spent")
        ordering = ["-week", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "user", "week"],
                name="portfolio_hours_key",
                violation_error_message=_("These hours stand there already."),
            ),
            models.CheckConstraint(
                condition=models.Q(hours__range=(0, 168)),
                name="portfolio_hours_range",
                violation_error_message=_("A week has 168 hours."),
            ),
            models.CheckConstraint(
                condition=models.Q(week__iso_week_day=1),
                name="portfolio_hours_monday",
                violation_error_message=_("A week is named by its Monday."),
            ),
            models.CheckConstraint(
                condition=models.Q(from_meetings__gte=0, from_meetings__lte=models.F("hours")),
                name="portfolio_hours_from_meetings",
                violation_error_message=_(
                    "Some of these hours are from meetings: take those back first."
                ),
            ),
            models.CheckConstraint(
                condition=models.Q(archived_at__isnull=True) | models.Q(from_meetings=0),
                name="portfolio_hours_archived",
                violation_error_message=_(
                    "Some of these hours are from meetings: take those back first."
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["user", "week"], name="portfolio_hours_by_user"),
            models.Index(fields=["-week", "-id"], name="portfolio_hours_by_week"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.account} · {self.week}"


@audited()
class MeetingHours(Row):
    """Hours that somebody took over from one meeting: part of what they spent in its week.

    A meeting is known by its ``kind`` (see ``portfolio.meetings``) and its row there; title, day and
    ``offered`` (what the meeting itself said, in hours) are as they were when it was taken over.
    """

    spent = models.ForeignKey(
        HoursSpent,
        verbose_name=_("hours spent"),
        on_delete=models.CASCADE,
        related_name="meetings",
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.PROTECT,
        related_name="+",
    )
    kind = models.SlugField(_("kind"), max_length=20)
    source = models.PositiveBigIntegerField(_("meeting"))
    title = models.CharField(_("title"), max_length=200)
    happened_on = models.DateField(_("day"))
    hours = models.DecimalField(
        _("hours"),
        max_digits=5,
        decimal_places=2,
        validators=[MinValueValidator(Decimal("0.01")), MaxValueValidator(Decimal(168))],
    )
    offered = models.DecimalField(
        _("hours by the meeting"), max_digits=8, decimal_places=2, null=True, blank=True
    )

    objects = MeetingHoursQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("hours from a meeting")
        verbose_name_plural = _("hours from meetings")
        ordering = ["-happened_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind", "source"],
                condition=models.Q(archived_at__isnull=True),
                name="portfolio_meeting_once",
                violation_error_message=_("This meeting is taken over already."),
            ),
            models.CheckConstraint(
                condition=models.Q(hours__gt=0, hours__lte=168),
                name="portfolio_meeting_hours",
                violation_error_message=_("A week has 168 hours."),
            ),
        ]

    def __str__(self) -> str:
        return self.title


@audited()
class PlannedHours(Row):
    """Hours that one person is to spend on one account in a fiscal year."""

    account = models.ForeignKey(
        Account, verbose_name=_("account"), on_delete=models.CASCADE, related_name="planned_hours"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.PROTECT,
        related_name="planned_hours",
    )
    year = models.PositiveSmallIntegerField(
        _("year"), validators=[MinValueValidator(1990), MaxValueValidator(2100)]
    )
    hours = models.DecimalField(_("hours"), max_digits=7, decimal_places=2, validators=NOT_NEGATIVE)

    objects = PlannedHoursQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("planned hours")
        verbose_name_plural = _("planned hours")
        ordering = ["-year", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "user", "year"],
                name="portfolio_planned_key",
                violation_error_message=_("These hours are planned already."),
            ),
            models.CheckConstraint(
                condition=models.Q(hours__gte=0), name="portfolio_planned_not_negative"
            ),
        ]
        indexes = [models.Index(fields=["user", "year"], name="portfolio_planned_by_user")]

    def __str__(self) -> str:
        return f"{self.user} · {self.account} · {self.year}"


@audited()
class Capacity(Row):
    """The hours that a person has for accounts in a fiscal year."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.CASCADE,
        related_name="capacities",
    )
    year = models.PositiveSmallIntegerField(
        _("year"), validators=[MinValueValidator(1990), MaxValueValidator(2100)]
    )
    hours = models.DecimalField(_("hours"), max_digits=7, decimal_places=2, validators=NOT_NEGATIVE)

    objects = CapacityQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("capacity")
        verbose_name_plural = _("capacities")
        ordering = ["-year", "user__name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "year"],
                name="portfolio_capacity_key",
                violation_error_message=_("This person's capacity is set for this year already."),
            ),
            models.CheckConstraint(
                condition=models.Q(hours__gte=0), name="portfolio_capacity_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.year}"
