"""A plan's state as a shape and a word."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

from plans.models import AccountPlan

Status = AccountPlan.Status
BADGES = {
    Status.DRAFT: "draft",
    Status.SUBMITTED: "active",
    Status.RETURNED: "warn",
    Status.APPROVED: "good",
    Status.ACTIVE: "good",
    Status.AMENDING: "warn",
    Status.CLOSED: "",
}


def badge_of(plan: AccountPlan) -> str:
    """The kind of badge that stands for the plan's state."""
    return BADGES[Status(plan.status)]


def state_badge(plan: AccountPlan) -> SafeString:
    """The plan's state as a shape and a word."""
    kind = badge_of(plan)
    return format_html(
        '<span class="badge{}">{}</span>',
        f" badge--{kind}" if kind else "",
        plan.get_status_display(),
    )
