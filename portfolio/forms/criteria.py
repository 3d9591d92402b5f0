"""Forms of the criteria: versions, groups, criteria, comparisons."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.utils.formats import localize_input
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kam.forms import RowForm
from portfolio.calc.ahp import SCALE, scale_value
from portfolio.criteria import Pair, step_label
from portfolio.measures import MEASURES
from portfolio.models import CriteriaVersion, Criterion, CriterionGroup


def _short(value: Any) -> Any:
    """A stored number without the zeros that its column adds."""
    if not isinstance(value, Decimal):
        return value
    return Decimal(f"{value.normalize():f}")


class ShortDecimalField(forms.DecimalField):
    """A number as a person would write it: 40 for 40.0000."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs["step"] = "any"

    def prepare_value(self, value: Any) -> Any:
        return _short(value)


class NumbersField(SimpleArrayField):
    """Numbers with semicolons between them, in the reader's own writing: 10; 25,5; 40."""

    def __init__(self, base_field: Any = None, **kwargs: Any) -> None:
        base = forms.DecimalField(max_digits=18, decimal_places=4, localize=True)
        for name in ("base_field", "max_length"):
            kwargs.pop(name, None)
        super().__init__(base, delimiter=";", **kwargs)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            return "; ".join(str(localize_input(_short(number))) for number in value)
        return value


class VersionForm(RowForm):
    """What is said of a version as a whole."""

    class Meta:
        model = CriteriaVersion
        fields: tuple[str, ...] = (
            "name", "note", "revise_by", "profitability_cut", "potential_cut",
        )  # fmt: skip
        widgets = {"note": forms.Textarea(attrs={"rows": 3})}
        field_classes = dict.fromkeys(("profitability_cut", "potential_cut"), ShortDecimalField)


class NewVersionForm(VersionForm):
    """A new draft, and what it begins with."""

    copy_of: "forms.ModelChoiceField[CriteriaVersion]" = forms.ModelChoiceField(
        label=gettext_lazy("Begin with a copy of"),
        queryset=CriteriaVersion.objects.order_by("-pk"),  # unscoped: RowForm narrows it
        required=False,
        empty_label=gettext_lazy("Nothing: choose from the library, or enter your own"),
    )

    class Meta(VersionForm.Meta):
        fields = ("name", "note", "revise_by")

    field_order = ("name", "copy_of", "note", "revise_by")


class GroupForm(RowForm):
    """A group of criteria of one score."""

    class Meta:
        model = CriterionGroup
        fields = ("axis", "name", "weight")
        field_classes = {"weight": ShortDecimalField}


class ActivationForm(forms.Form):
    """From when a draft is in force."""

    activate_on = forms.DateField(
        label=gettext_lazy("From the night of"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("Empty: from now on. With a day to come the draft stands still."),
    )


class MoveForm(forms.Form):
    """Where a criterion goes: first in a group of the draft, or behind another criterion."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    place = forms.ChoiceField(label=gettext_lazy("Place"))

    def __init__(
        self, *args: Any, places: Sequence[tuple[str, Sequence[tuple[str, str]]]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = places  # type: ignore[attr-defined]

    def chosen(self) -> tuple[int, int | None]:
        """The group's id, and that of the criterion before the place."""
        group, after = self.cleaned_data["place"].split("-")
        return int(group), int(after) or None


def measure_choices() -> list[tuple[str, Any]]:
    return [("", "—"), *((code, measure.label) for code, measure in MEASURES.items())]


class CriterionForm(RowForm):
    """A criterion: its words, and how its fact becomes a value."""

    measure = forms.ChoiceField(
        label=gettext_lazy("Measure"), choices=measure_choices, required=False
    )
    band_floors = NumbersField(
        label=gettext_lazy("Bands from"),
        required=False,
        help_text=gettext_lazy("Rising, with semicolons: 10; 20; 40. Below the first counts as 0."),
    )
    band_values = NumbersField(
        label=gettext_lazy("Values of the bands"),
        required=False,
        help_text=gettext_lazy("0 to 100, one for each band: 25; 60; 100."),
    )

    class Meta:
        model = Criterion
        fields = (
            "code", "name", "guidance", "weight", "kind", "measure", "direction", "function",
            "worst", "best", "band_floors", "band_values", "missing", "default_value",
        )  # fmt: skip
        widgets = {"guidance": forms.Textarea(attrs={"rows": 4})}
        field_classes = dict.fromkeys(
            ("weight", "worst", "best", "default_value"), ShortDecimalField
        )


class ComparisonForm(forms.Form):
    """One person's sheet: a step of Saaty's scale for each pair."""

    def __init__(self, *args: Any, pairs: Sequence[Pair], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for pair in pairs:
            self.fields[pair.name] = forms.TypedChoiceField(
                label=_("%(former)s against %(latter)s")
                % {"former": pair.former, "latter": pair.latter},
                choices=[
                    (step, step_label(step, pair.former, pair.latter)) for step in reversed(SCALE)
                ],
                coerce=int,
                widget=forms.RadioSelect,
                initial=pair.step,
                error_messages={"required": _("Compare these two.")},
            )

    def ratios(self) -> list[Decimal]:
        """The valid judgements, in the order of the pairs."""
        return [scale_value(step) for step in self.cleaned_data.values()]
