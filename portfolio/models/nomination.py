"""The classification process: how an account becomes a key account, and how it stops being one."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from kam.audit import audited
from kam.models.row import Row
from portfolio.querysets import NominationQuerySet, NominationStepQuerySet

WAITING = models.Q(state__in=["proposed", "accepted", "validated"])


@audited()
class Nomination(Row):
    """A proposal: propose → decide whether to add → validate → management confirms or rejects."""

    class Kind(models.TextChoices):
        ADD = "add", _("Make it a key account")
        REMOVE = "remove", _("End the key account")

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        ACCEPTED = "accepted", _("To validate")
        VALIDATED = "validated", _("To confirm")
        CONFIRMED = "confirmed", _("Confirmed")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    account = models.ForeignKey(
        Account, verbose_name=_("account"), on_delete=models.CASCADE, related_name="nominations"
    )
    kind = models.CharField(_("kind"), max_length=6, choices=Kind.choices, default=Kind.ADD)
    state = models.CharField(
        _("state"), max_length=9, choices=State.choices, default=State.PROPOSED
    )
    level = models.CharField(_("level"), max_length=10, choices=Account.Level.choices, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("key account manager"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    leaves = models.ForeignKey(
        Account,
        verbose_name=_("who leaves"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("Where the limit is reached: the key account that makes room."),
    )
    reason = models.TextField(_("reason"))
    findings = models.JSONField(_("scores when validated"), default=dict, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    due_on = models.DateField(_("due"), null=True, blank=True)

    objects = NominationQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("nomination")
        verbose_name_plural = _("nominations")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=WAITING,
                name="portfolio_nomination_open",
                violation_error_message=_("A proposal about this account waits already."),
            )
        ]
        indexes = [
            models.Index(
                fields=["due_on", "id"], name="portfolio_nomination_due", condition=WAITING
            )
        ]

    def __str__(self) -> str:
        return f"{self.account} · {self.get_kind_display()}"

    def get_absolute_url(self) -> str:
        return reverse("portfolio:nomination_detail", args=[self.pk])


class NominationStep(models.Model):
    """One step that a nomination took: who moved it, when, and with which words."""

    nomination = models.ForeignKey(Nomination, on_delete=models.CASCADE, related_name="steps")
    state = models.CharField(_("state"), max_length=9, choices=Nomination.State.choices)
    note = models.TextField(_("words with the decision"), blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    acting_for = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(_("when"), auto_now_add=True)

    objects = NominationStepQuerySet.as_manager()

    class Meta:
        verbose_name = _("nomination's step")
        verbose_name_plural = _("nominations' steps")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.nomination_id} {self.state}"
