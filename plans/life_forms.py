"""Forms of a plan's life: copying it, making many."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from plans.forms import TypedNumberField
from plans.models import PlanTemplate


class GiveUpForm(forms.Form):
    """Whether the texts go back with the targets and goals."""

    texts = forms.BooleanField(
        label=gettext_lazy("The texts go back as well"),
        required=False,
        help_text=gettext_lazy(
            "Summary, stance, sections and strategies as the version in force has them. "
            "Sections that you may not change stay."
        ),
    )


class CopyForm(forms.Form):
    """How next year's targets begin."""

    growth = TypedNumberField(
        label=gettext_lazy("Growth on this year's sales, in %"),
        min_value=Decimal(-100),
        max_value=Decimal(1000),
        required=False,
        initial=Decimal(0),
        help_text=gettext_lazy("Leave it empty for a plan without targets."),
    )


class ManyPlansForm(forms.Form):
    """What plans of many accounts begin with."""

    growth = TypedNumberField(
        label=gettext_lazy("Growth on last year, in %"),
        min_value=Decimal(-100),
        max_value=Decimal(1000),
        required=False,
        initial=Decimal(0),
        help_text=gettext_lazy("Leave it empty for plans without targets."),
    )
    template = forms.ModelChoiceField(
        label=gettext_lazy("Template"),
        queryset=PlanTemplate.objects.none(),
        required=False,
        empty_label=gettext_lazy("The one that fits each account"),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["template"].queryset = PlanTemplate.objects.visible_to(user).active()  # type: ignore[attr-defined]
