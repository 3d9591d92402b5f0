"""Parameters that nobody knows are refused: a mistyped filter must not answer with every row."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.settings import api_settings


def refuse_unknown(request: Request, known: Iterable[str]) -> None:
    """400 naming each unknown parameter of the address; the known ones stand under ``known``."""
    allowed = {*known, api_settings.URL_FORMAT_OVERRIDE}
    unknown = [name for name in request.query_params if name not in allowed]
    if not unknown:
        return
    names = sorted(allowed)
    text = _("There is no such parameter. Known are: %(names)s.") % {"names": ", ".join(names)}
    error = ValidationError({name[:100]: [text] for name in unknown}, code="unknown_parameter")
    error.problem = {"known": names}  # type: ignore[attr-defined]
    raise error


class KnownFilters(DjangoFilterBackend):
    """The resource's filters, with paging beside them, and nothing else."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        filters = self.get_filterset_class(view, queryset)
        paginator = getattr(view, "paginator", None)
        paging = [
            getattr(paginator, name, None)
            for name in ("cursor_query_param", "page_size_query_param")
        ]
        names = filters.base_filters if filters is not None else ()
        refuse_unknown(request, [*names, *(name for name in paging if name)])
        return super().filter_queryset(request, queryset, view)


class KnownParameters:
    """Mixin of views without a FilterSet: ``parameters`` are all that the address may hold."""

    parameters: ClassVar[tuple[str, ...]] = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        refuse_unknown(request, self.parameters)
