"""What stands in a list's address: filters and order, and the rows that they leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db import models
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _
from django.views import View
from django_filters import FilterSet

from kam.listing.columns import Column
from kam.listing.keyset import Key, with_id


@dataclass(frozen=True)
class Chip:
    """One filter in force, and the address without it."""

    name: str
    label: str
    value: str
    url: str


class FilteredRows(LoginRequiredMixin, View):
    """The rows of a list as its address asks for them; saved views are kept under ``key``."""

    key: ClassVar[str]
    title: ClassVar[Any]
    model: ClassVar[Any]
    columns: ClassVar[Sequence[Column]]
    filterset_class: ClassVar[type[FilterSet]]
    sort: ClassVar[str]
    related: ClassVar[Sequence[str]] = ()

    # --- what subclasses may say ------------------------------------------------------------------
    def rows(self) -> Any:
        """All rows of the list that this person may see, before filters."""
        return self.model._default_manager.visible_to(self.request.user)

    def fetch(self, queryset: Any) -> Any:
        """The same rows with what the columns show (``select_related``, annotations)."""
        return queryset.select_related(*self.related) if self.related else queryset

    def ordered(self, queryset: Any) -> Any:
        """The rows as their order is to be found; override to help an index to serve it."""
        return queryset

    def prepare(self, rows: list[Any]) -> None:
        """Adds what a page's or a file's rows show, with a fixed number of queries for all of them."""

    # --- what stands in the address ---------------------------------------------------------------
    @cached_property
    def filterset(self) -> FilterSet:
        return self.filterset_class(self.request.GET, queryset=self.rows(), request=self.request)

    @cached_property
    def order(self) -> str:
        """The order in force, such as ``-revenue``: one of the columns', or the list's own."""
        asked = self.request.GET.get("sort", "")
        names = {column.name for column in self.columns if column.sort is not None}
        return asked if asked.removeprefix("-") in names else self.sort

    @cached_property
    def keys(self) -> tuple[Key, ...]:
        column = next(c for c in self.columns if c.name == self.order.removeprefix("-"))
        down = self.order.startswith("-")
        return with_id(key.reversed() if down else key for key in column.keys)

    def query(self, **changes: Any) -> str:
        """The address' query of this list: filters and order, changed as told (None takes away)."""
        names = [*self.filterset.filters, "sort"]
        kept = QueryDict(mutable=True)
        for name in names:
            for value in self.request.GET.getlist(name):
                if value != "" and name not in changes:
                    kept.appendlist(name, value)
        for name, value in changes.items():
            if value is not None:
                kept[name] = value
        return kept.urlencode()

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Filters and order as hidden fields of a form."""
        query = QueryDict(self.query())
        return [(name, value) for name in query for value in query.getlist(name)]

    def chips(self) -> list[Chip]:
        form = self.filterset.form
        if not form.is_bound:
            return []
        form.is_valid()
        found = []
        for name, field in form.fields.items():
            value = form.cleaned_data.get(name)
            if value in (None, "", []) or not self.request.GET.get(name):
                continue
            url = f"?{self.query(**{name: None})}"
            found.append(Chip(name, str(field.label or name), _in_words(field, value), url))
        return found

    def back(self) -> HttpResponse:
        """To the list as it was, after something was done to it."""
        query = self.query()
        return HttpResponseRedirect(f"{self.request.path}?{query}" if query else self.request.path)


def _in_words(field: forms.Field, value: Any) -> str:
    choices: dict[Any, Any] = {}
    if not isinstance(field, forms.ModelChoiceField):
        choices = dict(iter(getattr(field, "choices", ())))
    if isinstance(value, list | tuple | models.QuerySet):
        return ", ".join(str(choices.get(v, v)) for v in value)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return str(choices.get(value, value))
