"""Filters of nominations, for the list and the API."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter, FilterSet

import accounts.lookups  # noqa: F401 - registers what LookupFilter names
from accounts.filters import WhoFilter
from kam.filters import TextFilter
from kam.lookup import LookupFilter
from portfolio.models import Nomination


class QueueFilter(ChoiceFilter):
    """What waits for oneself, all that waits (without a word), what is decided, or everything."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=_("Show"),
            choices=[("mine", _("Wait for me")), ("decided", _("Decided")), ("all", _("All"))],
            empty_label=_("All that wait"),
            **kwargs,
        )

    def filter(self, qs: Any, value: str) -> Any:
        if value == "all":
            return qs
        waiting = qs.waiting()
        if value == "decided":
            return qs.exclude(pk__in=waiting.order_by().values("pk"))
        if value == "mine":
            user = getattr(self.parent.request, "user", None)
            mine = Nomination.objects.visible_to(user).waits_for(user)
            return qs.filter(pk__in=mine.order_by().values("pk"))
        return waiting


class NominationFilter(FilterSet):
    q = TextFilter(("account__name", "account__number"))
    show = QueueFilter()
    kind = ChoiceFilter(empty_label=_("All"), choices=Nomination.Kind.choices, label=_("Kind"))
    state = ChoiceFilter(empty_label=_("All"), choices=Nomination.State.choices, label=_("State"))
    who = WhoFilter(path="account__")
    account = LookupFilter("accounts", label=_("Account"))

    class Meta:
        model = Nomination
        fields: list[str] = []


class NominationApiFilter(FilterSet):
    """Here nothing is left out that nobody asked to leave out."""

    q = NominationFilter.base_filters["q"]
    account = NominationFilter.base_filters["account"]

    class Meta:
        model = Nomination
        fields = {"kind": ["exact"], "state": ["exact"], "due_on": ["gte", "lte"]}
