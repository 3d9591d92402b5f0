"""Paging by key: page 1,000 costs what page 1 costs."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request


class KeyPagination(CursorPagination):
    """``?cursor=…&page_size=…``; the order is the resource's own, always ended by the id.

    A page size that is no number from 1 to ``max_page_size`` is 400; an empty one is none.
    """

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500
    ordering = "id"

    def get_ordering(self, request, queryset, view):  # type: ignore[no-untyped-def]
        ordering = tuple(super().get_ordering(request, queryset, view))
        return ordering if ordering[-1].lstrip("-") in ("id", "pk") else (*ordering, "id")

    def get_page_size(self, request: Request) -> int:
        """The rows of a page that are asked for."""
        name = self.page_size_query_param
        asked = request.query_params.get(name, "")
        if not asked:
            return self.page_size
        size = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0
        if not 1 <= size <= self.max_page_size:
            text = _("Rows on a page: 1 to %(most)s.") % {"most": self.max_page_size}
            raise ValidationError({name: [text]})
        return size

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """The parameters in the schema, with the page size's limits."""
        parameters: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            if parameter["name"] == self.page_size_query_param:
                parameter["schema"] |= {"minimum": 1, "maximum": self.max_page_size}
        return parameters
