"""A portfolio's page: one person's accounts, or those that nobody owns."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kam.listing import Key, key_page
from kam.periods import FiscalYear, company_today
from kam.scoping import principal
from plans import rollups
from plans.models import AccountPlan
from plans.rollup_pictures import bullet_of
from plans.rollup_scope import Scope, scope_of
from plans.rollups import Node
from plans.views.rollup.addresses import address, asked_year
from plans.views.rollup.figures import node_context

#: Accounts on a page: each row draws its bar, and a page stays light.
ACCOUNTS_SHOWN = 25
BY_NAME = (Key("name"), Key("id"))
STATUS_KIND = {"draft": "draft", "submitted": "active", "returned": "warn",
    "approved": "good", "active": "good", "amending": "warn"}  # fmt: skip


@login_required
@require_safe
def kam(request: HttpRequest, pk: int) -> HttpResponse:
    """One person's portfolio, account by account."""
    return _portfolio(request, "kam", pk)


@login_required
@require_safe
def unowned(request: HttpRequest) -> HttpResponse:
    """The accounts that nobody owns."""
    return _portfolio(request, "unowned", None)


def _portfolio(request: HttpRequest, level: str, pk: int | None) -> HttpResponse:
    year, today, scope = asked_year(request), company_today(), scope_of(request.user)
    node, team_of = _portfolio_node(scope, level, pk, year, today)
    # The owner was asked for in the scope; what they own is seen by whoever may open their figures.
    accounts = scope.accounts().filter(owner=pk) if pk else scope.accounts().unowned()
    only = request.GET.get("plan", "")
    found = rollups.with_plans(accounts, year, today)
    if only == "none":
        found = found.filter(plan_id__isnull=True)
    page = key_page(
        found,
        BY_NAME,
        after=request.GET.get("after"),
        before=request.GET.get("before"),
        size=ACCOUNTS_SHOWN,
    )
    sheet = rollups.Sheet(year, year.closed_months(today), node.rates)
    states = dict(AccountPlan.Status.choices)
    rows = [
        {
            "part": part,
            "bullet": bullet_of(part.figures.year),
            "status": states.get(part.plan_status),
            "status_kind": STATUS_KIND.get(part.plan_status, ""),
            "url": address("account", part.account.pk, year),
        }
        for part in rollups.account_parts(page.rows, sheet)
    ]
    context = node_context(node, year, team_of=team_of)
    return render(
        request,
        "plans/rollup/portfolio.html",
        context | {"rows": rows, "page": page, "only": only},
    )


def _portfolio_node(
    scope: Scope, level: str, pk: int | None, year: FiscalYear, today: date
) -> tuple[Node, Any]:
    if level == "unowned":
        return scope.node("unowned", None, year, today), None
    owner = scope.owner(pk)
    shows_team = scope.sees_all or owner.pk != principal(scope.user).pk  # type: ignore[union-attr]
    return rollups.portfolio(owner, year, today), owner.team if shows_team else None
