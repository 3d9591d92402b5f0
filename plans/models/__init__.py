"""Account plans and the prepared figures of the roll-up."""

from plans.models.plan import AccountPlan, Activity, Goal, Target, TargetMonth
from plans.models.rollup import PortfolioCount, PortfolioMonth, StalePortfolio

__all__ = [
    "AccountPlan",
    "Activity",
    "Goal",
    "PortfolioCount",
    "PortfolioMonth",
    "StalePortfolio",
    "Target",
    "TargetMonth",
]
