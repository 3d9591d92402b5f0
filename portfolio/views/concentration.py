"""Concentration: how far a portfolio hangs on few customers, and what their loss would mean."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_safe

from accounts.models import Account
from kam import htmx
from kam.editing import fetch_visible
from kam.models import Company
from kam.number_text import amount, fitting, percent
from kam.periods import FiscalYear, company_today, company_year
from kam.scoping import signed_in
from portfolio import concentration as figures
from portfolio import concentration_text as words
from portfolio import loss
from portfolio import white_space as openings
from portfolio.filters.concentration import ConcentrationFilter
from portfolio.models import PortfolioSettings


class Asked:
    """What the address asks for; made once for each request."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.user: Any = signed_in(request)
        self.year = _year(request)
        self.filterset = ConcentrationFilter(
            request.GET, queryset=Account.objects.visible_to(self.user), request=request
        )

    @property
    def filtered(self) -> bool:
        return any(self.request.GET.get(name) for name in self.filterset.filters)

    @cached_property
    def portfolio(self) -> figures.Portfolio:
        return figures.Portfolio(self.user, self.filterset.qs if self.filtered else None)

    def query(self, **changes: Any) -> str:
        kept = QueryDict(mutable=True)
        for name in ("year", *self.filterset.filters):
            value = changes[name] if name in changes else self.request.GET.get(name)
            if value not in (None, ""):
                kept[name] = str(value)
        return kept.urlencode()

    def link(self, route: str = "portfolio:concentration", **changes: Any) -> str:
        query = self.query(**changes)
        return reverse(route) + (f"?{query}" if query else "")

    def chips(self) -> list[dict[str, Any]]:
        form = self.filterset.form
        if not self.filtered or not form.is_valid():
            return []
        found = []
        for name, form_field in form.fields.items():
            value = form.cleaned_data.get(name)
            if value in (None, ""):
                continue
            choices = {} if hasattr(form_field, "queryset") else dict(form_field.choices)
            text = str(choices.get(value, value))
            address = reverse("portfolio:concentration") + f"?{self.query(**{name: None})}"
            found.append({"label": form_field.label, "value": text, "url": address})
        return found


def _year(request: HttpRequest) -> FiscalYear:
    text = request.GET.get("year", "")
    if not text:
        return company_year()
    if not (text.isascii() and text.isdecimal() and len(text) == 4 and 1990 <= int(text) <= 2100):
        raise BadRequest(_("A year from 1990 to 2100."))
    return company_year(int(text))


@login_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The year's concentration; trend, bridge and more load as panels."""
    asked = Asked(request)
    if "filters" in request.GET:
        return _filters(asked)
    year = asked.year
    shared = year_of(asked)
    context = {
        **shared,
        "asked": asked,
        "year_before": year.year - 1 if year.year > 1990 else None,
        "year_after": year.year + 1 if year.year < 2100 else None,
        "chips": asked.chips(),
        "errors": [e for errors in asked.filterset.form.errors.values() for e in errors],
        "kept": [
            (n, request.GET[n]) for n in ("year", *asked.filterset.filters) if request.GET.get(n)
        ],
        "query": asked.query(),
        "trend_url": asked.link("portfolio:concentration_trend"),
        "bridge_url": asked.link("portfolio:concentration_bridge"),
        "whitespace_url": asked.link("portfolio:white_space"),
        "pdf_url": asked.link("portfolio:concentration_pdf"),
    }
    return render(request, "portfolio/concentration/page.html", context)


def year_of(asked: Asked) -> dict[str, Any]:
    """The year's concentration for the page and the PDF: picture, figures, the largest."""
    year = asked.year
    kept = figures.kept_year(asked.portfolio, year.year)
    found = kept.value
    settings = PortfolioSettings.current()
    currency = Company.current().currency
    names = figures.names_of(asked.user, [one.top for one in found.largest])
    closed = year.closed_months(company_today())
    return {
        "year": year,
        "found": found,
        "message": words.message(found),
        "curve": words.curve(found),
        "figures": _key_figures(found, settings, currency),
        "tops": [(top, words.ratio(share)) for top, share in found.tops.items()],
        "largest": [_customer(asked, one, names) for one in found.largest],
        "currency": currency,
        "settings": settings,
        "at": localtime(kept.at),
        "open_months": 12 - closed if closed < 12 else 0,
        "closed_months": closed,
    }


def _customer(asked: Asked, one: figures.Customer, names: dict[int, Account]) -> dict[str, Any]:
    account = names.get(one.top)
    return {
        "account": account,
        "revenue": one.revenue,
        "margin": one.margin,
        "is_key": one.is_key,
        "share": words.ratio(one.share),
        "running": words.ratio(one.running),
        "loss_url": reverse("portfolio:what_if_lost", args=[account.pk])
        + f"?year={asked.year.year}"
        if account
        else "",
    }


def _key_figures(
    found: figures.YearConcentration, settings: PortfolioSettings, currency: str
) -> list[dict[str, Any]]:
    (key, key_words), (largest, largest_words) = words.levels(found, settings)
    return [
        {
            "label": _("Revenue"),
            "value": fitting(found.total) if found.customers else None,
            "unit": currency,
            "note": ngettext("%(n)s customer", "%(n)s customers", found.customers)
            % {"n": amount(found.customers)},
            "why": "#why",
        },
        {
            "label": _("Key accounts' share"),
            "value": percent(words.ratio(found.key_share), 1) if found.customers else None,
            "note": key_words,
            "note_kind": words.KIND[key],
            "why": "#why",
        },
        {
            "label": pgettext("key figure", "Largest customer"),
            "value": percent(words.ratio(found.largest_share), 1) if found.customers else None,
            "note": largest_words,
            "note_kind": words.KIND[largest],
            "why": "#why",
        },
        {
            "label": _("HHI"),
            "value": amount(words.ratio(found.hhi * 10_000)) if found.hhi else None,
            "note": _("%(value)s on the scale of 0–1")
            % {"value": amount(words.ratio(found.hhi), 4)}
            if found.hhi
            else "",
            "why": "#why",
        },
        {
            "label": _("Effective number"),
            "value": amount(words.ratio(found.effective), 1) if found.effective else None,
            "note": _("customers of one size"),
            "why": "#why",
        },
        {
            "label": _("Gini"),
            "value": amount(words.ratio(found.gini), 3) if found.gini is not None else None,
            "note": _("0: all alike, 1: one has all"),
            "why": "#why",
        },
    ]


def _filters(asked: Asked) -> HttpResponse:
    form = asked.filterset.form
    year = asked.request.GET.get("year")
    context = {
        "title": _("Concentration"),
        "fields": list(form),
        "all_fields": list(form),
        "kept": [("year", year)] if year else [],
        "back_url": asked.link(),
    }
    return htmx.render(
        asked.request,
        "portfolio/matrix/filters.html",
        context,
        fragment="kam/listing/filter_fields.html",
    )


def _panel(asked: Asked, name: str, title: Any, context: dict[str, Any]) -> HttpResponse:
    """A panel's inside; a page of its own for everybody without script."""
    fragment = f"portfolio/concentration/_{name}.html"
    shared = {
        "panel_title": title,
        "panel_template": fragment,
        "back_url": asked.link(),
        "currency": Company.current().currency,
        "year": asked.year,
    }
    page_template = "portfolio/concentration/panel_page.html"
    return htmx.render(asked.request, page_template, {**shared, **context}, fragment=fragment)


@login_required
@require_safe
def trend(request: HttpRequest) -> HttpResponse:
    """The concentration of the last five fiscal years."""
    asked = Asked(request)
    return _panel(asked, "trend", _("Trend"), trend_of(asked))


def trend_of(asked: Asked) -> dict[str, Any]:
    """The last five fiscal years' figures, newest first, and each figure's course."""
    kept = figures.kept_trend(asked.portfolio, asked.year.year)
    rows = [
        {
            "year": asked.year.shifted(found.year - asked.year.year),
            "found": found,
            "url": asked.link(year=found.year),
            "cr1": words.ratio(found.tops.get(1)),
            "cr10": words.ratio(found.tops.get(10)),
            "key": words.ratio(found.key_share),
            "hhi": words.ratio(found.hhi * 10_000) if found.hhi else None,
            "effective": words.ratio(found.effective),
            "gini": words.ratio(found.gini),
        }
        for found in kept.value.values()
    ]
    lines = {
        name: [row[name] for row in reversed(rows)]
        for name in ("cr1", "cr10", "key", "hhi", "effective", "gini")
    }
    return {"rows": rows, "lines": lines, "at": localtime(kept.at)}


@login_required
@require_safe
def bridge(request: HttpRequest) -> HttpResponse:
    """From the year before to the year: new, growth, decline, lost; net revenue retention."""
    asked = Asked(request)
    return _panel(asked, "bridge", _("From last year to this"), bridge_to(asked))


def bridge_to(asked: Asked) -> dict[str, Any]:
    """The bridge from the year before: its picture, its steps, who was won."""
    year = asked.year
    kept = figures.kept_bridge(asked.portfolio, year.year)
    found = kept.value
    parts = words.bridge_parts(found.all, year.shifted(-1).label, year.label)
    names = [n for n, s in found.all.steps.items() if n != "corrections" or s.customers]
    return {
        "found": found,
        "parts": parts,
        "message": words.bridge_message(found.all, year.closed_months(company_today())),
        "steps": [
            (part.label, found.all.steps[name], found.key.steps[name])
            for name, part in zip(names, parts[1:-1], strict=True)
        ],
        "last_year": year.shifted(-1),
        "closed_months": year.closed_months(company_today()),
        "last_url": asked.link("portfolio:concentration_bridge", year=year.year - 1),
        "at": localtime(kept.at),
        "won": figures.won(asked.user, found),
    }


@login_required
@require_safe
def white_space(request: HttpRequest) -> HttpResponse:
    """Where more can be sold: by white space, and by improvement potential."""
    asked = Asked(request)
    found = openings.last_white_space(asked.portfolio, company_today())
    context = {"found": found, "improvable": openings.most_improvable(asked.portfolio)}
    return _panel(asked, "white_space", _("White space and cross-selling"), context)


@login_required
@require_safe
def lost(request: HttpRequest, pk: int) -> HttpResponse:
    """What the loss of this customer would mean for the portfolio and each concerned KAM."""
    account = fetch_visible(Account.objects, request.user, pk=pk)
    asked = Asked(request)
    found = loss.what_if_lost(request.user, account, asked.year)
    currency = Company.current().currency
    context = {
        "account": account,
        "found": found,
        "message": words.loss_message(found, currency),
        "currency": currency,
        "year": asked.year,
        "back_url": asked.link(),
    }
    return render(request, "portfolio/concentration/lost.html", context)
