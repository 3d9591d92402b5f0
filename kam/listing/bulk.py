"""Bulk edit: many rows of a list at once, among those that the person may change."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kam.listing.filtered import FilteredRows
from kam.listing.keyset import capped_count
from kam.scoping import Role, principal

BULK_CAP = 5_000  # rows in one bulk edit


@dataclass(frozen=True)
class Bulk:
    """Bulk edit: a form whose empty fields mean "leave", and the service that does it.

    ``form`` takes ``user``; its cleaned, non-empty values are the changes. ``apply(rows, changes)``
    gets the editable rows as a queryset and says how many it changed, in one transaction; without it
    the list overrides ``do_bulk``, such as for work that belongs in the worker.
    """

    form: Callable[..., forms.Form]
    apply: Callable[[Any, dict[str, Any]], int] | None = None
    roles: frozenset[str] = frozenset(set(Role) - {Role.MANAGEMENT})
    #: What the page says instead of "leave empty what stays", and on its button.
    lede: Any = ""
    submit: Any = ""


class BulkEditing(FilteredRows):
    """The form over a selection, and what it does."""

    bulk: ClassVar[Bulk | None] = None

    def may_bulk(self) -> bool:
        person = principal(self.request.user)
        return self.bulk is not None and person is not None and person.role in self.bulk.roles

    def selection(self, asked: QueryDict) -> Any:
        """The chosen rows, among those that the person sees."""
        if not self.may_bulk():
            raise PermissionDenied
        if asked.get("bulk", asked.get("which")) == "all":
            if not self.filterset.is_valid():
                raise Http404
            return self.filterset.qs
        ids = [int(i) for i in asked.getlist("ids") if i.isascii() and i.isdigit() and len(i) < 19]
        return self.rows().filter(pk__in=ids)

    def show_bulk(
        self, selection: Any, form: forms.Form | None = None, status: int = 200
    ) -> HttpResponse:
        if self.bulk is None:
            raise Http404
        asked = self.request.POST if form is not None else self.request.GET
        count, capped = capped_count(selection, BULK_CAP)
        editable, _more = capped_count(self._editable(selection), BULK_CAP)
        context = {
            "listing": self,
            "title": self.title,
            "form": form or self.bulk.form(user=self.request.user),
            "count": count,
            "locked": count - editable,
            "too_many": capped,
            "cap": BULK_CAP,
            "which": asked.get("bulk", asked.get("which")) if form is None else asked.get("which"),
            "ids": asked.getlist("ids"),
            "query": self.query(),
            "action": f"{self.request.path}?{self.query()}",
        }
        return render(self.request, "kam/listing/bulk.html", context, status=status)

    def _editable(self, selection: Any) -> Any:
        mine = self.model._default_manager.editable_by(self.request.user)
        return selection.filter(pk__in=mine.order_by().values("pk"))

    def do_bulk(self) -> HttpResponse:
        selection = self.selection(self.request.POST)
        assert self.bulk is not None  # noqa: S101 - selection() has refused
        assert self.bulk.apply is not None  # noqa: S101 - see Bulk
        form = self.bulk.form(self.request.POST, user=self.request.user)
        if not form.is_valid():
            return self.show_bulk(selection, form, status=422)
        changes = {n: v for n, v in form.cleaned_data.items() if v not in (None, "")}
        if not changes:
            form.add_error(None, _("Choose what to change."))
            return self.show_bulk(selection, form, status=422)
        with transaction.atomic():
            ids = list(selection.order_by().values_list("pk", flat=True)[: BULK_CAP + 1])
            if len(ids) > BULK_CAP:
                form.add_error(None, _("These are too many rows at once. Narrow the filter."))
                return self.show_bulk(selection, form, status=422)
            rows = self.model._default_manager.filter(pk__in=ids)
            editable = self._editable(rows)
            locked = list(rows.exclude(pk__in=editable.values("pk"))[:11])
            left = len(ids) - editable.count() if locked else 0
            try:
                changed = self.bulk.apply(editable, changes)
            except ValidationError as error:
                transaction.set_rollback(True)
                form.add_error(None, error)
                return self.show_bulk(selection, form, status=422)
        text = ngettext("%(n)d row changed.", "%(n)d rows changed.", changed) % {"n": changed}
        messages.success(self.request, text)
        if left:
            names = ", ".join(str(row) for row in locked[:10]) + (" …" if left > 10 else "")
            text = ngettext(
                "%(n)d row was left as it is, since you may not change it: %(names)s",
                "%(n)d rows were left as they are, since you may not change them: %(names)s",
                left,
            )
            messages.warning(self.request, text % {"n": left, "names": names})
        return self.back()
