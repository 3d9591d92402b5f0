"""On an account's plan: the share of the portfolio's target that the account was given."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kam.htmx import wants_fragment
from kam.money import rates_for
from plans.calc import ZERO, change
from plans.forms import typed
from plans.models import CascadeShare
from plans.selectors import plan_year, sales_of
from plans.services.locks import aims_are_open
from plans.views.rows import crumbs_to, plan_for


@login_required
@require_safe
def offer(request: HttpRequest, pk: int) -> HttpResponse:
    """The share beside the plan's own target, and the growth that would lead to it.

    Nothing is written here: a plan without targets can have them suggested with that growth.
    """
    plan = plan_for(request.user, pk)
    share = (
        CascadeShare.objects.filter(
            account=plan.account_id, plan__year=plan.year, plan__level="kam"
        )
        .visible_to(request.user)
        .active()
        .exclude(state=CascadeShare.State.ARGUED)
        .first()
    )
    context: dict[str, Any] = {
        "plan": plan,
        "share": share,
        "title": _("Asked from above"),
        "crumbs": crumbs_to(plan),
        "part": "plans/levels/_offer.html",
    }
    if share is not None:
        context |= _beside(plan, share)
    template = "plans/levels/_offer.html" if wants_fragment(request) else "plans/panel.html"
    response = render(request, template, context)
    response["Vary"] = "HX-Request"
    return response


def _beside(plan: Any, share: CascadeShare) -> dict[str, Any]:
    """The plan's own target in company currency, and the growth on last year to the share."""
    rates = rates_for(plan.year)
    rate = rates.rate(plan.currency)
    held = (
        plan.targets.active().filter(months__archived_at__isnull=True)
        .aggregate(total=Sum("months__revenue"))["total"]
    )  # fmt: skip
    last = plan_year(plan).shifted(-1)
    sales = sales_of(plan.account_id, [last], plan.currency, rates)[last.year]
    before = sum(sales.months("revenue"), ZERO)
    growth = change(share.revenue / rate, before) if rate else None
    percent = (
        None if growth is None else (growth * 100).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    )
    target = None if held is None or rate is None else held * rate
    return {
        "target": target,
        "difference": None if target is None else target - share.revenue,
        "growth": percent,
        "growth_typed": typed(percent),
        "currency": rates.currency,
        "may_suggest": plan.editable
        and held is None
        and percent is not None
        and aims_are_open(plan),
    }
