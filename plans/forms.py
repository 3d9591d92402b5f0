"""Forms of plans: shape and validation. Choices go through the scope of the person."""

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import get_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import ProductLine
from kam.forms import RowForm
from kam.number_text import plain
from kam.periods import company_year
from plans.models import AccountPlan, PlanTemplate, Section, Target
from plans.services.plans import FIELDS
from plans.typed_numbers import NumberTextError, read_number


def read_typed(text: str) -> Decimal | None:
    """A number as this reader's language writes it; ``None`` for empty. Raises ValidationError."""
    if not text.strip():
        return None
    decimal = str(get_format("DECIMAL_SEPARATOR"))
    try:
        return read_number(text, decimal=decimal, thousands=str(get_format("THOUSAND_SEPARATOR")))
    except NumberTextError:
        raise ValidationError(
            _("“%(text)s” is not a number. Write it such as %(example)s."),
            params={"text": text[:40], "example": plain(Decimal("1234.5"), 1)},
        ) from None


def typed(value: Decimal | None, places: int = 2) -> str:
    """A number as it stands in an input: without decimals where it has none."""
    if value is None:
        return ""
    return plain(value, 0 if value == value.to_integral_value() else places)


class TypedNumberField(forms.DecimalField):
    """A number in the reader's own writing, with or without grouped thousands."""

    widget = forms.TextInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs.setdefault("inputmode", "decimal")
        self.widget.attrs.setdefault("class", "num")
        self.widget.attrs.setdefault("autocomplete", "off")

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]  # stubs derive decimals from whole numbers
        return read_typed(value) if isinstance(value, str) else value

    def prepare_value(self, value: Any) -> Any:
        return typed(value, self.decimal_places or 2) if isinstance(value, Decimal) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(initial) != self.to_python(data)
        except ValidationError:
            return True


def _typed_numbers(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names, TypedNumberField)


class PlanForm(RowForm):
    """What stands in the plan itself, one field at a time."""

    class Meta:
        model = AccountPlan
        fields = list(FIELDS)
        widgets = {
            "summary": forms.Textarea(attrs={"rows": 8}),
            "stance_reason": forms.Textarea(attrs={"rows": 3}),
        }


class SectionForm(RowForm):
    """A section of a plan: its text, where that comes from, who reads it."""

    class Meta:
        model = Section
        fields = ["body", "source", "source_on", "title", "kind", "audience"]
        widgets = {"body": forms.Textarea(attrs={"rows": 8})}


class NewPlanForm(forms.Form):
    """Year, template and growth of a new plan."""

    year = forms.TypedChoiceField(label=gettext_lazy("Year"), coerce=int)
    growth = TypedNumberField(
        label=gettext_lazy("Growth on last year, in %"),
        min_value=Decimal(-100),
        max_value=Decimal(1000),
        required=False,
        help_text=gettext_lazy(
            "Targets per product line are last year's sales with this growth, in the same months. "
            "Leave it empty for a plan without targets."
        ),
    )

    template = forms.ModelChoiceField(
        label=gettext_lazy("Template"),
        queryset=PlanTemplate.objects.none(),
        required=False,
        empty_label=gettext_lazy("The one that fits the account"),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = PlanTemplate.objects.visible_to(user).active()
        self.fields["template"].queryset = rows  # type: ignore[attr-defined]
        present = company_year()
        cast(forms.ChoiceField, self.fields["year"]).choices = [
            (year.year, year.label) for year in (present.shifted(n) for n in (-1, 0, 1, 2))
        ]


class TargetForm(forms.Form):
    """A target for one more product line, with its year's amounts."""

    line = forms.ModelChoiceField(
        label=gettext_lazy("Product line"), queryset=ProductLine.objects.none()
    )
    revenue = TypedNumberField(
        label=gettext_lazy("Revenue"), min_value=0, max_digits=16, decimal_places=2, required=False
    )
    margin = TypedNumberField(
        label=gettext_lazy("Margin"), max_digits=16, decimal_places=2, required=False
    )
    volume = TypedNumberField(
        label=gettext_lazy("Volume"), min_value=0, max_digits=16, decimal_places=3, required=False
    )
    phasing = forms.ChoiceField(
        label=gettext_lazy("Phasing"),
        choices=[c for c in Target.Phasing.choices if c[0] != Target.Phasing.OWN],
    )

    def __init__(self, *args: Any, user: Any, plan: AccountPlan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        taken = plan.targets.active().order_by().values("line")
        lines = ProductLine.objects.visible_to(user).active()
        self.fields["line"].queryset = lines.exclude(pk__in=taken)  # type: ignore[attr-defined]

    def totals(self) -> dict[str, Decimal]:
        """The year's amounts that were given."""
        names = ("revenue", "margin", "volume")
        return {n: self.cleaned_data[n] for n in names if self.cleaned_data[n] is not None}


class GrowthForm(forms.Form):
    """Growth for suggested targets."""

    growth = TypedNumberField(
        label=gettext_lazy("Growth, in %"),
        min_value=Decimal(-100),
        max_value=Decimal(1000),
        initial=Decimal(0),
    )


class ReturnForm(forms.Form):
    """The words with which a plan goes back."""

    note = forms.CharField(
        label=gettext_lazy("What is to be changed"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=5000,
    )


class ApproveForm(forms.Form):
    """Words with an approval, for the KAM."""

    note = forms.CharField(
        label=gettext_lazy("Words to the KAM"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=5000,
        required=False,
    )
