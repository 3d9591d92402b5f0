"""Filters of the company-wide trail."""

from datetime import datetime, time
from typing import Any

import django_filters as filters
from django.apps import apps
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kam.lookup import LookupFilter
from kam.models import AuditEntry
from kam.person_forms import DayField


def kinds() -> list[tuple[str, Any]]:
    """The audited models, by name."""
    found = [
        (model._meta.label_lower, str(model._meta.verbose_name).capitalize())
        for model in apps.get_models()
        if hasattr(model, "events") and not model._meta.proxy
    ]
    return sorted(found, key=lambda kind: kind[1])


class DayFilter(filters.Filter):
    field_class = DayField


class AuditFilter(filters.FilterSet):
    """Person, kind of record, source, and the days from and until."""

    person = LookupFilter("anybody", label=_("Person"), method="by_person")
    model = filters.ChoiceFilter(label=_("Kind"), choices=kinds, empty_label=_("All"))
    source = filters.ChoiceFilter(
        label=_("By way of"), choices=AuditEntry.Source.choices, empty_label=_("All")
    )
    since = DayFilter(label=_("From"), method="from_day")
    until = DayFilter(label=_("Until"), method="until_day")

    class Meta:
        model = AuditEntry
        fields = ("person", "model", "source", "since", "until")

    def by_person(self, rows: Any, _name: str, person: Any) -> Any:
        return rows.filter(user_id=person.pk) if person else rows

    def from_day(self, rows: Any, _name: str, day: Any) -> Any:
        return rows.filter(at__gte=timezone.make_aware(datetime.combine(day, time.min)))

    def until_day(self, rows: Any, _name: str, day: Any) -> Any:
        return rows.filter(at__lte=timezone.make_aware(datetime.combine(day, time.max)))
