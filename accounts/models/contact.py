"""Contacts: the people at the customer who decide (the decision-making unit)."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models.account import Account
from accounts.querysets import ContactQuerySet
from kam.audit import audited
from kam.models.row import Row
from kam.search import Fold
from kam.tree import TreeNode


@audited()
class Contact(TreeNode, Row):
    """A person at the customer. ``parent`` is whom they report to.

    Roles: Webster & Wind, Bonoma, Kotler; attitude, coverage: see METHODS, relationships.
    """

    class DmuRole(models.TextChoices):
        INITIATOR = "initiator", _("Initiator")
        USER = "user", _("User")
        INFLUENCER = "influencer", _("Influencer")
        DECIDER = "decider", _("Decision maker")
        APPROVER = "approver", _("Approver")
        BUYER = "buyer", _("Buyer")
        GATEKEEPER = "gatekeeper", _("Gatekeeper")

    class Attitude(models.TextChoices):
        MENTOR = "mentor", _("Mentor")
        SUPPORTER = "supporter", _("Supporter")
        NEUTRAL = "neutral", _("Neutral")
        NON_SUPPORTER = "non_supporter", _("Non-supporter")
        OPPONENT = "opponent", _("Opponent")

    class Coverage(models.TextChoices):
        UNKNOWN = "unknown", _("Unknown")
        NONE = "none", _("No contact")
        BRIEF = "brief", _("Brief")
        MULTIPLE = "multiple", _("Multiple")
        IN_DEPTH = "in_depth", _("In depth")

    account = models.ForeignKey(
        Account, verbose_name=_("account"), on_delete=models.CASCADE, related_name="contacts"
    )
    name = models.CharField(_("name"), max_length=150)
    number = models.CharField(
        _("number"),
        max_length=80,
        null=True,
        blank=True,
        help_text=_("The contact's key in other systems."),
    )
    title = models.CharField(_("title"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    dmu_role = models.CharField(
        _("role in the decision"), max_length=12, choices=DmuRole.choices, blank=True
    )
    influence = models.PositiveSmallIntegerField(
        _("influence"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
        help_text=_("1 (little) to 5 (decides)."),
    )
    attitude = models.CharField(
        _("attitude to us"), max_length=13, choices=Attitude.choices, blank=True
    )
    coverage = models.CharField(
        _("our contact"), max_length=10, choices=Coverage.choices, default=Coverage.UNKNOWN
    )
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("who of us knows them"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="relations",
    )
    last_contact_on = models.DateField(_("last contact"), null=True, blank=True)
    notes = models.TextField(_("notes"), blank=True)

    objects = ContactQuerySet.as_manager()

    class Meta(TreeNode.Meta, Row.Meta):
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["name", "id"]
        triggers = [*TreeNode.Meta.triggers, *Row.Meta.triggers]
        constraints = [
            models.UniqueConstraint(
                fields=["number"],
                name="accounts_contact_number",
                violation_error_message=_("Another contact has this number."),
            ),
            models.CheckConstraint(
                condition=models.Q(influence__isnull=True) | models.Q(influence__range=(1, 5)),
                name="accounts_contact_influence",
                violation_error_message=_("Influence is a number from 1 to 5."),
            ),
        ]
        indexes = [
            *TreeNode.Meta.indexes,
            models.Index(fields=["name", "id"], name="accounts_contact_by_name"),
            GinIndex(OpClass(Fold("name"), "gin_trgm_ops"), name="accounts_contact_name_fold"),
            models.Index(
                OpClass(Fold("name"), "text_pattern_ops"), name="accounts_contact_name_begin"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("accounts:contact_detail", args=[self.pk])

    def clean(self) -> None:
        super().clean()
        self.number = self.number or None
        if isinstance(self.parent, Contact) and self.parent.account_id != self.account_id:
            raise ValidationError(
                {"parent": _("%(name)s works at another account.") % {"name": self.parent}}
            )
