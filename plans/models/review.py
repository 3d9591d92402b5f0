"""Reviews: the standing rhythm in which plans and portfolios are looked at again."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Contact
from kam.audit import audited
from kam.models.row import Row
from plans.models.plan import AccountPlan
from plans.models.work import Activity
from plans.querysets import OfReviewQuerySet, ReviewPersonQuerySet, ReviewQuerySet

#: No review takes longer than a day, in minutes.
LONGEST = 24 * 60


@audited()
class Review(Row):
    """One review, due or held: of a plan, or of a KAM's portfolio (``owner``).

    ``agenda`` is what had changed, as it stood when the review began; empty before.
    """

    class Kind(models.TextChoices):
        ACTIVITIES = "activities", _("Follow-up of activities")
        PLAN = "plan", _("Review of the plan")
        CUSTOMER = "customer", _("Business review with the customer")
        PORTFOLIO = "portfolio", _("Review of the portfolio")

    class State(models.TextChoices):
        DUE = "due", _("To be held")
        HELD = "held", _("Held")
        SKIPPED = "skipped", _("Skipped")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    plan = models.ForeignKey(
        AccountPlan, null=True, blank=True, on_delete=models.CASCADE, related_name="reviews"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("KAM"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="portfolio_reviews",
    )
    state = models.CharField(_("state"), max_length=7, choices=State.choices, default=State.DUE)
    due_on = models.DateField(_("due"))
    begun_at = models.DateTimeField(_("begun"), null=True, blank=True, editable=False)
    held_on = models.DateField(_("held on"), null=True, blank=True)
    led_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("led by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    agenda = models.JSONField(_("agenda"), null=True, blank=True, editable=False)
    notes = models.TextField(_("notes"), blank=True, max_length=50_000)
    reason = models.CharField(_("why it was skipped"), max_length=500, blank=True)
    minutes = models.PositiveSmallIntegerField(
        _("duration"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST)],
        help_text=_("In minutes."),
    )
    others = models.CharField(
        _("others present"),
        max_length=300,
        blank=True,
        help_text=_("People of the customer who are no contacts here, by name."),
    )

    objects = ReviewQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="portfolio", plan=None, owner__isnull=False)
                | (~models.Q(kind="portfolio") & models.Q(plan__isnull=False, owner=None)),
                name="plans_review_of_one",
            ),
            models.UniqueConstraint(
                fields=["plan", "kind"],
                condition=models.Q(state="due", plan__isnull=False, archived_at__isnull=True),
                name="plans_review_next_of_plan",
                violation_error_message=_("The next review of this kind has its day already."),
            ),
            models.UniqueConstraint(
                fields=["owner"],
                condition=models.Q(state="due", owner__isnull=False, archived_at__isnull=True),
                name="plans_review_next_of_owner",
                violation_error_message=_("The next review of this portfolio has its day already."),
            ),
            models.CheckConstraint(
                condition=~models.Q(state="held") | models.Q(held_on__isnull=False),
                name="plans_review_held",
            ),
            models.CheckConstraint(
                condition=models.Q(minutes=None) | models.Q(minutes__range=(1, LONGEST)),
                name="plans_review_minutes",
                violation_error_message=_("A review takes a minute at least and a day at most."),
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_on", "id"],
                name="plans_review_due",
                condition=models.Q(state="due", archived_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.plan or self.owner}"

    def get_absolute_url(self) -> str:
        return reverse("plans:review_detail", args=[self.pk])


@audited()
class ReviewDecision(Row):
    """What was decided in a review; it becomes an activity of the plan."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="decisions")
    text = models.CharField(_("decision"), max_length=500)
    activity = models.ForeignKey(
        Activity,
        verbose_name=_("activity"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="decisions",
    )

    objects = OfReviewQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text


@audited()
class ReviewPerson(Row):
    """Somebody who was there when a review was held: of us (``user``), or a ``contact`` of the customer.

    Where nobody is named it is not known who was there.
    """

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="people")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
    )
    contact = models.ForeignKey(
        Contact,
        verbose_name=_("contact"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
    )

    objects = ReviewPersonQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("person present at a review")
        verbose_name_plural = _("people present at reviews")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=False, contact=None)
                | models.Q(user=None, contact__isnull=False),
                name="plans_reviewperson_one",
                violation_error_message=_("Name either a person of ours or a contact."),
            ),
            models.UniqueConstraint(
                fields=["review", "user"],
                condition=models.Q(archived_at__isnull=True),
                name="plans_reviewperson_user",
                violation_error_message=_("This person is named already."),
            ),
            models.UniqueConstraint(
                fields=["review", "contact"],
                condition=models.Q(archived_at__isnull=True),
                name="plans_reviewperson_contact",
                violation_error_message=_("This person is named already."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.user or self.contact)
