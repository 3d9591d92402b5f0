"""The joint plan: what a person at the customer sees by a link of their own."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Contact
from kam.audit import audited
from kam.models.row import Row
from plans.models.plan import AccountPlan
from plans.models.section import Section
from plans.models.work import Activity, Goal
from plans.querysets import (
    OfPlanReadQuerySet,
    OfSectionQuerySet,
    OfShareQuerySet,
    ShareQuerySet,
)


@audited(exclude=["token_hash"])
class PlanShare(Row):
    """A personal link to chosen parts of a plan, for one contact, until a day.

    Only the hash of the link's token is kept. Archiving the row ends the link at once.
    """

    plan = models.ForeignKey(AccountPlan, on_delete=models.CASCADE, related_name="shares")
    contact = models.ForeignKey(
        Contact, verbose_name=_("for"), on_delete=models.CASCADE, related_name="shares"
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    expires_on = models.DateField(_("valid until"))
    message = models.TextField(_("words to them"), blank=True, max_length=2000)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("shared by"),
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    mailed_at = models.DateTimeField(_("mailed"), null=True, editable=False)

    objects = ShareQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("shared link")
        verbose_name_plural = _("shared links")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.contact} · {self.plan}"


@audited()
class SharedSection(Row):
    """A section that a link shows, as long as all who see the account read it."""

    share = models.ForeignKey(PlanShare, on_delete=models.CASCADE, related_name="sections")
    section = models.ForeignKey(Section, on_delete=models.CASCADE, related_name="shares")

    objects = OfSectionQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("shared section")
        verbose_name_plural = _("shared sections")
        constraints = [
            models.UniqueConstraint(
                fields=["share", "section"],
                condition=models.Q(archived_at__isnull=True),
                name="plans_sharedsection_key",
            )
        ]

    def __str__(self) -> str:
        return f"{self.section}"


@audited()
class SharedGoal(Row):
    """A goal that a link shows, to be confirmed."""

    share = models.ForeignKey(PlanShare, on_delete=models.CASCADE, related_name="goals")
    goal = models.ForeignKey(Goal, on_delete=models.CASCADE, related_name="shares")

    objects = OfShareQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("shared goal")
        verbose_name_plural = _("shared goals")
        constraints = [
            models.UniqueConstraint(
                fields=["share", "goal"],
                condition=models.Q(archived_at__isnull=True),
                name="plans_sharedgoal_key",
            )
        ]

    def __str__(self) -> str:
        return f"{self.goal}"


@audited()
class SharedActivity(Row):
    """An activity that a link shows: what, whose, until when, how far."""

    share = models.ForeignKey(PlanShare, on_delete=models.CASCADE, related_name="activities")
    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="shares")

    objects = OfShareQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("shared activity")
        verbose_name_plural = _("shared activities")
        constraints = [
            models.UniqueConstraint(
                fields=["share", "activity"],
                condition=models.Q(archived_at__isnull=True),
                name="plans_sharedactivity_key",
            )
        ]

    def __str__(self) -> str:
        return f"{self.activity}"


class ShareEvent(models.Model):
    """What the customer's person did with a link: opened it, commented, confirmed a goal.

    A confirmation keeps the goal's words and numbers as they were confirmed (``facts``).
    """

    class What(models.TextChoices):
        OPENED = "opened", _("Opened")
        COMMENTED = "commented", _("Commented")
        CONFIRMED = "confirmed", _("Confirmed a goal")
        REFUSED = "refused", _("Did not confirm a goal")

    share = models.ForeignKey(PlanShare, on_delete=models.CASCADE, related_name="events_of")
    what = models.CharField(_("what"), max_length=9, choices=What.choices)
    goal = models.ForeignKey(
        Goal, null=True, on_delete=models.CASCADE, related_name="confirmations"
    )
    facts = models.JSONField(_("as it was"), default=dict)
    at = models.DateTimeField(_("when"), auto_now_add=True)

    objects = OfShareQuerySet.as_manager()

    class Meta:
        verbose_name = _("use of a link")
        verbose_name_plural = _("uses of links")
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["share", "-at"], name="plans_shareevent_order")]

    def __str__(self) -> str:
        return f"{self.share_id} {self.what}"


class Presence(models.Model):
    """Who has a plan open now, and which field they write in: kept for a minute."""

    plan = models.ForeignKey(AccountPlan, on_delete=models.CASCADE, related_name="present")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    field = models.CharField(max_length=80, blank=True)
    seen_at = models.DateTimeField()

    objects = OfPlanReadQuerySet.as_manager()

    class Meta:
        verbose_name = _("presence")
        verbose_name_plural = _("presences")
        constraints = [models.UniqueConstraint(fields=["plan", "user"], name="plans_presence_key")]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.user_id}"
