"""The account: a customer or one of its units, with its owner (the KAM) and account team."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from accounts.querysets import AccountQuerySet, AccountTeamQuerySet
from kam.audit import audited
from kam.models.row import Row
from kam.money import CURRENCIES
from kam.scoping import DirectoryQuerySet
from kam.search import Fold
from kam.tree import TreeNode


@audited()
class Industry(Row):
    """A branch of business, from the company's own list."""

    name = models.CharField(_("name"), max_length=80)

    objects = DirectoryQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("industry")
        verbose_name_plural = _("industries")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="accounts_industry_name",
                violation_error_message=_("There is an industry with this name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name


@audited()
class Account(TreeNode, Row):
    """A customer, possible customer, or one of its subsidiaries (``parent``).

    Facts belong to the account that bought; a parent's own facts are not its children's sum.
    Customers under common control count as one by the top of the path.
    """

    class Level(models.TextChoices):
        TERRITORY = "territory", _("Territory")
        REGIONAL = "regional", _("Regional")
        NATIONAL = "national", _("National")
        GLOBAL = "global", _("Global")

    class Type(models.TextChoices):
        CUSTOMER = "customer", _("Customer")
        PROSPECT = "prospect", _("Prospect")
        PARTNER = "partner", _("Partner")
        GROUP = "group", _("Group without own purchases")

    class Lifecycle(models.TextChoices):
        LEAD = "lead", _("Lead")
        CUSTOMER = "customer", _("Customer")
        CORE = "core", _("Core customer")
        AMBASSADOR = "ambassador", _("Ambassador")
        DISSATISFIED = "dissatisfied", _("Dissatisfied")
        FORMER = "former", _("Former customer")

    name = models.CharField(_("name"), max_length=200)
    number = models.CharField(
        _("number"),
        max_length=80,
        null=True,
        blank=True,
        help_text=_("The account's number or key in other systems."),
    )
    level = models.CharField(
        _("level"), max_length=10, choices=Level.choices, default=Level.TERRITORY
    )
    type = models.CharField(_("type"), max_length=10, choices=Type.choices, default=Type.CUSTOMER)
    lifecycle = models.CharField(
        _("lifecycle"), max_length=12, choices=Lifecycle.choices, default=Lifecycle.CUSTOMER
    )
    is_key_account = models.BooleanField(_("key account"), default=False)
    industry = models.ForeignKey(
        Industry,
        verbose_name=_("industry"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="accounts",
    )
    country = CountryField(_("country"), blank=True)
    employees = models.PositiveIntegerField(_("employees"), null=True, blank=True)
    customer_revenue = models.DecimalField(
        _("customer's own revenue"),
        max_digits=18,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("The customer's yearly revenue, in the account's currency."),
    )
    founded = models.PositiveSmallIntegerField(_("founded"), null=True, blank=True)
    website = models.URLField(_("website"), blank=True)
    currency = models.CharField(_("currency"), max_length=3, choices=CURRENCIES, default="EUR")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("key account manager"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="accounts",
    )
    description = models.TextField(_("description"), blank=True)

    objects = AccountQuerySet.as_manager()

    class Meta(TreeNode.Meta, Row.Meta):
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ["name", "id"]
        triggers = [
            *TreeNode.Meta.triggers,
            *Row.Meta.triggers,
            pgtrigger.Trigger(
                name="give_figures",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_rows"),
                func=(
                    "INSERT INTO accounts_accountfigures (account_id, year, no_rate, mixed)"
                    " SELECT id, 0, '{}', false FROM new_rows; RETURN NULL;"
                ),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["number"],
                name="accounts_account_number",
                violation_error_message=_("Another account has this number."),
            ),
            models.CheckConstraint(
                condition=models.Q(number__isnull=True) | ~models.Q(number=""),
                name="accounts_account_number_not_empty",
            ),
        ]
        indexes = [
            *TreeNode.Meta.indexes,
            models.Index(fields=["name", "id"], name="accounts_account_by_name"),
            GinIndex(OpClass(Fold("number"), "gin_trgm_ops"), name="accounts_account_number_fold"),
            models.Index(fields=["updated_at", "id"], name="accounts_account_by_change"),
            models.Index(fields=["level", "id"], name="accounts_account_by_level"),
            models.Index(fields=["country", "id"], name="accounts_account_by_country"),
            models.Index(fields=["is_key_account", "id"], name="accounts_account_by_key"),
            models.Index(
                models.F("number").desc(nulls_last=True),
                models.F("id").desc(),
                name="accounts_account_by_number",
            ),
            models.Index(fields=["owner", "name", "id"], name="accounts_account_by_owner"),
            models.Index(
                fields=["name", "id"],
                name="accounts_account_unowned",
                condition=models.Q(owner__isnull=True, archived_at__isnull=True),
            ),
            GinIndex(OpClass(Fold("name"), "gin_trgm_ops"), name="accounts_account_name_fold"),
            models.Index(
                OpClass(Fold("name"), "text_pattern_ops"), name="accounts_account_name_begin"
            ),
            models.Index(
                OpClass(Fold("number"), "text_pattern_ops"), name="accounts_account_number_begin"
            ),
            models.Index(
                fields=["name", "id"],
                name="accounts_account_key",
                condition=models.Q(is_key_account=True),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("accounts:detail", args=[self.pk])

    def clean(self) -> None:
        super().clean()
        self.number = self.number or None


@audited()
class AccountTeamMember(Row):
    """A seat in the cross-functional team around an account, beside its KAM."""

    class Function(models.TextChoices):
        DEPUTY = "deputy", _("Deputy KAM")
        SPONSOR = "sponsor", _("Executive sponsor")
        PROJECT = "project", _("Project or service lead")
        SPECIALIST = "specialist", _("Product specialist")
        BIDS = "bids", _("Bid support")
        FINANCE = "finance", _("Finance")
        OPERATIONS = "operations", _("Operations")

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="team_members")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.CASCADE,
        related_name="account_seats",
    )
    function = models.CharField(_("role in the team"), max_length=12, choices=Function.choices)
    may_edit = models.BooleanField(_("may edit"), default=False)

    objects = AccountTeamQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("account team member")
        verbose_name_plural = _("account team members")
        ordering = ["function", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "user", "function"],
                name="accounts_accountteammember_seat",
                violation_error_message=_("This person has this role in the team already."),
            )
        ]
        indexes = [
            models.Index(
                fields=["user", "account"],
                name="accounts_team_by_user",
                condition=models.Q(archived_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_function_display()}"
