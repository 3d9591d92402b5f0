"""From the customer's need to the value that they confirm."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Contact
from kam.audit import audited
from kam.models.row import Row
from plans.models.plan import AccountPlan
from plans.querysets import OfPlanQuerySet

PERCENT = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))]


@audited()
class Need(Row):
    """A pain or gain of the customer, what it means in their figures, what we can change.

    ``consequence`` is what it costs or would bring the customer in a year, in the plan's currency,
    on their line ``customer_line``. The improvement is ``measure`` from ``measured`` to
    ``attainable``. ``chance`` (%) weights it in the improvement potential index (METHODS).
    """

    class Kind(models.TextChoices):
        PAIN = "pain", _("Pain")
        GAIN = "gain", _("Gain")

    class CustomerLine(models.TextChoices):
        REVENUE = "revenue", _("Revenue")
        COST_OF_GOODS = "cost_of_goods", _("Cost of goods")
        PERSONNEL = "personnel", _("Personnel cost")
        OTHER_COST = "other_cost", _("Other operating cost")
        CAPITAL = "capital", _("Capital and investment")
        WORKING_CAPITAL = "working_capital", _("Working capital")
        RISK = "risk", _("Risk and compliance")

    class State(models.TextChoices):
        FOUND = "found", _("Found")
        DIAGNOSED = "diagnosed", _("Diagnosed")
        PROPOSED = "proposed", _("Proposed")
        AGREED = "agreed", _("Agreed by the customer")
        REALISED = "realised", _("Realised")
        DROPPED = "dropped", _("Dropped")

    plan = models.ForeignKey(AccountPlan, on_delete=models.CASCADE, related_name="needs")
    kind = models.CharField(_("pain or gain"), max_length=4, choices=Kind.choices)
    title = models.CharField(_("need"), max_length=200)
    diagnosis = models.TextField(_("diagnosis"), blank=True)
    customer_line = models.CharField(
        _("the customer's line"), max_length=15, choices=CustomerLine.choices, blank=True
    )
    consequence_text = models.TextField(_("consequence"), blank=True)
    consequence = models.DecimalField(
        _("consequence, amount a year"),
        max_digits=16,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
    )
    capability = models.TextField(_("our capability"), blank=True)
    measure = models.CharField(
        _("measure"), max_length=120, blank=True, help_text=_("What improves, and its unit.")
    )
    measured = models.DecimalField(
        _("from"), max_digits=16, decimal_places=2, null=True, blank=True
    )
    attainable = models.DecimalField(
        _("to"), max_digits=16, decimal_places=2, null=True, blank=True
    )
    improved_by = models.DateField(_("until"), null=True, blank=True)
    value = models.DecimalField(
        _("value for the customer, a year"),
        max_digits=16,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
    )
    chance = models.DecimalField(
        _("chance, %"), max_digits=5, decimal_places=2, null=True, blank=True, validators=PERCENT
    )
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.FOUND)
    agreed_by = models.ForeignKey(
        Contact,
        verbose_name=_("agreed by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    agreed_on = models.DateField(_("agreed on"), null=True, blank=True)
    realised_value = models.DecimalField(
        _("value realised, a year"), max_digits=16, decimal_places=2, null=True, blank=True
    )
    realised_on = models.DateField(_("realised on"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=200, blank=True)
    source_on = models.DateField(_("as of"), null=True, blank=True)

    objects = OfPlanQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("need")
        verbose_name_plural = _("needs")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(chance=None) | models.Q(chance__gte=0, chance__lte=100),
                name="plans_need_chance",
                violation_error_message=_("A chance is between 0 and 100 %."),
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["agreed", "realised"])
                | models.Q(agreed_on__isnull=False),
                name="plans_need_agreed",
                violation_error_message=_("Say when the customer agreed."),
            ),
            models.CheckConstraint(
                condition=~models.Q(state="realised") | models.Q(realised_on__isnull=False),
                name="plans_need_realised",
                violation_error_message=_("Say when it was realised."),
            ),
        ]

    def __str__(self) -> str:
        return self.title


@audited()
class ValueProposition(Row):
    """What we offer to one member of the customer's decision-making unit, in their terms."""

    plan = models.ForeignKey(AccountPlan, on_delete=models.CASCADE, related_name="propositions")
    contact = models.ForeignKey(
        Contact, verbose_name=_("for"), on_delete=models.CASCADE, related_name="propositions"
    )
    need = models.ForeignKey(
        Need,
        verbose_name=_("need"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="propositions",
    )
    proposition = models.TextField(_("value proposition"), max_length=5000)
    proof = models.TextField(_("proof"), blank=True, max_length=5000)

    objects = OfPlanQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("value proposition")
        verbose_name_plural = _("value propositions")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.contact}: {self.proposition[:60]}"
