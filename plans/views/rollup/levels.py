"""The pages of the company and of teams, and the way to a person's own top."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from kam.periods import FiscalYear, company_today
from kam.scoping import principal
from plans.rollup_pictures import bullet_of, trend_of
from plans.rollup_scope import scope_of
from plans.rollups import Node
from plans.views.rollup.addresses import address, asked_year
from plans.views.rollup.figures import label_of, node_context


@login_required
@require_safe
def rollup(request: HttpRequest) -> HttpResponse:
    """The person's own top: the company, their teams, or their portfolio."""
    scope, year = scope_of(request.user), asked_year(request)
    if scope.sees_all:
        return redirect(address("company", None, year))
    person = principal(request.user)
    node = scope.node("own", None, year, company_today())
    teams = [part for part in node.parts if part.kind == "team"]
    if not teams:
        return redirect(address("kam", person.pk, year))  # type: ignore[union-attr]
    if len(node.parts) == 1:
        return redirect(address("team", teams[0].pk, year))
    return _node_page(request, node, year)


@login_required
@require_safe
def company(request: HttpRequest) -> HttpResponse:
    """The whole company: top teams, people outside the teams, accounts without an owner."""
    return _level(request, "company", None)


@login_required
@require_safe
def team(request: HttpRequest, pk: int) -> HttpResponse:
    """One team: its sub-teams and members."""
    return _level(request, "team", pk)


def _level(request: HttpRequest, level: str, pk: int | None) -> HttpResponse:
    year = asked_year(request)
    node = scope_of(request.user).node(level, pk, year, company_today())
    return _node_page(request, node, year)


def _node_page(request: HttpRequest, node: Node, year: FiscalYear) -> HttpResponse:
    rows = [
        {
            "part": part,
            "label": label_of(part),
            "url": address(part.kind, part.pk, year),
            "bullet": bullet_of(part.figures.year),
            "trend": trend_of(part.figures.year),
            "missing": part.figures.missing,
        }
        for part in (() if node.fresh.nothing_yet else node.parts)
    ]
    return render(request, "plans/rollup/node.html", node_context(node, year) | {"rows": rows})
