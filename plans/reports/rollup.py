"""The report of one level of the roll-up: a KAM's portfolio, a team, the company."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from kam.periods import FiscalYear, company_today
from plans import rollups
from plans.models import AccountPlan
from plans.reports.head import Prepared, file_name, head
from plans.reports.level import level_content
from plans.rollup_pictures import activity_rows, bullet_of, message_of, months_of
from plans.rollup_scope import Scope, scope_of
from plans.rollup_text import definitions, freshness_words
from plans.rollups import Node, Part

#: How many accounts a report lists at most; the rest are named as a number.
ACCOUNTS_LISTED = 2_000


def rollup(user: Any, level: str, pk: int | None, year: FiscalYear) -> Prepared:
    scope, today = scope_of(user), company_today()
    node = scope.node(level, pk, year, today)
    teams = _teams_below(scope, node, year, today) if level in ("company", "own", "team") else []
    accounts: list[dict[str, Any]] = []
    listed = total = 0
    if level in ("kam", "unowned"):
        found, _owners = scope.accounts_of(level, pk)
        total = node.counts.accounts
        shown = list(
            rollups.with_plans(found, year, today).order_by("name", "pk")[:ACCOUNTS_LISTED]
        )
        listed = len(shown)
        states = dict(AccountPlan.Status.choices)
        sheet = rollups.Sheet(year, year.closed_months(today), node.rates)
        accounts = [
            {
                "part": part,
                "bullet": bullet_of(part.figures.year),
                "status": states.get(part.plan_status),
            }
            for part in rollups.account_parts(shown, sheet)
        ]
    titles = {
        "company": _("Company plan"),
        "own": _("Plans of my teams"),
        "team": _("Team plan"),
        "kam": _("Portfolio plan"),
        "unowned": _("Accounts without an owner"),
    }
    subject = "" if level == "unowned" else node.label
    context = {
        "node": node,
        "currency": node.currency,
        "year": year,
        "last_year": year.shifted(-1),
        "months": months_of(node.figures.year),
        "message": message_of(node.figures.year),
        "bullet": bullet_of(node.figures.year),
        "parts": [_part_row(part) for part in node.parts],
        "level": level_content(scope, node),
        "coverage": activity_rows(node, lambda part: _part_row(part)["label"]),
        "teams": teams,
        "accounts": accounts,
        "listed": listed,
        "total": max(total, listed),
        "definitions": definitions(node.figures, node.counts, node.currency, year),
        "freshness": freshness_words(node),
        "rates": node.rates[year.year].known,
    }
    filters = [
        (_("Filter"), _("none: all accounts in use")),
        (_("Amounts"), _("%(currency)s at budget rates") % {"currency": node.currency}),
    ]
    if node.above:
        filters.append((_("Part of"), " › ".join(name for _pk, name in node.above)))
    return Prepared(
        "plans/reports/rollup.html",
        context,
        head(user, titles[level], subject, year, filters, [subject] if subject else []),
        len(accounts) + len(node.parts) + sum(len(team["parts"]) for team in teams),
        file_name(level, subject, year),
    )


def _teams_below(scope: Scope, node: Node, year: FiscalYear, today: date) -> list[dict[str, Any]]:
    """The next level of each team, as a table of its own."""
    return [
        {"node": below, "parts": [_part_row(part) for part in below.parts]}
        for part in node.parts
        if part.kind == "team"
        for below in [scope.node("team", part.pk, year, today)]
    ]


def _part_row(part: Part) -> dict[str, Any]:
    return {
        "part": part,
        "label": _("Accounts without an owner") if part.kind == "unowned" else part.label,
        "bullet": bullet_of(part.figures.year),
    }
