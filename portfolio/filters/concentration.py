"""Filters of the concentration: page and API alike, by the present state of the accounts."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django_filters import FilterSet, ModelChoiceFilter

from accounts.filters import TeamFilter
from accounts.models import Account, Industry
from kam.filters import YesNoFilter
from kam.lookup import LookupFilter
from kam.models import Team
from portfolio.filters.segments import SegmentFilter


def _teams(request: Any) -> Any:
    return Team.objects.visible_to(getattr(request, "user", None)).active()


def _industries(request: Any) -> Any:
    return Industry.objects.visible_to(getattr(request, "user", None)).active()


class ConcentrationFilter(FilterSet):
    owner = LookupFilter("people", label=_("KAM"))
    team = TeamFilter(
        field_name="owner__team", empty_label=_("All"), queryset=_teams, label=_("Team")
    )
    segment = SegmentFilter()
    industry = ModelChoiceFilter(empty_label=_("All"), queryset=_industries, label=_("Industry"))
    is_key_account = YesNoFilter(label=_("Key account"))

    class Meta:
        model = Account
        fields: list[str] = []
