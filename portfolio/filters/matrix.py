"""Filters of the matrix: page, PDF and API alike."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django_countries import countries
from django_filters import ChoiceFilter, FilterSet, ModelChoiceFilter

from accounts.filters import TeamFilter
from accounts.models import Industry
from kam.filters import YesNoFilter
from kam.lookup import LookupFilter
from kam.models import Team
from portfolio.filters.segments import SegmentFilter
from portfolio.models import AccountScore, CellText

#: Filters that the list of accounts knows too, by the same names.
SHARED = ("owner", "team", "industry", "is_key_account", "country")


def _teams(request: Any) -> Any:
    return Team.objects.visible_to(getattr(request, "user", None)).active()


def _industries(request: Any) -> Any:
    return Industry.objects.visible_to(getattr(request, "user", None)).active()


class MatrixFilter(FilterSet):
    """``night`` is the night that is shown where it is not the newest."""

    owner = LookupFilter("people", label=_("KAM"))
    team = TeamFilter(
        field_name="owner__team", empty_label=_("All"), queryset=_teams, label=_("Team")
    )
    segment = SegmentFilter(path="account")
    industry = ModelChoiceFilter(
        field_name="account__industry", empty_label=_("All"), queryset=_industries,
        label=_("Industry"),
    )  # fmt: skip
    is_key_account = YesNoFilter(label=_("Key account"))
    country = ChoiceFilter(
        field_name="account__country",
        empty_label=_("All"),
        choices=lambda: list(countries),
        label=_("Country"),
    )
    cell = ChoiceFilter(empty_label=_("All"), choices=CellText.Cell.choices, label=_("Cell"))

    class Meta:
        model = AccountScore
        fields: list[str] = []

    def __init__(self, *args: Any, night: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.night = night
