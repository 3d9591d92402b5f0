"""Forms of estimates, judgements, costs, hours, capacity and the portfolio's settings."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

import accounts.lookups  # noqa: F401 - registers what LookupField names
from kam.forms import RowForm
from kam.lookup import LookupField
from portfolio.models import (
    Capacity,
    Judgement,
    LineEstimate,
    PlannedHours,
    PortfolioSettings,
    ServiceCost,
)

GRADES = [("", "–"), *((n, str(n)) for n in range(1, 6))]


class EstimateForm(RowForm):
    """What an account buys of a line, and what we could sell."""

    class Meta:
        model = LineEstimate
        fields = (
            "line",
            "currency",
            "wallet",
            "potential",
            "chance",
            "source",
            "as_of",
            "confidence",
        )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        both = {"wallet", "potential"} <= set(self.fields)
        if both and not self.errors and values["wallet"] is None and values["potential"] is None:
            self.add_error("wallet", _("Say what they buy, or what we could sell."))
        return values


class JudgementForm(RowForm):
    """One judgement, with what it rests on."""

    value = forms.TypedChoiceField(label=_("Judgement, 1 to 5"), choices=GRADES, coerce=int)

    class Meta:
        model = Judgement
        fields = ("value", "evidence", "source", "judged_on")
        widgets = {"evidence": forms.Textarea(attrs={"rows": 4})}


class CostForm(RowForm):
    """A cost to serve of one month."""

    class Meta:
        model = ServiceCost
        fields = ("month", "kind", "amount", "currency", "source")
        help_texts = {"month": _("Any day of the month.")}


class PlannedForm(RowForm):
    """Hours that somebody is to spend on an account in a year."""

    user = LookupField("people", label=_("Person"))

    class Meta:
        model = PlannedHours
        fields = ("user", "year", "hours")


class CapacityForm(RowForm):
    """The hours that somebody has for accounts."""

    class Meta:
        model = Capacity
        fields = ("hours",)


class PortfolioSettingsForm(RowForm):
    """The company's limits, thresholds and the cost of an hour."""

    class Meta:
        model = PortfolioSettings
        fields = (
            "hourly_cost",
            "profit_measure",
            "key_account_limit",
            "key_accounts_per_kam",
            "key_share_low",
            "key_share_high",
            "dependence_warning",
            "largest_notice",
            "screen_days",
            "validate_days",
            "confirm_days",
        )


class HoursField(forms.DecimalField):
    """Hours of one account as typed; empty is ``None``."""

    def __init__(self, most: int) -> None:
        super().__init__(
            required=False, min_value=Decimal(0), max_value=Decimal(most), max_digits=7,
            decimal_places=2, label=_("Hours"),
        )  # fmt: skip


class OtherAccountForm(forms.Form):
    """One more account in the week: typed by name or number."""

    account = LookupField("accounts", label=_("Another account"), required=False)
    hours = HoursField(168)
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["account"]
        field.queryset = field.lookup.rows(user)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        account, hours = values.get("account"), values.get("hours")
        if not self.errors and (account is None) != (hours is None):
            missing = "account" if account is None else "hours"
            self.add_error(missing, _("Say both the account and its hours."))
        return values
