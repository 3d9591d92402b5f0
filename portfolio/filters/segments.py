"""The filter by segment, for every list of accounts or of what hangs from one."""

from typing import Any

from django.forms import ModelChoiceField
from django.utils.translation import gettext_lazy as _
from django_filters import FilterSet, ModelChoiceFilter

from accounts.filters import AccountFilter
from accounts.models import Account
from portfolio.models import Segment, SegmentPlacement


def _segments(request: Any) -> Any:
    rows = Segment.objects.visible_to(getattr(request, "user", None)).active()
    rows = rows.filter(scheme__archived_at__isnull=True).select_related("scheme")
    return rows.order_by("scheme_id", "rank")


class SegmentChoice(ModelChoiceField):
    """Segments of several schemes, each with its scheme's name."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.scheme}: {obj}"


class SegmentFilter(ModelChoiceFilter):
    """The accounts that stand in a segment: today, or on the ``night`` that the FilterSet shows.

    ``path`` leads from the rows to the account's key: ``SegmentFilter()`` filters accounts,
    ``SegmentFilter(path="account")`` what hangs from them.
    """

    field_class = SegmentChoice

    def __init__(self, path: str = "pk", **kwargs: Any) -> None:
        kwargs.setdefault("queryset", _segments)
        kwargs.setdefault("empty_label", _("All"))
        kwargs.setdefault("label", _("Segment"))
        super().__init__(**kwargs)
        self.path = path

    def filter(self, qs: Any, value: Segment | None) -> Any:
        if value is None:
            return qs
        night = getattr(self.parent, "night", None)
        placed = SegmentPlacement.objects.visible_to(getattr(self.parent.request, "user", None))
        placed = placed.current() if night is None else placed.on_night(night)
        inside = placed.filter(segment=value).order_by().values("account")
        return qs.filter(**{f"{self.path}__in": inside})


class SegmentAccountFilter(FilterSet):
    """The accounts of one segment, narrowed as accounts are."""

    q = AccountFilter.base_filters["q"]
    who = AccountFilter.base_filters["who"]
    owner = AccountFilter.base_filters["owner"]
    is_key_account = AccountFilter.base_filters["is_key_account"]
    industry = AccountFilter.base_filters["industry"]

    class Meta:
        model = Account
        fields: list[str] = []


class PlacementFilter(FilterSet):
    """Placements over the API: without a word those of all nights."""

    class Meta:
        model = SegmentPlacement
        fields = {
            "account": ["exact"],
            "scheme": ["exact"],
            "segment": ["exact"],
            "by_hand": ["exact"],
            "last_night": ["isnull"],
        }
