"""The matrix: the picture, the cells and the accounts behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kam import htmx
from kam.forms import RowForm
from kam.inplace import InPlace
from kam.listing import capped_count, key_page
from kam.listing.keyset import Key, Page
from kam.models import Company
from kam.pdf import ReportError, render_pdf
from kam.scoping import principal, signed_in
from portfolio import matrix
from portfolio import matrix_picture as drawing
from portfolio.filters.matrix import SHARED, MatrixFilter
from portfolio.matrix import Window
from portfolio.models import CellText
from portfolio.nights import read_night

#: Everything that the address of the matrix may hold beside its filters.
OWN = ("night", "size", "colour", "x", "y", "trail")
ROWS = 25
#: Accounts that the PDF lists; the rest are named as a number.
LISTED = 40
BY_REVENUE = (Key("revenue", nullable=True, descending=True), Key("id", descending=True))


@dataclass
class Asked:
    """What the address asks for, and what it leads to; made once for each request."""

    request: HttpRequest

    @property
    def user(self) -> Any:
        return signed_in(self.request)

    @cached_property
    def night(self) -> date | None:
        return read_night(self.request.GET.get("night", ""))

    @cached_property
    def window(self) -> Window:
        return Window(self._range("x"), self._range("y"))

    def _range(self, name: str) -> matrix.Range:
        text = self.request.GET.get(name, "")
        if not text:
            return matrix.WHOLE
        try:
            low, high = (Decimal(part) for part in text.split("-"))
            if 0 <= low < high <= 100 and high - low >= Decimal("0.01"):
                return low, high
        except (ValueError, InvalidOperation):
            pass
        raise BadRequest(_("A range is two numbers from 0 to 100, such as 20-40."))

    @cached_property
    def run(self) -> Any:
        return matrix.run_on(self.user, self.night)

    @cached_property
    def as_of(self) -> date | None:
        """The night of the past that is shown; ``None`` for the newest."""
        return self.run.night if self.night is not None and self.run else None

    @cached_property
    def filterset(self) -> MatrixFilter:
        scores = matrix.scores_on(self.user, self.run, newest=self.night is None)
        return MatrixFilter(
            self.request.GET, queryset=scores, request=self.request, night=self.as_of
        )

    @property
    def rows(self) -> Any:
        return self.filterset.qs

    @cached_property
    def schemes(self) -> Any:
        return matrix.schemes(self.user)

    @cached_property
    def look(self) -> drawing.Look:
        size = self.request.GET.get("size", "revenue")
        colour = self.request.GET.get("colour", "none")
        scheme = None
        if colour.startswith("scheme-") and colour[7:].isdecimal() and len(colour) < 20:
            scheme = int(colour[7:])
        known = colour in ("none", "cell", "key") or scheme in self.schemes
        return drawing.Look(
            size if size in matrix.SIZES else "revenue",
            colour if known else "none",
            scheme if known else None,
        )

    @cached_property
    def trail(self) -> int | None:
        text = self.request.GET.get("trail", "")
        return int(text) if text.isdecimal() and len(text) < 19 else None

    def query(self, **changes: Any) -> str:
        """The address' query with some parts changed (None takes away)."""
        kept = QueryDict(mutable=True)
        for name in (*MatrixFilter.base_filters, *OWN):
            value = changes[name] if name in changes else self.request.GET.get(name)
            if value not in (None, ""):
                kept[name] = str(value)
        return kept.urlencode()

    def link(self, **changes: Any) -> str:
        query = self.query(**changes)
        return reverse("portfolio:matrix") + (f"?{query}" if query else "")

    def zoom(self, window: Window) -> str:
        """Into a square; where it holds what cannot be told apart, its accounts."""
        rest, place = self._elsewhere
        ranges = f"x={_range_text(window.x)}&y={_range_text(window.y)}"
        return f"{place}?{rest}{ranges}" + ("#accounts" if self.window.finest else "")

    @cached_property
    def _elsewhere(self) -> tuple[str, str]:
        """The address without a window: its query, ready to go on, and its path."""
        rest = self.query(x=None, y=None)
        return (f"{rest}&" if rest else ""), reverse("portfolio:matrix")

    def out(self) -> str:
        """One step back out of a square."""
        x, y = self.window.x, self.window.y
        if x[1] - x[0] >= 10 and y[1] - y[0] >= 10:
            return self.link(x=None, y=None)
        return self.link(x=_range_text(_wider(x)), y=_range_text(_wider(y)))

    def accounts_query(self) -> str:
        """What of the filters the list of accounts knows, too."""
        kept = QueryDict(mutable=True)
        for name in SHARED:
            if value := self.request.GET.get(name):
                kept[name] = value
        return kept.urlencode()


def _range_text(ends: matrix.Range) -> str:
    return "-".join(f"{end.normalize():f}" for end in ends)


def _wider(ends: matrix.Range) -> matrix.Range:
    step = (ends[1] - ends[0]) * matrix.SQUARES
    low = (ends[0] / step).to_integral_value(rounding="ROUND_FLOOR") * step
    return max(low, Decimal(0)), min(low + step, Decimal(100))


def shown(asked: Asked) -> dict[str, Any]:
    """Picture and cells, for the page and the PDF (grid, bubbles, schemes, texts, trail)."""
    window, look, currency = asked.window, asked.look, Company.current().currency
    found = matrix.kept_grid(asked.user, asked.rows, window, asked.run)
    alone = matrix.shown_alone(found)
    _name, segments = asked.schemes.get(look.scheme, ("", [])) if look.scheme else ("", [])
    single = matrix.bubbles(asked.rows, window, alone, scheme=look.scheme, night=asked.as_of)
    styles = drawing.styles_of(segments)
    drawn = [drawing.account_bubble(row, look, currency, styles) for row in single]
    if alone is not None:
        drawn += drawing.clusters(found.squares, currency, asked.zoom)
    way = matrix.trail(asked.user, asked.trail) if asked.trail is not None else []
    texts = matrix.cell_texts(asked.user)
    unplaced = found.cells.get("", matrix.Sums())
    return {
        "run": asked.run,
        "version": asked.run.criteria_version,
        "bubbles": drawn,
        "ground": drawing.ground(asked.run.criteria_version, window),
        "message": drawing.message(found, window),
        "key": drawing.key_of(look, segments),
        "size_word": drawing.SIZE_WORDS[look.size] if look.size != "none" else "",
        "trail": drawing.steps_of(way),
        "trail_of": way[0].account if way else None,
        "cells": drawing.cell_rows(found, texts, lambda cell: asked.link(cell=cell)),
        "unplaced": unplaced,
        "total": found.total,
        "unrated": drawing.unrated_words(found.total.unrated),
        "inside": found.inside,
        "currency": currency,
        "window": window,
    }


@login_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The matrix with its cells; the accounts stand in a panel of their own."""
    asked = Asked(request)
    if asked.run is None:
        nothing = {"before": asked.night, "title": _("Matrix")}
        return render(request, "portfolio/matrix/empty.html", nothing)
    if "filters" in request.GET:
        return _filters(asked)
    person = principal(request.user)
    context: dict[str, Any] = {
        **shown(asked),
        "asked": asked,
        "look": asked.look,
        "sizes": [(name, drawing.SIZE_WORDS[name]) for name in matrix.SIZES],
        "colours": [
            ("none", _("None")),
            ("cell", _("Cell")),
            ("key", _("Key account")),
            *((f"scheme-{pk}", name) for pk, (name, _segments) in asked.schemes.items()),
        ],
        "chips": _chips(asked),
        "errors": [e for errors in asked.filterset.form.errors.values() for e in errors],
        "kept": [(n, request.GET[n]) for n in _kept_names(request)],
        "query": asked.query(),
        "out": "" if asked.window.whole else asked.out(),
        "trail_off": asked.link(trail=None),
        "whole_url": asked.link(x=None, y=None),
        "accounts_url": reverse("portfolio:matrix_accounts") + f"?{asked.query()}",
        "list_url": reverse("accounts:list") + f"?{asked.accounts_query()}",
        "pdf_url": reverse("portfolio:matrix_pdf") + f"?{asked.query()}",
        "may_edit": _keeps(request),
        "mine_url": asked.link(owner=person.email if person else None),
    }
    return render(request, "portfolio/matrix/page.html", context)


def _kept_names(request: HttpRequest) -> list[str]:
    names = (*MatrixFilter.base_filters, "x", "y", "trail")
    return [name for name in names if request.GET.get(name)]


def _keeps(request: HttpRequest) -> bool:
    user = request.user
    return bool(user.is_authenticated and user.is_administrator and not user.read_only)


def _chips(asked: Asked) -> list[dict[str, Any]]:
    """The filters in force, each with the address without it."""
    form = asked.filterset.form
    found: list[dict[str, Any]] = []
    if not form.is_valid():
        return found
    for name, form_field in form.fields.items():
        value = form.cleaned_data.get(name)
        if value in (None, ""):
            continue
        choices = {} if hasattr(form_field, "queryset") else dict(form_field.choices)
        text = str(choices.get(value, value))
        found.append({"label": form_field.label, "value": text, "url": asked.link(**{name: None})})
    return found


def _filters(asked: Asked) -> HttpResponse:
    """The filters: inside the page, or a page of their own."""
    form = asked.filterset.form
    context = {
        "title": _("Matrix"),
        "fields": list(form),
        "all_fields": list(form),
        "kept": [(n, asked.request.GET[n]) for n in OWN if asked.request.GET.get(n)],
        "back_url": asked.link(),
    }
    return htmx.render(
        asked.request,
        "portfolio/matrix/filters.html",
        context,
        fragment="kam/listing/filter_fields.html",
    )


@login_required
@require_safe
def accounts(request: HttpRequest) -> HttpResponse:
    """The accounts of the matrix as a table, largest revenue first."""
    asked = Asked(request)
    if asked.run is None:
        return redirect("portfolio:matrix")
    rows = asked.rows if asked.window.whole else asked.rows.filter(asked.window.q())
    found = key_page(
        rows,
        BY_REVENUE,
        after=request.GET.get("after"),
        before=request.GET.get("before"),
        size=ROWS,
        fetch=lambda queryset: queryset.select_related("account", "owner").defer(
            "raw", "as_of", "values", "account__description"
        ),
    )
    count, capped = len(found.rows), False
    if found.previous or found.next:
        count, capped = capped_count(rows)
    context = {
        "rows": [{"score": row, "trail": asked.link(trail=row.account_id)} for row in found.rows],
        "page": Page(found.rows, found.previous, found.next, count, capped),
        "currency": Company.current().currency,
        "matrix_url": asked.link(),
        "night": asked.run.night,
    }
    return htmx.render(
        request,
        "portfolio/matrix/accounts_page.html",
        context,
        fragment="portfolio/matrix/_accounts.html",
    )


@login_required
@require_safe
def pdf(request: HttpRequest) -> HttpResponse:
    """The same picture as PDF, with the cells and the largest accounts."""
    asked = Asked(request)
    if asked.run is None:
        messages.error(request, _("There are no scores yet."))
        return redirect("portfolio:matrix")
    rows = asked.rows if asked.window.whole else asked.rows.filter(asked.window.q())
    listed = key_page(
        rows, BY_REVENUE, size=LISTED, fetch=lambda queryset: queryset.select_related("account")
    ).rows
    context = {**shown(asked), "rows": listed}
    filters = [(chip["label"], chip["value"]) for chip in _chips(asked)] or [
        (_("Filter"), _("none: all accounts that %(name)s sees") % {"name": request.user})
    ]
    try:
        made = render_pdf(
            "portfolio/matrix/report.html",
            context,
            title=_("Portfolio matrix"),
            author=str(request.user),
            company=Company.current().name,
            period=_("Night of %(night)s")
            % {"night": date_format(asked.run.night, "SHORT_DATE_FORMAT")},
            as_of=asked.run.night,
            filters=[*filters, (_("Criteria"), asked.run.criteria_version.name)],
        )
    except ReportError as error:
        messages.error(request, str(error))
        return redirect(asked.link())
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="matrix-{asked.run.night}.pdf"'
    return response


class CellTextForm(RowForm):
    class Meta:
        model = CellText
        fields = ("goal", "treatment", "contact_rhythm", "resource_share")


class EditCellText(InPlace):
    """What the company does with the accounts of a cell; kept by administrators."""

    model = CellText
    form_class = CellTextForm
    fields = ("goal", "treatment", "contact_rhythm", "resource_share")
    route = "portfolio:cell_edit"

    @classmethod
    def row_url(cls, row: Any) -> str:
        return reverse("portfolio:matrix")


cell_edit = EditCellText.as_view()
