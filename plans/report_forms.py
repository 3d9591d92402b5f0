"""Forms of the report library."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

import accounts.lookups  # noqa: F401 - registers what LookupField names
from kam.lookup import LookupField
from kam.models import Team, User
from kam.periods import company_year
from plans.models import ReportSchedule
from plans.rollup_scope import scope_of
from plans.services import reports


class ReportForm(forms.Form):
    """Which report, of whom, of which year; made now, or by mail in a rhythm."""

    kind = forms.ChoiceField(
        label=_("Report"), choices=[(kind.value, kind.label) for kind in reports.KINDS]
    )
    account = LookupField(
        "accounts",
        label=_("Account"),
        required=False,
        help_text=_("For a report of one account's plan."),
    )
    person: forms.ModelChoiceField[User] = forms.ModelChoiceField(
        label=_("KAM"),
        queryset=None,
        required=False,
        empty_label="–",
        help_text=_("For a KAM's portfolio, or all plans of a KAM."),
    )
    team: forms.ModelChoiceField[Team] = forms.ModelChoiceField(
        label=_("Team"),
        queryset=None,
        required=False,
        empty_label="–",
        help_text=_("For a team's report, or all plans of a team."),
    )
    year = forms.IntegerField(label=_("Fiscal year"), min_value=1990, max_value=2100)
    rhythm = forms.ChoiceField(
        label=_("By mail"),
        choices=[("", _("no, make it now")), *ReportSchedule.Rhythm.choices],
        required=False,
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scope = scope_of(user)
        self.fields["account"].queryset = self.fields["account"].lookup.rows(user)  # type: ignore[attr-defined]
        self.fields["person"].queryset = scope.owners.order_by("name", "pk")  # type: ignore[attr-defined]
        self.fields["team"].queryset = scope.teams.order_by("name", "pk")  # type: ignore[attr-defined]
        self.fields["year"].initial = company_year().year

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        kind = values.get("kind")
        for kinds, field, words in (
            (reports.OF_ACCOUNT, "account", _("Say of which account.")),
            (reports.OF_PERSON, "person", _("Say of which KAM.")),
            (reports.OF_TEAM, "team", _("Say of which team.")),
        ):
            if kind in kinds and not values.get(field) and field not in self.errors:
                self.add_error(field, ValidationError(words))
        return values

    @property
    def subject(self) -> int | None:
        """The id of whom the report is; none for the company."""
        values = self.cleaned_data
        for kinds, field in (
            (reports.OF_ACCOUNT, "account"),
            (reports.OF_PERSON, "person"),
            (reports.OF_TEAM, "team"),
        ):
            if values["kind"] in kinds:
                return values[field].pk
        return None
