"""Filters of the matrix: page, PDF and API alike."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django_countries import countries
from django_filters import ChoiceFilter, FilterSet, ModelChoiceFilter
from django_filters.fields import ModelChoiceField

from accounts.filters import TeamFilter
from accounts.models import Industry
from kam.filters import YesNoFilter
from kam.lookup import LookupFilter
from kam.models import Team
from portfolio.models import AccountScore, CellText, Segment, SegmentPlacement

#: Filters that the list of accounts knows too, by the same names.
SHARED = ("owner", "team", "industry", "is_key_account", "country")


def _teams(request: Any) -> Any:
    return Team.objects.visible_to(getattr(request, "user", None)).active()


def _industries(request: Any) -> Any:
    return Industry.objects.visible_to(getattr(request, "user", None)).active()


def _segments(request: Any) -> Any:
    rows = Segment.objects.visible_to(getattr(request, "user", None)).active()
    return rows.select_related("scheme").order_by("scheme_id", "rank")


class SegmentChoice(ModelChoiceField):
    """Segments of several schemes, each with its scheme's name."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.scheme.name}: {obj.name}"


class SegmentFilter(ModelChoiceFilter):
    """The accounts that were in a segment on the night that is shown."""

    field_class = SegmentChoice
    path = "account"

    def filter(self, qs: Any, value: Segment | None) -> Any:
        if value is None:
            return qs
        night = getattr(self.parent, "night", None)
        placed = SegmentPlacement.objects.visible_to(self.parent.request.user)
        placed = placed.current() if night is None else placed.on_night(night)
        inside = placed.filter(segment=value).order_by().values("account")
        return qs.filter(**{f"{self.path}__in": inside})


class MatrixFilter(FilterSet):
    """``night`` is the night that is shown where it is not the newest."""

    owner = LookupFilter("people", label=_("KAM"))
    team = TeamFilter(
        field_name="owner__team", empty_label=_("All"), queryset=_teams, label=_("Team")
    )
    segment = SegmentFilter(empty_label=_("All"), queryset=_segments, label=_("Segment"))
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
