"""The roll-up: account → KAM's portfolio → team (any depth) → company, in the company's currency.

Functions take scoped querysets (owners and teams whose figures may be shown) and a fiscal year, never
a user. Down to the portfolio they read the prepared figures (``plans.models.rollup``), so they cost the
same however many accounts there are; below it they read the facts and targets of one page of accounts.

Each amount is converted at the budget rate of the fiscal year that it lies in. What has no rate is in
no sum and is named (``Figures.missing``). A team's sum is the sum of its members and sub-teams as the
tree stands today; an account counts where its owner is today.
"""

from plans.rollups.accounts import (
    AccountPart,
    AccountTree,
    account_parts,
    account_tree,
    fill_accounts,
    with_plans,
)
from plans.rollups.figures import Counts, Figures, Missing
from plans.rollups.levels import Node, Part, portfolio, team, top, unowned
from plans.rollups.prepared import Freshness, sums
from plans.rollups.sheet import Sheet, sheet_for

__all__ = [
    "AccountPart",
    "AccountTree",
    "Counts",
    "Figures",
    "Freshness",
    "Missing",
    "Node",
    "Part",
    "Sheet",
    "account_parts",
    "account_tree",
    "fill_accounts",
    "portfolio",
    "sheet_for",
    "sums",
    "team",
    "top",
    "unowned",
    "with_plans",
]
