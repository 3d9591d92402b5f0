"""A new plan, and what would become its targets."""

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import Account
from accounts.selectors import decides_on
from kam.editing import fetch_visible
from kam.money import rates_for
from kam.periods import company_year
from kam.scoping import signed_in
from plans.forms import NewPlanForm
from plans.phasing import suggested
from plans.selectors import sales_of
from plans.services import plans
from plans.services.refusals import PlanExists, PlanRefusal


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """The plan of one account for one year. GET shows what would become its targets."""
    asked = request.POST if request.method == "POST" else request.GET
    pk = asked.get("account", "")
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        return HttpResponseRedirect(reverse("plans:unplanned_list"))
    account = fetch_visible(Account.objects, request.user, pk=int(pk))
    if not decides_on(request.user, account):
        raise PermissionDenied
    start = {"year": asked.get("year") or company_year().year, "growth": Decimal(0)}
    bound = request.method == "POST" or "growth" in request.GET
    form = NewPlanForm(asked if bound else start, user=request.user)
    if request.method == "POST" and form.is_valid():
        year, growth = form.cleaned_data["year"], form.cleaned_data["growth"]
        template = form.cleaned_data["template"]
        try:
            plan = plans.make_plan(
                account, year, by=signed_in(request), growth=growth, template=template
            )
        except PlanExists as exists:
            messages.info(request, exists.sentence)
            plan = exists.plan
        except PlanRefusal as refusal:
            messages.error(request, refusal.sentence)
            return HttpResponseRedirect(account.get_absolute_url())
        else:
            messages.success(request, _("The plan is there. Go through its targets first."))
        return HttpResponseRedirect(plan.get_absolute_url())
    status = 422 if request.method == "POST" else 200
    context = {"account": account, "form": form, "crumbs": [
        {"label": _("Plans"), "url": reverse("plans:list")},
        {"label": str(account), "url": account.get_absolute_url()},
    ]}  # fmt: skip
    if form.is_valid():
        asked_for = form.cleaned_data
        context |= _suggestion(account, asked_for["year"], asked_for["growth"])
    return render(request, "plans/create.html", context, status=status)


def _suggestion(account: Account, year: int, growth: Decimal | None) -> dict[str, Any]:
    """What the targets would be: last year's lines with the growth."""
    last = company_year(year).shifted(-1)
    sales = sales_of(account.pk, [last], account.currency, rates_for(year))[last.year]
    if growth is None:
        return {"sales": sales}
    found = suggested(sales.lines, growth)
    lines = [
        {"name": sales.names.get(s.line, ""), "last_year": s.last_year, "target": s.total}
        for s in found
    ]
    return {
        "sales": sales,
        "lines": lines,
        "last_label": last.label,
        "last_total": sum((s.last_year for s in found), Decimal(0)),
        "target_total": sum((s.total for s in found), Decimal(0)),
    }
