"""The management summary: the company (or a leader's teams) on two pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.utils.translation import gettext as _

from accounts.models import Account
from kam.money import Rates
from kam.periods import FiscalYear, company_today
from plans.calc import ratio
from plans.reports.head import Prepared, file_name, head
from plans.reports.level import level_content
from plans.rollup_pictures import bullet_of, message_of, months_of
from plans.rollup_scope import Scope, scope_of
from plans.rollup_text import freshness_words
from plans.rollups import Node, Part
from portfolio.concentration import Portfolio, kept_year
from portfolio.models import PortfolioSettings

#: Parts and deviations that two pages hold.
DEVIATIONS = 10
PARTS = 12

#: The accounts that differ most; names are looked up for these alone.
_DEVIATIONS = """
    WITH rates AS (SELECT * FROM unnest(%s::text[], %s::numeric[]) r(currency, rate)),
    reached AS (
        SELECT d.account_id, sum(d.target * r.rate) AS target, sum(d.actual * r.rate) AS actual
          FROM plans_accounttodate d JOIN rates r USING (currency)
         WHERE d.year = %s {scope}
         GROUP BY 1 HAVING bool_or(d.asked)
    ), most AS (
        SELECT * FROM reached ORDER BY abs(actual - target) DESC FETCH FIRST %s ROWS WITH TIES
    )
    SELECT m.account_id, x.name, u.name, m.target, m.actual
      FROM most m JOIN accounts_account x ON x.id = m.account_id
      LEFT JOIN kam_user u ON u.id = x.owner_id
     ORDER BY abs(m.actual - m.target) DESC, x.name LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Deviation:
    """An account's target to date against its sales to date, company currency."""

    account_id: int
    name: str
    owner: str
    target: Decimal
    actual: Decimal

    @property
    def difference(self) -> Decimal:
        return self.actual - self.target

    @property
    def pace(self) -> Decimal | None:
        return ratio(self.actual, self.target)


def management_summary(user: Any, year: FiscalYear) -> Prepared:
    """Key figures, gap, deviations, dependence, forecast and plans of what this person leads."""
    scope, today = scope_of(user), company_today()
    level = "company" if scope.sees_all else "own"
    node = scope.node(level, None, year, today)
    found = kept_year(Portfolio(user), year.year).value
    differing = deviations(scope, node)
    parts = sorted(
        _parts(scope, node, year, today), key=lambda part: -abs(part.figures.year.target)
    )
    listed = parts[:PARTS]
    context = {
        "node": node,
        "currency": node.currency,
        "year": year,
        "last_year": year.shifted(-1),
        "months": months_of(node.figures.year),
        "message": message_of(node.figures.year),
        "bullet": bullet_of(node.figures.year),
        "level": level_content(scope, node),
        "deviations": differing,
        # Where the figures have targets to date, or something waits, nothing is not "none".
        "preparing": not differing and bool(node.figures.year.target_to_date or node.fresh.waiting),
        "parts": listed,
        "more_parts": len(parts) - len(listed),
        "key_share": None if found.key_share is None else Decimal(str(found.key_share)),
        "largest_share": _largest(found),
        "key_customers": found.key_customers,
        "limits": PortfolioSettings.current(),
        "freshness": freshness_words(node),
    }
    subject = "" if level == "own" else node.label
    return Prepared(
        "plans/reports/management.html",
        context,
        head(
            user,
            _("Management summary"),
            subject,
            year,
            [(_("Amounts"), _("%(currency)s at budget rates") % {"currency": node.currency})],
            [subject] if subject else [],
        ),
        0,
        file_name("management", subject, year),
    )


def _parts(scope: Scope, node: Node, year: FiscalYear, today: date) -> list[Part]:
    """The node's parts; where all teams are in one, those of that one."""
    teams = [part for part in node.parts if part.kind == "team"]
    if len(teams) != 1:
        return list(node.parts)
    others = [part for part in node.parts if part.kind != "team"]
    return [*scope.node("team", teams[0].pk, year, today).parts, *others]


def _largest(found: Any) -> Decimal | None:
    share = found.largest_share
    return None if share is None else Decimal(str(share))


def deviations(scope: Scope, node: Node) -> list[Deviation]:
    """The accounts with a plan that differ most from their target to date (one query).

    As of when the node's figures were computed. Amounts without a budget rate are in neither.
    """
    year = node.fiscal_year.year
    rates: Rates = node.rates[year]
    known = dict(rates.known) | {rates.currency: Decimal(1)}
    mine, values = "", ()
    if not scope.sees_all:
        accounts = Account.objects.visible_to(scope.user).active().order_by().values("pk")
        try:
            inside, values = accounts.query.sql_with_params()
        except EmptyResultSet:
            return []
        mine = f"AND d.account_id IN ({inside})"
    with connection.cursor() as cursor:
        cursor.execute(
            _DEVIATIONS.format(scope=mine),
            [list(known), list(known.values()), year, *values, DEVIATIONS, DEVIATIONS],
        )
        return [
            Deviation(pk, name, owner or "", target, actual)
            for pk, name, owner, target, actual in cursor.fetchall()
        ]
