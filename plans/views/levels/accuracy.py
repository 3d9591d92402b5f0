"""How good the forecasts of a company, team or KAM were, month by month, and the lines behind it."""

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
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from kam.models import Company
from kam.money import rates_for, rounded
from kam.number_text import amount, percent, signed, signed_percent
from kam.periods import add_months, company_today, fiscal_year_of, month_of
from kam.pictures.monthly import Month
from plans.calc import ForecastAccuracy
from plans.rollup_scope import Scope, scope_of
from plans.rollups import accuracy as found_out
from plans.rollups.accuracy import LevelAccuracy, PartAccuracy
from plans.services.forecasts import LEADS
from plans.views.rollup.addresses import address

LEVELS = ("company", "own", "team", "kam")


def asked_lead(request: HttpRequest) -> int:
    """``?lead=``: how many months ahead; one without."""
    text = request.GET.get("lead", "1")
    if text not in {str(lead) for lead in LEADS}:
        raise BadRequest(_("Accuracy is told for 1 or 3 months ahead."))
    return int(text)


def _asked_month(request: HttpRequest, today: date) -> date | None:
    text = request.GET.get("month", "")
    if not text:
        return None
    first = month_of(today)
    for back in range(1, found_out.SHOWN + 1):
        if f"{add_months(first, -back):%Y-%m}" == text:
            return add_months(first, -back)
    raise BadRequest(_("The month is none of those shown."))


def accuracy_url(level: str, pk: int | None, lead: int, month: date | None = None) -> str:
    """The page of one level."""
    args = [level] if pk is None else [level, pk]
    extra = f"&month={month:%Y-%m}" if month else ""
    return reverse("plans:accuracy", args=args) + f"?lead={lead}{extra}"


def of_level(scope: Scope, level: str, pk: int | None, lead: int, today: date) -> LevelAccuracy:
    """A level's accuracy (three or four queries); 404 for what the person may not open."""
    if level not in LEVELS or (level in ("team", "kam")) != (pk is not None):
        raise Http404
    _accounts, owners = scope.accounts_of(level, pk)
    label = {"company": Company.current().name, "own": _("My teams")}.get(level)
    if label is None:
        named = scope.teams if level == "team" else scope.owners
        label = named.filter(pk=pk or 0).values_list("name", flat=True).get()
    teams = {} if level == "kam" else found_out.part_teams(scope.teams, pk)
    nobody = _("Accounts without an owner") if level == "company" else ""
    whole = PartAccuracy(level, pk, label)
    return found_out.level_accuracy(whole, owners, teams, lead, today, nobody=nobody)


@login_required
@require_safe
def accuracy(request: HttpRequest, level: str, pk: int | None = None) -> HttpResponse:
    """Forecast against actual of the last twelve months, so many months ahead."""
    scope, today, lead = scope_of(request.user), company_today(), asked_lead(request)
    month = _asked_month(request, today)
    found = of_level(scope, level, pk, lead, today)
    whole, currency = found.whole, Company.current().currency
    lines: list[found_out.ForecastLine] = []
    lines_count = 0
    if month is not None:
        accounts, owners = scope.accounts_of(level, pk)
        year = fiscal_year_of(month, Company.current().fiscal_year_start)
        lines, lines_count = found_out.forecast_lines(
            accounts, owners, month, lead, rates_for(year.year), unowned=level == "company"
        )
    context = {
        "found": found,
        "whole": whole,
        "rows": [(m, accuracy_url(level, pk, lead, m.month)) for m in reversed(whole.shown)],
        "parts": [
            (part, part.accuracy, accuracy_url(part.kind, part.pk, lead) if part.pk else "")
            for part in found.parts
        ]
        if level != "kam"
        else [],
        "figures": key_figures(whole, currency),
        "months": [
            Month(
                label=formats.date_format(m.month, "M"),
                name=formats.date_format(m.month, "F Y"),
                actual=rounded(m.actual),
                target=rounded(m.forecast),
                href=accuracy_url(level, pk, lead, m.month),
            )
            for m in whole.shown
        ],
        "message": message_of(whole.accuracy, lead),
        "leads": [
            (_lead_words(choice), accuracy_url(level, pk, choice), choice == lead)
            for choice in LEADS
        ],
        "lead": lead,
        "month": month,
        "lines": lines,
        "more_lines": lines_count > len(lines),
        "definitions": definitions(whole, currency),
        "currency": currency,
        "level": level,
        "title": _("Forecast accuracy"),
        "state": whole.label,
        "rollup_url": address(
            level, pk, fiscal_year_of(today, Company.current().fiscal_year_start)
        ),
        "crumbs": [
            {"label": _("Roll-up"), "url": reverse("plans:rollup")},
            *([{"label": whole.label, "url": accuracy_url(level, pk, lead)}] if month else []),
        ],
        "part": "plans/levels/_accuracy.html",
    }
    return render(request, "plans/levels/page.html", context)


def _lead_words(lead: int) -> str:
    return _("One month ahead") if lead == 1 else _("%(n)s months ahead") % {"n": lead}


def message_of(found: ForecastAccuracy, lead: int) -> str:
    """What the picture says, in one sentence."""
    share = found.bias_ratio
    if share is None:
        return _("Actual against what was forecast")
    words = {"share": percent(abs(share), 1), "wape": percent(found.wape, 1)}
    if abs(share) < found.wape / 4:  # type: ignore[operator]  # both have the same base
        return _("Forecasts miss by %(wape)s, in both directions alike") % words
    if share < 0:
        return _("Too much is forecast: %(share)s above what came") % words
    return _("Too little is forecast: %(share)s below what came") % words


def key_figures(whole: PartAccuracy, currency: str) -> list[dict[str, Any]]:
    """The measures of accuracy, each with its reason."""
    found = whole.accuracy

    def money(value: Any) -> str | None:
        return None if value is None else signed(value)

    return [
        {
            "label": _("Error (WAPE)"),
            "value": percent(found.wape, 1) if found.wape is not None else None,
            "note": _("%(share)s account by account") % {"share": percent(whole.account_wape, 1)}
            if whole.account_wape is not None
            else "",
            "why": "#why-wape",
        },
        {
            "label": _("Bias a month"),
            "value": money(found.bias),
            "unit": currency,
            "note": signed_percent(found.bias_ratio, 1) if found.bias_ratio is not None else "",
            "why": "#why-bias",
        },
        {
            "label": _("Mean deviation (MAD)"),
            "value": amount(found.mad) if found.mad is not None else None,
            "unit": currency,
            "why": "#why-mad",
        },
        {
            "label": _("Mean error in % (MAPE)"),
            "value": percent(found.mape, 1) if found.mape is not None else None,
            "note": ngettext(
                "%(n)s month without sales left out",
                "%(n)s months without sales left out",
                found.without_actual,
            )
            % {"n": found.without_actual}
            if found.without_actual
            else "",
            "why": "#why-mape",
        },
        {
            "label": _("Forecasts given"),
            "value": percent(whole.typed_share) if whole.typed_share is not None else None,
            "note": _("else the target counts"),
            "why": "#why-typed",
        },
    ]


def definitions(whole: PartAccuracy, currency: str) -> list[dict[str, str]]:
    """Why each number is what it is, with the numbers that it was computed from."""
    found = whole.accuracy
    count = len(found.errors)
    sizes = sum((abs(error) for error in found.errors), start=found.actual - found.actual)

    def money(value: Any) -> str:
        return f"{amount(value)} {currency}"

    return [
        {
            "id": "why-wape",
            "label": _("Error (WAPE)"),
            "text": _(
                "The sum of the months' errors, whatever their direction, divided by the sum of what "
                "came. Account by account, errors that cancel each other out count as well."
            ),
            "sum": f"{money(sizes)} ÷ {money(found.actual)} = {percent(found.wape, 1)}",
        },
        {
            "id": "why-bias",
            "label": _("Bias"),
            "text": _(
                "The mean of the errors. An error is actual less forecast: above zero, too little was "
                "forecast."
            ),
            "sum": f"({money(found.actual)} − {money(found.forecast)}) ÷ {count} = {money(found.bias)}",
        },
        {
            "id": "why-mad",
            "label": _("Mean deviation (MAD)"),
            "text": _("The mean of the errors, whatever their direction."),
            "sum": f"{money(sizes)} ÷ {count} = {money(found.mad)}",
        },
        {
            "id": "why-mape",
            "label": _("Mean error in % (MAPE)"),
            "text": _(
                "The mean of each month's error in parts of what came; months without sales are left "
                "out."
            ),
            "sum": percent(found.mape, 1),
        },
        {
            "id": "why-typed",
            "label": _("Forecasts given"),
            "text": _(
                "Of all accounts and months with a target, those for which the KAM gave a forecast. "
                "Forecasts are kept on each month's first; sales are those of the same accounts, at "
                "the year's budget rates. What has no rate is left out."
            ),
            "sum": ngettext(
                "%(n)s account month left out", "%(n)s account months left out", whole.left_out
            )
            % {"n": amount(whole.left_out)},
        },
    ]
