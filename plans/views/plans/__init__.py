"""Account plans: lists, a new one, the page of one, its texts, and an account's plans."""

from plans.views.plans.account_panel import account_plans
from plans.views.plans.creation import create
from plans.views.plans.lists import PlanList, UnplannedList
from plans.views.plans.page import detail, why
from plans.views.plans.texts import EditPlan, EditSection

__all__ = [
    "EditPlan",
    "EditSection",
    "PlanList",
    "UnplannedList",
    "account_plans",
    "create",
    "detail",
    "why",
]
