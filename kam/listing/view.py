"""The page of a list, and the way from a request to what it asks for."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from kam.listing.bulk import BulkEditing
from kam.listing.columns import cells
from kam.listing.export import Exporting
from kam.listing.keyset import PAGE_SIZE, Page, capped_count, key_page
from kam.listing.saved import SavedViews


class Listing(SavedViews, BulkEditing, Exporting):
    """A list of rows; see the package."""

    title: ClassVar[Any]
    first_filters: ClassVar[Sequence[str]] = ("q",)
    template: ClassVar[str] = "kam/listing/page.html"
    page_size: ClassVar[int] = PAGE_SIZE
    #: The filter that the tabs above the list set: no chip of its own, and alone no filter at all.
    tab_filter: ClassVar[str] = ""
    empty_title: ClassVar[Any] = ""
    empty_text: ClassVar[Any] = ""
    http_method_names = ["get", "head", "post"]

    def more_context(self) -> dict[str, Any]:
        return {}

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        asked = request.GET
        if "export" in asked:
            return self.export(asked["export"])
        if "filters" in asked:
            return self.show_filters()
        if "bulk" in asked:
            return self.show_bulk(self.selection(asked))
        return self.show()

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        act = {"save_view": self.save_view, "delete_view": self.delete_view, "bulk": self.do_bulk}
        if request.POST.get("do") not in act:
            raise Http404
        return act[request.POST["do"]]()

    def show(self) -> HttpResponse:
        filtered = self.filterset.qs
        page = key_page(
            self.ordered(filtered),
            self.keys,
            fetch=self.fetch,
            after=self.request.GET.get("after"),
            before=self.request.GET.get("before"),
            size=self.page_size,
        )
        if page.previous or page.next:
            count, capped = capped_count(filtered)
        else:
            count, capped = len(page.rows), False
        self.prepare(page.rows)
        columns = [column for column in self.columns if column.on_page]
        query = self.query()
        bare = self.query(sort=None, **{self.tab_filter: None} if self.tab_filter else {})
        pick = _("Select %(name)s") if self.may_bulk() else ""
        context = {
            "listing": self,
            "title": self.title,
            "columns": [(c, c.unit_in(self)) for c in columns],
            "rows": [(row, cells(row, columns, pick)) for row in page.rows],
            "page": Page(page.rows, page.previous, page.next, count, capped),
            "sort": self.order,
            "filter_form": self.filterset.form,
            "first_filters": [self.filterset.form[n] for n in self.first_filters],
            "other_filters": [
                (name, value)
                for name in self.filterset.filters
                if name not in self.first_filters
                for value in self.request.GET.getlist(name)
                if value
            ],
            "has_more_filters": len(self.filterset.filters) > len(self.first_filters),
            "chips": [chip for chip in self.chips() if chip.name != self.tab_filter],
            "query": query,
            "filtered": bool(bare),
            "empty_title": self.empty_title,
            "empty_text": self.empty_text,
            "views": self.views(query),
            "may_bulk": self.may_bulk() and bool(page.rows),
            **self.more_context(),
        }
        return render(self.request, self.template, context)

    def show_filters(self) -> HttpResponse:
        """The filters that are not in sight: inside the list, or a page of their own."""
        form = self.filterset.form
        context = {
            "listing": self,
            "title": self.title,
            "fields": [form[n] for n in form.fields if n not in self.first_filters],
            "all_fields": [form[n] for n in form.fields],
            "sort": self.request.GET.get("sort", ""),
            "query": self.query(),
        }
        htmx = getattr(self.request, "htmx", None)
        name = "kam/listing/filter_fields.html" if htmx else "kam/listing/filters.html"
        return render(self.request, name, context)
