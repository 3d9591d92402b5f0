"""Forms of segments: schemes, a segment with its rules, a segment by hand."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from kam.forms import RowForm
from portfolio.models import Segment, SegmentOverride, SegmentRule, SegmentScheme
from portfolio.services.segments import Thresholds

SUBJECTS = SegmentRule.Subject


class SchemeForm(RowForm):
    class Meta:
        model = SegmentScheme
        fields = ("name", "description")
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}


class SegmentForm(RowForm):
    """A segment and all of its rules: for each subject a floor, a ceiling, or neither."""

    class Meta:
        model = Segment
        fields = ("name", "rank")

    def __init__(self, *args: Any, rules: Thresholds | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for subject in SUBJECTS:
            low, high = (rules or {}).get(subject.value, (None, None))
            for edge, label, value in (
                ("at_least", _("%(subject)s: at least"), low),
                ("below", _("%(subject)s: below"), high),
            ):
                self.fields[f"{subject.value}-{edge}"] = forms.DecimalField(
                    label=label % {"subject": subject.label},
                    required=False,
                    max_digits=18,
                    decimal_places=2,
                    initial=None if value is None else f"{value.normalize():f}",
                )

    def lines(self) -> Iterator[tuple[Any, Any, Any]]:
        """(subject in words, its floor's control, its ceiling's control) for the page's table."""
        for subject in SUBJECTS:
            yield subject.label, self[f"{subject.value}-at_least"], self[f"{subject.value}-below"]

    @property
    def rules(self) -> Thresholds:
        """The valid form's rules, all of them."""
        values = self.cleaned_data
        return {
            subject.value: (values[f"{subject.value}-at_least"], values[f"{subject.value}-below"])
            for subject in SUBJECTS
        }

    def own_changes(self) -> dict[str, Any]:
        """Name and rank, where they were touched."""
        return {name: value for name, value in self.changes().items() if name in ("name", "rank")}

    def _post_clean(self) -> None:
        """The service asks the rules of the database."""


class OverrideForm(RowForm):
    """A segment of one scheme, given by hand."""

    class Meta:
        model = SegmentOverride
        fields = ("segment", "reason", "expires_on")
        widgets = {"reason": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, scheme: SegmentScheme, **kwargs: Any) -> None:
        self.scheme = scheme
        super().__init__(*args, **kwargs)

    def choices_for(self, name: str, queryset: Any) -> Any:
        return super().choices_for(name, queryset).filter(scheme=self.scheme)

    def _post_clean(self) -> None:
        """The service asks the rules, with the account at hand."""
