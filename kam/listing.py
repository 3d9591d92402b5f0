"""Lists that are declared in a few lines: filters, order, keyset paging, saved views, bulk edit, export.

::

    class Contacts(Listing):
        key = "contacts"                      # saved views are kept under this name
        title = _("Contacts")
        model = Contact
        filterset_class = ContactFilter       # django-filter; the API uses the same
        first_filters = ("q", "attitude")     # in sight; the others open on demand
        columns = (
            Column("name", _("Contact"), sort="name", heading=True),
            Column("account", _("Account"), sort="account__name"),
            Column("influence", _("Influence"), sort=Key("influence", nullable=True), number=True),
        )
        sort = "name"

Filter, order and page stand in the address, so Back, bookmarks and saved views keep them. Pages are
cut by key and not by offset: page 1,000 costs what page 1 costs. Counts stop at 1,000. Everything
goes through ``visible_to``; bulk edit also through ``editable_by`` and one service.
"""

import base64
import csv
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    QueryDict,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views import View
from django_filters import FilterSet
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from kam.inplace import shown
from kam.models import SavedView
from kam.scoping import Role, principal, signed_in
from kam.templatetags.kam_format import or_missing

PAGE_SIZE = 50
COUNT_CAP = 1_000  # counting stops here: "more than 1,000"
BULK_CAP = 5_000  # rows in one bulk edit
CSV_CAP = 100_000  # rows in one CSV file
XLSX_CAP = 20_000  # rows in one workbook
#: Words in the address that are no filters.
PAGING = ("after", "before")


# --- keys and pages -------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Key:
    """One part of an order. Nulls of a ``nullable`` path stand last, in both directions."""

    path: str
    nullable: bool = False
    descending: bool = False

    def reversed(self) -> "Key":
        return Key(self.path, self.nullable, not self.descending)

    def ordering(self, *, backward: bool) -> Any:
        """For ``order_by``; ``backward`` walks the same order from its end."""
        expression = F(self.path)
        descending = self.descending != backward
        # Without nulls no NULLS clause: then an index serves both directions.
        if not self.nullable:
            return expression.desc() if descending else expression.asc()
        if descending:
            return expression.desc(**{"nulls_first" if backward else "nulls_last": True})
        return expression.asc(**{"nulls_first" if backward else "nulls_last": True})

    def equals(self, value: Any) -> Q:
        return Q(**{f"{self.path}__isnull": True}) if value is None else Q(**{self.path: value})

    def beyond(self, value: Any, *, backward: bool) -> Q | None:
        """Rows that stand after ``value`` (before it, if ``backward``); ``None``: there are none."""
        null = Q(**{f"{self.path}__isnull": True})
        if value is None:
            return ~null if backward else None
        greater = self.descending == backward
        condition = Q(**{f"{self.path}__{'gt' if greater else 'lt'}": value})
        return condition | null if self.nullable and not backward else condition


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of an ordered list and the ways on."""

    rows: list[Any]
    previous: str | None
    next: str | None
    count: int | None = None
    capped: bool = False


def with_id(keys: Iterable[Key]) -> tuple[Key, ...]:
    """The order, made total by the id in the direction of its last part."""
    keys = tuple(keys)
    return (*keys, Key("id", descending=keys[-1].descending if keys else False))


def key_page(
    queryset: models.QuerySet,
    keys: Sequence[Key],
    *,
    after: str | None = None,
    before: str | None = None,
    size: int = PAGE_SIZE,
    fetch: Callable[[Any], Any] | None = None,
) -> Page:
    """The page after (or before) a cursor; the first page without one or with a broken one.

    With ``fetch`` the order is found from ids and keys alone, and only the page's own rows are read
    with all that ``fetch`` adds to them (one query more, and far less to sort).
    """
    marks = [f"_key{i}" for i in range(len(keys))]
    marked = queryset.annotate(**{m: F(k.path) for m, k in zip(marks, keys, strict=True)})
    backward = bool(before) and not after
    values = _decode(after or before, marked, len(keys))
    found = marked
    if values is not None:
        found = found.filter(_beyond(keys, values, backward=backward))
    else:
        backward = False
    found = found.order_by(*(k.ordering(backward=backward) for k in keys))
    # Each row, or its id, with its keys.
    rows: list[tuple[Any, list[Any]]]
    if fetch is None:
        rows = [(row, [getattr(row, mark) for mark in marks]) for row in found[: size + 1]]
    else:
        slim = found.values_list("pk", *marks)[: size + 1]
        rows = [(line[0], list(line[1:])) for line in slim]
    more = len(rows) > size
    rows = rows[:size]
    if values is not None and (not rows or (backward and not more)):
        # Nothing is left there, or the beginning is near: show the first page, and show it full.
        return key_page(queryset, keys, size=size, fetch=fetch)
    if backward:
        rows.reverse()
    if not rows:
        return Page([], None, None)
    has_previous = more if backward else values is not None
    has_next = True if backward else more
    shown = [row for row, _keys in rows]
    if fetch is not None:
        full = fetch(queryset.model._default_manager.filter(pk__in=shown)).in_bulk()
        shown = [full[pk] for pk in shown if pk in full]
    return Page(
        shown,
        _encode(rows[0][1]) if has_previous else None,
        _encode(rows[-1][1]) if has_next else None,
    )


def _beyond(keys: Sequence[Key], values: Sequence[Any], *, backward: bool) -> Q:
    condition = Q(pk__in=[])
    same = Q()
    for key, value in zip(keys, values, strict=True):
        further = key.beyond(value, backward=backward)
        if further is not None:
            condition |= same & further
        same &= key.equals(value)
    first, value = keys[0], values[0]
    if value is not None and not first.nullable and len(keys) > 1:
        # Says the same once more so that the index finds its start.
        at_least = "gte" if first.descending == backward else "lte"
        condition &= Q(**{f"{first.path}__{at_least}": value})
    return condition


def _encode(values: Sequence[Any]) -> str:
    text = json.dumps(values, default=_plain, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _decode(cursor: str | None, queryset: models.QuerySet, length: int) -> list[Any] | None:
    if not cursor:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        values = json.loads(base64.urlsafe_b64decode(padded))
        if not isinstance(values, list) or len(values) != length:
            return None
        fields = [queryset.query.annotations[f"_key{i}"].output_field for i in range(length)]
        if any(isinstance(value, dict | list) for value in values):
            return None
        parsed = [f.to_python(v) for f, v in zip(fields, values, strict=True)]
        for field, value in zip(fields, parsed, strict=True):
            if isinstance(value, int) and not -(2**63) <= value < 2**63:
                return None
            if isinstance(value, str) and "\x00" in value:
                return None
            field.get_prep_value(value)
    except (ValueError, ArithmeticError, ValidationError, RecursionError, TypeError):
        return None
    return parsed


def capped_count(queryset: models.QuerySet, cap: int = COUNT_CAP) -> tuple[int, bool]:
    """How many rows, counted no further than ``cap``; whether there are more."""
    found = queryset.order_by().values("pk")[: cap + 1].count()
    return min(found, cap), found > cap


# --- declaration ----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Column:
    """One column: what it shows, how it sorts, what a file gets of it.

    ``show`` gives the cell (text or safe HTML), by default the field ``name`` as a person reads it.
    ``export`` gives the plain value for files: a number, a date, text. ``sort`` is a path, a ``Key``
    or several of them. ``unit`` may be a function of the listing.
    """

    name: str
    label: Any
    show: Callable[[Any], Any] | None = None
    export: Callable[[Any], Any] | None = None
    sort: str | Key | Sequence[Key] | None = None
    number: bool = False
    heading: bool = False
    nowrap: bool = False
    unit: Any = ""
    in_file: bool = True
    on_page: bool = True

    @property
    def keys(self) -> tuple[Key, ...]:
        if self.sort is None:
            return ()
        if isinstance(self.sort, str):
            return (Key(self.sort),)
        return (self.sort,) if isinstance(self.sort, Key) else tuple(self.sort)

    @property
    def css(self) -> str:
        return "num" if self.number else "nowrap" if self.nowrap else ""

    def cell(self, row: Any) -> Any:
        if self.show is not None:
            return or_missing(self.show(row))
        value = or_missing(shown(row, self.name))
        if self.heading and hasattr(row, "get_absolute_url"):
            return format_html('<a href="{}">{}</a>', row.get_absolute_url(), value)
        return value

    def plain(self, row: Any) -> Any:
        if self.export is not None:
            return self.export(row)
        field = row._meta.get_field(self.name)
        if getattr(field, "choices", None):
            return getattr(row, f"get_{self.name}_display")()
        return getattr(row, self.name)


@dataclass(frozen=True)
class Bulk:
    """Bulk edit: a form whose empty fields mean "leave", and the service that does it.

    ``form`` takes ``user``; its cleaned, non-empty values are the changes. ``apply(rows, changes)``
    gets the editable rows as a queryset and says how many it changed, in one transaction.
    """

    form: Callable[..., forms.Form]
    apply: Callable[[Any, dict[str, Any]], int]
    roles: frozenset[str] = frozenset(set(Role) - {Role.MANAGEMENT})


@dataclass(frozen=True)
class Chip:
    """One filter in force, and the address without it."""

    label: str
    value: str
    url: str


class Listing(LoginRequiredMixin, View):
    """A list of rows; see the module."""

    key: ClassVar[str]
    title: ClassVar[Any]
    model: ClassVar[Any]
    columns: ClassVar[Sequence[Column]]
    filterset_class: ClassVar[type[FilterSet]]
    first_filters: ClassVar[Sequence[str]] = ("q",)
    sort: ClassVar[str]
    bulk: ClassVar[Bulk | None] = None
    template: ClassVar[str] = "kam/listing/page.html"
    related: ClassVar[Sequence[str]] = ()
    page_size: ClassVar[int] = PAGE_SIZE
    empty_title: ClassVar[Any] = ""
    empty_text: ClassVar[Any] = ""
    http_method_names = ["get", "head", "post"]

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

    def more_context(self) -> dict[str, Any]:
        return {}

    def may_bulk(self) -> bool:
        person = principal(self.request.user)
        return self.bulk is not None and person is not None and person.role in self.bulk.roles

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
            found.append(Chip(str(field.label or name), _in_words(field, value), url))
        return found

    # --- requests ---------------------------------------------------------------------------------
    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        asked = request.GET
        if "export" in asked:
            return self.export(asked["export"])
        if "filters" in asked:
            return self.show_filters()
        if "bulk" in asked:
            return self.show_bulk(self._selection(asked))
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
        bare = self.query(sort=None)
        pick = _("Select %(name)s") if self.may_bulk() else ""
        context = {
            "listing": self,
            "title": self.title,
            "columns": [(c, c.unit(self) if callable(c.unit) else c.unit) for c in columns],
            "rows": [(row, _cells(row, columns, pick)) for row in page.rows],
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
            "chips": self.chips(),
            "query": query,
            "filtered": bool(bare),
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

    # --- saved views ------------------------------------------------------------------------------
    def views(self, query: str) -> list[tuple[SavedView, bool]]:
        saved = SavedView.objects.visible_to(self.request.user).filter(page=self.key)
        return [(view, view.query == query) for view in saved]

    def save_view(self) -> HttpResponse:
        name = self.request.POST.get("name", "").strip()
        query = self.query()
        if not name or len(name) > 80 or len(query) > 1000:
            messages.error(self.request, _("Give the view a name of at most 80 letters."))
        else:
            SavedView.objects.update_or_create(
                user=signed_in(self.request), page=self.key, name=name, defaults={"query": query}
            )
            messages.success(self.request, _("The view “%(name)s” is saved.") % {"name": name})
        return self._back()

    def delete_view(self) -> HttpResponse:
        pk = self.request.POST.get("view", "")
        views = SavedView.objects.editable_by(self.request.user).filter(page=self.key)
        known = pk.isascii() and pk.isdigit() and len(pk) < 19
        view = views.filter(pk=pk).first() if known else None
        if view is None:
            raise Http404
        view.delete()
        messages.success(self.request, _("The view “%(name)s” is deleted.") % {"name": view.name})
        return self._back()

    def _back(self) -> HttpResponse:
        query = self.query()
        return HttpResponseRedirect(f"{self.request.path}?{query}" if query else self.request.path)

    # --- bulk edit --------------------------------------------------------------------------------
    def _selection(self, asked: QueryDict) -> Any:
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
        selection = self._selection(self.request.POST)
        assert self.bulk is not None  # noqa: S101 - _selection has refused
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
        return self._back()

    # --- files ------------------------------------------------------------------------------------
    def export(self, kind: str) -> HttpResponseBase:
        """The filtered list as a file. Text that a spreadsheet would take for a formula stays text."""
        if kind not in ("csv", "xlsx"):
            raise Http404
        cap = CSV_CAP if kind == "csv" else XLSX_CAP
        filtered = self.filterset.qs
        _count, too_many = capped_count(filtered, cap)
        if too_many or not self.filterset.is_valid():
            text = _("A file holds at most %(cap)d rows. Narrow the filter.") % {"cap": cap}
            if not self.filterset.is_valid():
                text = _("The filter has an error: correct it first.")
            messages.error(self.request, text)
            return self._back()
        columns = [column for column in self.columns if column.in_file]
        heads = [self._head(column) for column in columns]
        name = f"{slugify(str(self.title)) or self.key}-{timezone.localdate():%Y-%m-%d}.{kind}"
        lines = self._lines(filtered, columns)
        if kind == "csv":
            response = StreamingHttpResponse(
                csv_lines(heads, lines), content_type="text/csv; charset=utf-8"
            )
            response["Content-Disposition"] = f'attachment; filename="{name}"'
            return response
        file = tempfile.TemporaryFile()  # noqa: SIM115 - FileResponse closes it
        write_xlsx(file, str(self.title), heads, lines)
        file.seek(0)
        return FileResponse(
            file,
            as_attachment=True,
            filename=name,
            content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        )

    def _head(self, column: Column) -> str:
        unit = column.unit(self) if callable(column.unit) else column.unit
        return f"{column.label} ({unit})" if unit else str(column.label)

    def _lines(self, queryset: Any, columns: Sequence[Column]) -> Iterator[list[Any]]:
        ordered = self.fetch(queryset).order_by(*(k.ordering(backward=False) for k in self.keys))
        chunk: list[Any] = []
        for row in ordered.iterator(chunk_size=1000):
            chunk.append(row)
            if len(chunk) == 1000:
                yield from self._chunk(chunk, columns)
                chunk = []
        yield from self._chunk(chunk, columns)

    def _chunk(self, rows: list[Any], columns: Sequence[Column]) -> Iterator[list[Any]]:
        if rows:
            self.prepare(rows)
        for row in rows:
            yield [column.plain(row) for column in columns]


def _cells(row: Any, columns: Sequence[Column], pick: str) -> SafeString:
    """A row's cells. Written here: fifty rows through the template's loops cost twice the time."""
    parts = []
    if pick:
        label = conditional_escape(pick % {"name": row})
        parts.append(
            f'<td class="pick"><input type="checkbox" name="ids" value="{row.pk}" form="bulk"'
            f' aria-label="{label}"></td>'
        )
    for column in columns:
        text = conditional_escape(column.cell(row))
        if column.heading:
            parts.append(f'<th scope="row">{text}</th>')
        elif column.css:
            parts.append(f'<td class="{column.css}">{text}</td>')
        else:
            parts.append(f"<td>{text}</td>")
    return mark_safe("".join(parts))  # each text has been escaped


# --- words and files ------------------------------------------------------------------------------
def _in_words(field: forms.Field, value: Any) -> str:
    choices: dict[Any, Any] = {}
    if not isinstance(field, forms.ModelChoiceField):
        choices = dict(iter(getattr(field, "choices", ())))
    if isinstance(value, list | tuple | models.QuerySet):
        return ", ".join(str(choices.get(v, v)) for v in value)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return str(choices.get(value, value))


FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def safe_text(value: Any) -> Any:
    """A value for CSV: text that a spreadsheet would run as a formula gets an apostrophe first."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


class _Line:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_lines(heads: Sequence[str], lines: Iterable[Sequence[Any]]) -> Iterator[str]:
    """CSV line by line, with the mark by which spreadsheets know UTF-8."""
    writer = csv.writer(_Line())
    yield "\ufeff" + writer.writerow([safe_text(head) for head in heads])  # type: ignore[operator]
    for line in lines:
        yield writer.writerow([safe_text(_csv(value)) for value in line])  # type: ignore[misc]


def _csv(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, int | Decimal | float) else str(value)


def write_xlsx(file: Any, title: str, heads: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    """A workbook with one sheet; text is always text, never a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("".join(c for c in title if c not in r"[]:*?/\\")[:31] or "1")
    sheet.freeze_panes = "A2"

    def cell(value: Any) -> Any:
        if isinstance(value, bool):
            value = _("Yes") if value else _("No")
        if isinstance(value, datetime):
            return timezone.localtime(value).replace(tzinfo=None)
        if value is None or isinstance(value, date | int | float | Decimal):
            return value
        made = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", str(value))[:32767])
        made.data_type = "s"
        return made

    sheet.append([cell(head) for head in heads])
    for line in lines:
        sheet.append([cell(value) for value in line])
    book.save(file)
