"""Forms of needs and value propositions. Choices go through the scope of the person."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from kam.forms import RowForm
from kam.periods import company_today
from plans.forms import TypedNumberField
from plans.models import Need, ValueProposition
from plans.selectors import contacts_around
from plans.services.needs import FIELDS

NUMBERS = (
    "consequence",
    "measured",
    "attainable",
    "value",
    "chance",
    "realised_value",
)
TEXTS = ("diagnosis", "consequence_text", "capability")


class NeedForm(RowForm):
    """A need; the numbers in the reader's own writing."""

    class Meta:
        model = Need
        fields = list(FIELDS)
        field_classes = dict.fromkeys(NUMBERS, TypedNumberField)
        widgets = {name: forms.Textarea(attrs={"rows": 3}) for name in TEXTS}


class AgreeForm(RowForm):
    """Who of the customer has agreed, and when."""

    class Meta:
        model = Need
        fields = ["agreed_by", "agreed_on"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.required = True
            field.show_hidden_initial = False
        self.fields["agreed_on"].initial = company_today()

    def choices_for(self, name: str, queryset: Any) -> Any:
        return contacts_around(self.instance.plan.account, self.user)


class RealiseForm(RowForm):
    """What the customer has got, a year, and since when."""

    class Meta:
        model = Need
        fields = ["realised_value", "realised_on"]
        field_classes = {"realised_value": TypedNumberField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.required = True
            field.show_hidden_initial = False
        self.fields["realised_on"].initial = company_today()


class PropositionForm(RowForm):
    """A value proposition: its contact belongs to the account or its group, its need to the plan."""

    class Meta:
        model = ValueProposition
        fields = ["contact", "need", "proposition", "proof"]
        widgets = {
            "proposition": forms.Textarea(
                attrs={"rows": 2, "placeholder": gettext_lazy("What it means for this person")}
            ),
            "proof": forms.Textarea(attrs={"rows": 2}),
        }

    def choices_for(self, name: str, queryset: Any) -> Any:
        plan = self.instance.plan
        if name == "contact":
            return contacts_around(plan.account, self.user)
        return plan.needs.visible_to(self.user).active()
