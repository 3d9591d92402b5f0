"""Baseline against now: what was approved, what is, and what the difference is made of.

The product's own split, named on the page. Of each product line in the closed months: actual revenue
− approved target. Where both volumes are known the difference is split into volume (volume difference
× approved price) and price (price difference × actual volume); the rest has no such parts. The
currency plays no part: both are in the plan's currency at the year's budget rate.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from kam.money import rates_for
from kam.periods import company_today
from plans.calc import split_difference
from plans.models import AccountPlan
from plans.phasing import folded
from plans.selectors import plan_year, sales_of

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Variance:
    """One product line: approved and actual revenue to date, and the parts of the difference.

    ``by_volume`` and ``by_price`` are ``None`` where a volume is missing. Amounts in plan currency.
    """

    name: str
    approved: Decimal
    actual: Decimal
    by_volume: Decimal | None = None
    by_price: Decimal | None = None

    @property
    def difference(self) -> Decimal:
        return self.actual - self.approved


def variances_of(plan: AccountPlan, content: Mapping[str, Any]) -> list[Variance]:
    """The closed months' variances of each line against a snapshot, the largest first."""
    year = plan_year(plan)
    closed = year.closed_months(company_today())
    months = [month.isoformat() for month in list(year.months())[:closed]]
    sales = sales_of(plan.account_id, [year], plan.currency, rates_for(plan.year))[year.year]
    lines = [target["line"] for target in content["targets"]]
    sold = folded(sales.lines, lines)
    found = []
    for target in content["targets"]:
        amounts = [target["months"][m] for m in months if m in target["months"]]
        revenue, volume = (sum((Decimal(a[at]) for a in amounts), ZERO) for at in (0, 2))
        row = sold.get(target["line"])
        actual = sum(row.revenue[:closed], ZERO) if row else ZERO
        actual_volume = sum(row.volume[:closed], ZERO) if row else ZERO
        parts = split_difference(revenue, volume, actual, actual_volume)
        found.append(Variance(target["name"], revenue, actual, *(parts or (None, None))))
    rest = sold.get(None)
    if rest is not None and any(rest.revenue[:closed]):
        found.append(Variance(_("Lines without a target"), ZERO, sum(rest.revenue[:closed], ZERO)))
    return sorted(found, key=lambda v: -abs(v.difference))
