"""Forms of customers, contacts, teams and products."""

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

import accounts.lookups  # noqa: F401 - registers what LookupField names
from accounts.models import Account, AccountTeamMember, Contact, Industry, Product, ProductLine
from accounts.services import OWNER_ROLES, marks_key
from kam.forms import RowForm
from kam.lookup import LookupField

KEEP = [("", _("Leave as it is"))]


def _ask_key_mark(form: forms.BaseForm, user: Any) -> None:
    """Asks for the key mark only those who set it; what is sent all the same is refused in words."""
    if not marks_key(user) and not form.data.get("is_key_account"):
        form.fields.pop("is_key_account", None)


class AccountForm(RowForm):
    """All that a person enters about an account."""

    parent = LookupField(
        "accounts",
        label=_("Parent"),
        required=False,
        help_text=_("The account above this one. Type its name or number."),
    )
    owner = LookupField("people", label=_("Key account manager"), required=False)
    founded = forms.IntegerField(
        label=_("Founded"),
        required=False,
        validators=[MinValueValidator(1000), MaxValueValidator(2100)],
    )

    website = forms.URLField(label=_("Website"), required=False, assume_scheme="https")

    class Meta:
        model = Account
        fields = (
            "name",
            "number",
            "parent",
            "owner",
            "is_key_account",
            "level",
            "type",
            "lifecycle",
            "industry",
            "country",
            "currency",
            "employees",
            "customer_revenue",
            "founded",
            "website",
            "description",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.pk:
            _ask_key_mark(self, self.user)

    def choices_for(self, name: str, queryset: Any) -> Any:
        rows = super().choices_for(name, queryset)
        return rows.filter(role__in=OWNER_ROLES) if name == "owner" else rows

    def clean_number(self) -> str | None:
        return self.cleaned_data["number"] or None


class ContactForm(RowForm):
    """All that a person enters about a contact; ``account`` says whose."""

    holder = LookupField("people", label=_("Who of us knows them"), required=False)

    class Meta:
        model = Contact
        fields: tuple[str, ...] = (
            "name",
            "title",
            "email",
            "phone",
            "parent",
            "dmu_role",
            "influence",
            "attitude",
            "coverage",
            "holder",
            "last_contact_on",
            "notes",
        )

    def __init__(self, *args: Any, account: Account | None = None, **kwargs: Any) -> None:
        instance = kwargs.get("instance")
        self.account_id = account.pk if account else getattr(instance, "account_id", None)
        super().__init__(*args, **kwargs)
        if account is not None:
            self.instance.account = account
        if "parent" in self.fields:
            self.fields["parent"].label = _("Reports to")

    def choices_for(self, name: str, queryset: Any) -> Any:
        rows = super().choices_for(name, queryset)
        if name != "parent":
            return rows
        rows = rows.filter(account=self.account_id)
        return rows.exclude(pk=self.instance.pk) if self.instance.pk else rows


class NewContactForm(ContactForm):
    """A contact whose account is chosen in the form."""

    account = LookupField("accounts", label=_("Account"))

    class Meta(ContactForm.Meta):
        fields = ("account", *(f for f in ContactForm.Meta.fields if f != "parent"))


class SeatForm(RowForm):
    """A seat in an account's team."""

    user = LookupField("people", label=_("Person"))

    class Meta:
        model = AccountTeamMember
        fields = ("user", "function", "may_edit")


class ProductLineForm(RowForm):
    class Meta:
        model = ProductLine
        fields = ("name", "parent")


class ProductForm(RowForm):
    class Meta:
        model = Product
        fields = ("name", "number", "line", "unit", "list_price")


class IndustryForm(RowForm):
    class Meta:
        model = Industry
        fields = ("name",)


class BulkAccountForm(forms.Form):
    """What many accounts get at once; empty fields leave each as it is."""

    owner = LookupField("people", label=_("Key account manager"), required=False)
    level = forms.ChoiceField(
        label=_("Level"), choices=[*KEEP, *Account.Level.choices], required=False
    )
    is_key_account = forms.TypedChoiceField(
        label=_("Key account"),
        choices=[*KEEP, ("yes", _("Yes")), ("no", _("No"))],
        coerce=lambda value: value == "yes",
        required=False,
        empty_value="",
    )
    lifecycle = forms.ChoiceField(
        label=_("Lifecycle"), choices=[*KEEP, *Account.Lifecycle.choices], required=False
    )
    industry: "forms.ModelChoiceField[Industry]" = forms.ModelChoiceField(
        label=_("Industry"), queryset=None, required=False, empty_label=_("Leave as it is")
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_key_mark(self, user)
        people = self.fields["owner"].lookup.rows(user)  # type: ignore[attr-defined]
        self.fields["owner"].queryset = people.filter(role__in=OWNER_ROLES)  # type: ignore[attr-defined]
        self.fields["industry"].queryset = Industry.objects.visible_to(user).active()  # type: ignore[attr-defined]
