"""What KAMs have promised for a year: the portfolio's what-if asks here how far a loss sets them back."""

from collections.abc import Collection, Mapping
from decimal import Decimal

from django.db.models import Sum

from kam.money import ZERO, rates_for
from kam.periods import FiscalYear
from plans.models import PortfolioMonth
from portfolio import loss


@loss.targets_from
def revenue_targets(owners: Collection[int], year: FiscalYear) -> Mapping[int, Decimal | None]:
    """Revenue targets of a fiscal year by KAM, in company currency, as rolled up (one query).

    ``None`` where a part of the target has no budget rate: a share of the rest would mislead.
    """
    rates = rates_for(year.year)
    found: dict[int, Decimal | None] = {}
    rows = (
        PortfolioMonth.objects.filter(owner__in=owners, month__gte=year.first, month__lt=year.end)
        .exclude(target_revenue=0)
        .order_by()
        .values_list("owner", "currency")
        .annotate(Sum("target_revenue"))
    )
    for owner, currency, target in rows:
        rate, sofar = rates.rate(currency), found.get(owner, ZERO)
        found[owner] = None if rate is None or sofar is None else sofar + target * rate
    return found
