"""Filters of people's load and of hours: page and API alike."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter, DateFilter, FilterSet

import accounts.lookups  # noqa: F401 - registers what LookupFilter names
from accounts.filters import TeamFilter
from kam.filters import TextFilter
from kam.lookup import LookupFilter
from kam.models import Team, User
from portfolio.models import HoursSpent

DAY: dict[str, Any] = {
    "widget": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    "input_formats": ["%Y-%m-%d"],
}


def _teams(request: Any) -> Any:
    return Team.objects.visible_to(getattr(request, "user", None)).active()


class LoadFilter(FilterSet):
    """People of a team with all teams below it, or by name."""

    q = TextFilter(("name",))
    team = TeamFilter(field_name="team", empty_label=_("All"), queryset=_teams, label=_("Team"))

    class Meta:
        model = User
        fields: list[str] = []


class FromMeetingsFilter(ChoiceFilter):
    """Hours that were taken over from meetings, wholly or in part; those typed alone; both."""

    def __init__(self) -> None:
        choices = [("yes", _("From meetings")), ("no", _("Typed only"))]
        super().__init__(label=_("From meetings"), choices=choices, empty_label=_("All"))

    def filter(self, qs: Any, value: str) -> Any:
        if not value:
            return qs
        return qs.filter(from_meetings__gt=0) if value == "yes" else qs.filter(from_meetings=0)


class HoursFilter(FilterSet):
    """Hours spent by account, person, team and week."""

    account = LookupFilter("accounts", label=_("Account"))
    user = LookupFilter("people", label=_("Person"))
    team = TeamFilter(
        field_name="user__team", empty_label=_("All"), queryset=_teams, label=_("Team")
    )
    since = DateFilter("week", "gte", label=_("Weeks from"), **DAY)
    until = DateFilter("week", "lte", label=_("Weeks until"), **DAY)
    meetings = FromMeetingsFilter()

    class Meta:
        model = HoursSpent
        fields: list[str] = []
