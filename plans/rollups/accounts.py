"""Below the portfolio: single accounts, read from their facts, targets and plans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, TypedDict

from django.db import connection
from django.db.models import Count, OuterRef, QuerySet, Subquery

from accounts.models import Account
from kam.periods import FiscalYear
from plans.models import AccountPlan, Activity, AgreedMonth
from plans.rollups.figures import Figures
from plans.rollups.sheet import Sheet, sheet_for

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

SUBSIDIARIES_SHOWN = 200

_ACCOUNT_MONTHS = f"""
    SELECT f.account_id, f.month, f.currency, sum(f.revenue), sum(f.revenue - f.cost),
           0::numeric, 0::numeric, 0::numeric
      FROM accounts_salesfact f
     WHERE f.account_id = ANY(%(accounts)s) AND f.month >= %(first)s AND f.month < %(end)s
     GROUP BY 1, 2, 3
    UNION ALL
    SELECT p.account_id, m.month, {AgreedMonth.CURRENCY}, 0, 0, sum({AgreedMonth.REVENUE}),
           sum({AgreedMonth.MARGIN}), sum({AgreedMonth.FORECAST})
      FROM plans_accountplan p
      JOIN plans_target t ON t.plan_id = p.id
      JOIN plans_targetmonth m ON m.target_id = t.id
      {AgreedMonth.JOIN}
     WHERE p.account_id = ANY(%(accounts)s) AND p.archived_at IS NULL
       AND m.month >= %(first)s AND m.month < %(end)s AND {AgreedMonth.COUNTS}
     GROUP BY 1, 2, 3
"""  # noqa: S608 - our own names


def fill_accounts(sheet: Sheet, account_ids: Sequence[int]) -> Sheet:
    """Adds the months of these accounts from their facts and targets (one query)."""
    with connection.cursor() as cursor:
        cursor.execute(
            _ACCOUNT_MONTHS,
            {
                "accounts": list(account_ids),
                "first": sheet.year.shifted(-1).first,
                "end": sheet.year.end,
            },
        )
        for account_id, month, currency, *values in cursor.fetchall():
            sheet.add(("account", account_id), month, currency, values)
    return sheet


@dataclass(frozen=True, slots=True)
class AccountPart:
    """One account in a portfolio's table; ``plan_id`` is empty where the year has no plan."""

    account: Account
    figures: Figures
    plan_id: int | None
    plan_status: str
    open_activities: int
    late_activities: int


class PlanFacts(TypedDict):
    """What ``with_plans`` adds to an account; ``None`` where there is nothing."""

    plan_id: int | None
    plan_status: str | None
    open_activities: int | None
    late_activities: int | None


def with_plans(
    accounts: QuerySet[Account], year: FiscalYear, today: date
) -> QuerySet[WithAnnotations[Account, PlanFacts]]:
    """Adds each account's plan of the year (id, state) and its open and late activities."""
    plans = AccountPlan.objects.filter(
        account=OuterRef("pk"), year=year.year, archived_at__isnull=True
    )
    activities = Activity.objects.open().filter(
        plan__account=OuterRef("pk"), plan__year=year.year, plan__archived_at__isnull=True
    )

    def count(rows: QuerySet) -> Subquery:
        grouped = rows.order_by().values("plan__account").annotate(n=Count("pk"))
        return Subquery(grouped.values("n"))

    return accounts.annotate(
        plan_id=Subquery(plans.order_by().values("pk")[:1]),
        plan_status=Subquery(plans.order_by().values("status")[:1]),
        open_activities=count(activities),
        late_activities=count(activities.filter(due_on__lt=today)),
    )


def account_parts(
    accounts: Sequence[WithAnnotations[Account, PlanFacts]], sheet: Sheet
) -> list[AccountPart]:
    """These accounts (``with_plans``) with their own figures (one query)."""
    fill_accounts(sheet, [account.pk for account in accounts])
    return [
        AccountPart(
            account,
            sheet.figures(("account", account.pk)),
            account.plan_id,
            account.plan_status or "",
            account.open_activities or 0,
            account.late_activities or 0,
        )
        for account in accounts
    ]


@dataclass(frozen=True, slots=True)
class AccountTree:
    """An account's own figures, and the sum with its subsidiaries: never one inside the other.

    ``below``: the subsidiaries' own figures in the order of the tree, at most ``SUBSIDIARIES_SHOWN``;
    ``count``: how many there are. Archived accounts are not in.
    """

    account: Account
    currency: str
    fiscal_year: FiscalYear
    own: Figures
    together: Figures
    below: tuple[tuple[Account, Figures], ...]
    count: int


def account_tree(
    account: Account, accounts: QuerySet[Account], year: FiscalYear, today: date
) -> AccountTree:
    """The account with those of ``accounts`` that stand below it (three queries)."""
    sheet = sheet_for(year, today)
    below = list(
        accounts.filter(path__contains=[account.pk], archived_at__isnull=True)
        .exclude(pk=account.pk)
        .select_related("owner")
        .order_by("path")
    )
    fill_accounts(sheet, [account.pk, *(child.pk for child in below)])
    return AccountTree(
        account,
        sheet.currency,
        year,
        sheet.figures(("account", account.pk)),
        sheet.total(),
        tuple((c, sheet.figures(("account", c.pk))) for c in below[:SUBSIDIARIES_SHOWN]),
        len(below),
    )
