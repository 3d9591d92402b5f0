"""The lines that a level's total consists of."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import SalesFact
from kam.models import Company
from kam.periods import FiscalYear, company_today
from plans import rollups
from plans.calc import ZERO
from plans.lines import fact_lines, target_lines
from plans.models import TargetMonth
from plans.rollup_scope import WITH_ID, Scope, scope_of
from plans.views.rollup.addresses import address, asked_year, lines_address
from plans.views.rollup.figures import years_context


@login_required
@require_safe
def lines(request: HttpRequest, level: str, pk: int | None = None) -> HttpResponse:
    """The rows of a total: account, product, month, amount, rate, source, date, who."""
    if (level in WITH_ID) != (pk is not None):
        raise Http404
    year, today, scope = asked_year(request), company_today(), scope_of(request.user)
    show = "targets" if request.GET.get("show") == "targets" else "sales"
    month = _asked_month(request, year)
    if level == "account":
        row = scope.accounts().filter(pk=pk or 0).first()
        if row is None:
            raise Http404
        accounts, label = scope.accounts().filter(pk=pk or 0), row.name
        sheet = rollups.fill_accounts(rollups.sheet_for(year, today), [row.pk])
        total = sheet.total()
    else:
        accounts, owners = scope.accounts_of(level, pk)
        total, sheet = rollups.sums(
            owners, year, today,
            unowned=level in ("company", "unowned"), whole=level == "company",
        )  # fmt: skip
        if level == "company":
            accounts = None
        label = {
            "company": Company.current().name,
            "own": _("My teams"),
            "unowned": _("Accounts without an owner"),
        }.get(level) or _name_of(scope, level, pk)
    ways: dict[str, Any] = {"after": request.GET.get("after"), "before": request.GET.get("before")}
    rates = sheet.rates[year.year]
    if show == "sales":
        facts = SalesFact.objects.visible_to(request.user)
        page = fact_lines(facts, accounts, year, rates, month=month, **ways)
    else:
        targets = TargetMonth.objects.visible_to(request.user)
        page = target_lines(targets, accounts, year, rates, month=month, **ways)
    months = [m for m in total.year.months if month in (None, m.month)]
    measure = "actual" if show == "sales" else "target"
    return render(
        request,
        "plans/rollup/lines.html",
        {
            "label": label,
            "level": level,
            "show": show,
            "month": month,
            "page": page,
            "total": sum((getattr(m, measure) for m in months), start=ZERO),
            "total_margin": sum((getattr(m, f"{measure}_margin") for m in months), start=ZERO),
            "missing": [m for m in total.missing if (m.measure, m.year) == (measure, year.year)]
            if month is None
            else [],
            "currency": sheet.currency,
            "back_url": address(level, pk, year),
            "tabs": [
                {
                    "label": _("Sales"),
                    "url": lines_address(level, pk, year, "sales", month),
                    "current": show == "sales",
                },
                {
                    "label": _("Targets"),
                    "url": lines_address(level, pk, year, "targets", month),
                    "current": show == "targets",
                },
            ],
            "month_links": [
                (formats.date_format(m, "M Y"), lines_address(level, pk, year, show, m), m == month)
                for m in year.months()
            ],
            "all_url": lines_address(level, pk, year, show),
            "crumbs": [
                {"label": _("Roll-up"), "url": reverse("plans:rollup") + f"?year={year.year}"},
                {"label": label, "url": address(level, pk, year)},
            ],
            **years_context(year),
        },
    )


def _name_of(scope: Scope, level: str, pk: int | None) -> str:
    people = scope.teams if level == "team" else scope.owners
    return people.filter(pk=pk or 0).values_list("name", flat=True).get()


def _asked_month(request: HttpRequest, year: FiscalYear) -> date | None:
    text = request.GET.get("month", "")
    if not text:
        return None
    for month in year.months():
        if f"{month:%Y-%m}" == text:
            return month
    raise BadRequest(_("The month does not lie in the year."))
