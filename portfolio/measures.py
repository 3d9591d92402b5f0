"""What can be measured about an account: each measure's meaning, unit, source and SQL.

The expressions stand over the rows that ``portfolio.services.scoring`` gathers: ``b`` the account,
``s`` its sales of the period (twelve closed months), ``e`` its estimates, ``h`` its hours, ``c`` its
other costs to serve. Amounts are in company currency at each fiscal year's budget rate; an amount
that needs a missing rate makes the measure unknown, never smaller.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

MONEY, PERCENT, COUNT, HOURS, YEARS, POINTS = "money", "percent", "count", "hours", "years", "1–5"

_REVENUE = "CASE WHEN s.no_rate THEN NULL ELSE coalesce(s.revenue, 0) END"
_CONTRIBUTION = (
    "CASE WHEN s.no_rate OR c.no_rate THEN NULL ELSE coalesce(s.revenue, 0) - coalesce(s.cost, 0)"
    " - coalesce(h.hours, 0) * %(hourly_cost)s - coalesce(c.amount, 0) END"
)
_PERIOD, _ESTIMATES, _ACCOUNT = "%(last_day)s::date", "e.as_of", "b.changed_on"


@dataclass(frozen=True, slots=True)
class Measure:
    """One measurable fact: ``sql`` gives its value (or NULL), ``dated`` the date it is as of."""

    code: str
    label: Any
    unit: str
    source: Any
    sql: str
    dated: str = _PERIOD


_SALES = _("Sales facts of the twelve closed months")
_RECORD = _("The account's record")
_ESTIMATED = _("Wallet and potential per product line")
_COSTED = _("Sales facts, hours at the cost of an hour, other costs to serve")

MEASURES: Mapping[str, Measure] = {
    measure.code: measure
    for measure in (
        Measure("revenue_12m", _("Revenue, twelve months"), MONEY, _SALES, _REVENUE),
        Measure(
            "contribution_12m", _("Contribution, twelve months"), MONEY, _COSTED, _CONTRIBUTION
        ),
        Measure(
            "contribution_margin",
            _("Contribution margin"),
            PERCENT,
            _COSTED,
            f"CASE WHEN s.revenue > 0 THEN 100 * ({_CONTRIBUTION}) / s.revenue END",
        ),
        Measure(
            "growth",
            _("Growth on the twelve months before"),
            PERCENT,
            _("Sales facts of two times twelve closed months"),
            "CASE WHEN s.before > 0 AND NOT s.no_rate AND NOT s.no_rate_before"
            " THEN 100 * (coalesce(s.revenue, 0) - s.before) / s.before END",
        ),
        Measure(
            "attainable_revenue",
            _("Potential: attainable revenue a year"),
            MONEY,
            _ESTIMATED,
            "CASE WHEN e.no_rate THEN NULL ELSE e.potential END",
            _ESTIMATES,
        ),
        Measure(
            "white_space",
            _("White space: wallet not yet ours"),
            MONEY,
            _ESTIMATED,
            "CASE WHEN e.no_rate THEN NULL ELSE e.wallet - e.own_of_wallet END",
            _ESTIMATES,
        ),
        Measure(
            "share_of_wallet",
            _("Share of wallet"),
            PERCENT,
            _ESTIMATED,
            "CASE WHEN e.wallet > 0 AND NOT e.no_rate THEN 100 * e.own_of_wallet / e.wallet END",
            _ESTIMATES,
        ),
        Measure(
            "improvement_potential",
            _("Improvement potential: (attainable − present, at least 0) × chance"),
            MONEY,
            _ESTIMATED,
            "CASE WHEN e.no_rate THEN NULL ELSE e.improvement END",
            _ESTIMATES,
        ),
        Measure(
            "lines_bought",
            _("Product lines bought"),
            COUNT,
            _SALES,
            "coalesce(s.lines, 0)",
        ),
        Measure(
            "penetration",
            _("Penetration: product lines bought of those offered"),
            PERCENT,
            _SALES,
            "100.0 * coalesce(s.lines, 0) / nullif(%(offered)s, 0)",
        ),
        Measure("employees", _("Employees"), COUNT, _RECORD, "b.employees", _ACCOUNT),
        Measure(
            "customer_revenue",
            _("Customer's own revenue"),
            MONEY,
            _RECORD,
            "b.customer_revenue",
            _ACCOUNT,
        ),
        Measure(
            "years_customer",
            _("Years as a customer"),
            YEARS,
            _("The first sales fact"),
            "(%(end)s::date - b.first_month) / 365.25",
        ),
        Measure(
            "months_bought",
            _("Months with purchases, of twelve"),
            COUNT,
            _SALES,
            "coalesce(s.months, 0)",
        ),
        Measure(
            "hours_12m",
            _("Hours spent, twelve months"),
            HOURS,
            _("Hours entered"),
            "coalesce(h.hours, 0)",
        ),
        Measure(
            "return_per_hour",
            _("Contribution for each hour"),
            MONEY,
            _COSTED,
            f"({_CONTRIBUTION}) / nullif(h.hours, 0)",
        ),
    )
}
