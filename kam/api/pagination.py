"""Paging by key: page 1,000 costs what page 1 costs."""

from rest_framework.pagination import CursorPagination


class KeyPagination(CursorPagination):
    """``?cursor=…&page_size=…``; the order is the resource's own, always ended by the id."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500
    ordering = "id"

    def get_ordering(self, request, queryset, view):  # type: ignore[no-untyped-def]
        ordering = tuple(super().get_ordering(request, queryset, view))
        return ordering if ordering[-1].lstrip("-") in ("id", "pk") else (*ordering, "id")
