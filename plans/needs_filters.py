"""Filters of needs and of plans by their improvement potential, for pages, exports and API alike."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter, FilterSet

from kam.filters import ArchivedFilter, TextFilter, YesNoFilter
from kam.lookup import LookupFilter
from kam.periods import company_year
from plans.filters import OfTeamFilter, year_choices
from plans.models import Need


class NeedFilter(FilterSet):
    """Needs of all plans. Without a word: those that somebody works on."""

    q = TextFilter(["title", "plan__account__name"])
    state = ChoiceFilter(
        label=_("State"),
        choices=[*Need.State.choices, ("all", _("All"))],
        empty_label=_("Not dropped"),
        method="keep",
    )
    year = ChoiceFilter(
        label=_("Year"), choices=year_choices, empty_label=_("All"), field_name="plan__year"
    )
    kind = ChoiceFilter(label=_("Pain or gain"), choices=Need.Kind.choices, empty_label=_("All"))
    line = ChoiceFilter(
        label=_("The customer's line"),
        choices=Need.CustomerLine.choices,
        empty_label=_("All"),
        field_name="customer_line",
    )
    owner = LookupFilter(
        "people", field_name="plan__account__owner", label=_("Key account manager")
    )
    team = OfTeamFilter(field_name="plan__account__owner__team")
    archived = ArchivedFilter()

    class Meta:
        model = Need
        fields: list[str] = []

    def keep(self, qs: Any, _name: str, _value: str) -> Any:
        """The state has a meaning without a word, too: see ``filter_queryset``."""
        return qs

    def filter_queryset(self, queryset: Any) -> Any:
        queryset = super().filter_queryset(queryset)
        state = self.form.cleaned_data.get("state")
        if state == "all":
            return queryset
        if state:
            return queryset.filter(state=state)
        return queryset.exclude(state=Need.State.DROPPED)


class PotentialFilter(FilterSet):
    """Plans that have needs, by account. Without a word: those of the present year."""

    q = TextFilter(["account__name", "account__number"])
    year = ChoiceFilter(
        label=_("Year"),
        choices=lambda: [*year_choices(), ("all", _("All"))],
        empty_label=_("This year"),
        method="keep",
    )
    owner = LookupFilter("people", field_name="account__owner", label=_("Key account manager"))
    team = OfTeamFilter(field_name="account__owner__team")
    key = YesNoFilter(field_name="account__is_key_account", label=_("Key account"))
    archived = ArchivedFilter()

    def keep(self, qs: Any, _name: str, _value: str) -> Any:
        """The year has a meaning without a word, too: see ``filter_queryset``."""
        return qs

    def filter_queryset(self, queryset: Any) -> Any:
        queryset = super().filter_queryset(queryset)
        year = self.form.cleaned_data.get("year")
        return queryset if year == "all" else queryset.filter(year=year or company_year().year)
