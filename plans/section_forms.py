"""Forms of sections and templates."""

from typing import Any

from django import forms

from kam.forms import RowForm
from plans.models import PlanTemplate, Section, SectionKind, TemplateSection


class NewSectionForm(RowForm):
    """One more section of a plan: of a kind that it has not yet, or another."""

    class Meta:
        model = Section
        fields = ("kind", "title", "weight", "fresh_days", "audience")

    def __init__(self, *args: Any, taken: set[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        free = [c for c in SectionKind.choices if c[0] == SectionKind.OTHER or c[0] not in taken]
        self.fields["kind"].choices = free  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("kind") == SectionKind.OTHER and not values.get("title", "").strip():
            self.add_error("title", self.fields["title"].error_messages["required"])
        return values


class TemplateForm(RowForm):
    """A template: for whom it is, and the rhythm of its reviews."""

    class Meta:
        model = PlanTemplate
        fields = (
            "name",
            "description",
            "rank",
            "segment",
            "cell",
            "key_accounts_only",
            "activity_review_months",
            "plan_review_months",
            "customer_review_months",
        )
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}

    def choices_for(self, name: str, queryset: Any) -> Any:
        rows = super().choices_for(name, queryset)
        return rows.select_related("scheme") if name == "segment" else rows

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["segment"].label_from_instance = lambda row: f"{row.scheme} · {row}"  # type: ignore[attr-defined]


class TemplateSectionForm(RowForm):
    """A section of a template."""

    class Meta:
        model = TemplateSection
        fields = ("kind", "title", "guidance", "weight", "fresh_days", "audience")
        widgets = {"guidance": forms.Textarea(attrs={"rows": 3})}
