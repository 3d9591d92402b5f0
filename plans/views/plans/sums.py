"""Targets, sales and activities of many plans at once, for lists and panels."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery, Sum

from accounts.models import AccountYear
from kam.models import BudgetRate, Company
from kam.money import Rates, Total
from kam.periods import company_today
from plans.models import AccountPlan, Activity, TargetMonth


def with_sums(plans: Any) -> Any:
    """Adds each plan's target and its open and late activities; empty where there are none."""
    months = (
        TargetMonth.objects.filter(  # unscoped: summed beside plans that the caller has scoped
            target__plan=OuterRef("pk"), target__archived_at__isnull=True
        )
        .order_by()
        .values("target__plan")
    )
    todo = (
        Activity.objects.open()  # unscoped: counted beside plans that the caller has scoped
        .filter(plan=OuterRef("pk"))
        .order_by()
        .values("plan")
        .annotate(late=Count("pk", filter=Q(due_on__lt=company_today())), open=Count("pk"))
    )
    return plans.annotate(
        target_revenue=Subquery(months.annotate(sum=Sum("revenue")).values("sum")),
        open_activities=Subquery(todo.values("open")),
        late_activities=Subquery(todo.values("late")),
    )


def sales_of_plans(plans: Iterable[AccountPlan]) -> dict[int, Decimal | None]:
    """Each plan's sales from the prepared years (two queries for all plans together)."""
    listed = list(plans)
    wanted = {(plan.account_id, plan.year) for plan in listed}
    amounts: dict[tuple[int, int], list[tuple[str, Decimal]]] = defaultdict(list)
    for row in AccountYear.objects.filter(  # unscoped: of accounts whose plans are in sight
        account__in={a for a, _y in wanted}, year__in={y for _a, y in wanted}
    ):
        amounts[row.account_id, row.year].append((row.currency, row.revenue))
    rates = _rates({plan.year for plan in listed})
    found: dict[int, Decimal | None] = {}
    for plan in listed:
        sold = amounts[plan.account_id, plan.year]
        if all(currency == plan.currency for currency, _amount in sold):
            found[plan.pk] = sum((value for _currency, value in sold), Decimal(0))
            continue
        total: Total = rates[plan.year].total(sold)
        into = rates[plan.year].rate(plan.currency)
        found[plan.pk] = total.amount / into if into and total.complete else None
    return found


def _rates(years: set[int]) -> dict[int, Rates]:
    by_year: dict[int, dict[str, Decimal]] = {year: {} for year in years}
    known = BudgetRate.objects.active().filter(year__in=years)  # unscoped: rates are everybody's
    for row in known:
        by_year[row.year][row.currency] = row.rate
    currency = Company.current().currency
    return {year: Rates(currency, rates, year) for year, rates in by_year.items()}
