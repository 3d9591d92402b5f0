"""Forms of the plans of portfolios, teams and the company."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy

from kam.forms import RowForm
from plans.forms import TypedNumberField
from plans.models import CascadeShare, LevelGoal, LevelPlan


class LevelPlanForm(RowForm):
    """The texts of a level's plan and its target from above, one field at a time."""

    class Meta:
        model = LevelPlan
        fields: ClassVar = [
            "summary", "priorities", "resources", "revenue", "margin", "gap_argument",
        ]  # fmt: skip
        widgets: ClassVar = {
            name: forms.Textarea(attrs={"rows": rows})
            for name, rows in (
                ("summary", 8), ("priorities", 8), ("resources", 8), ("gap_argument", 4),
            )
        }  # fmt: skip
        field_classes: ClassVar = dict.fromkeys(("revenue", "margin"), TypedNumberField)


class LevelGoalForm(RowForm):
    """A goal of a level."""

    class Meta:
        model = LevelGoal
        fields: ClassVar = [
            "title", "metric", "perspective", "measured_by", "target", "actual", "due_on",
        ]  # fmt: skip
        field_classes: ClassVar = dict.fromkeys(("target", "actual"), TypedNumberField)


class BasisForm(forms.Form):
    """How a target is shared out."""

    basis = forms.ChoiceField(label=gettext_lazy("Share"), choices=CascadeShare.Basis.choices)


class AnswerForm(forms.Form):
    """What is said to a share of a target."""

    argument = forms.CharField(
        label=gettext_lazy("What speaks against it"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Needed where you argue against it. Those above read it."),
    )


def amount_fields(names: Any) -> dict[str, TypedNumberField]:
    """One field per part for its amount."""
    return {
        name: TypedNumberField(min_value=0, max_digits=18, decimal_places=2, required=False)
        for name in names
    }
