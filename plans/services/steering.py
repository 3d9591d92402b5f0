"""Who makes a plan and leads it through its life; see ``PlanQuerySet.steered_by``."""

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Account
from plans.models import AccountPlan
from plans.services.refusals import PlanRefusal


class NotYours(PlanRefusal):
    """The step is for those who answer for the account."""


def steers(user: Any, plan: AccountPlan) -> bool:
    """Whether this person leads the plan through its life (one query)."""
    return AccountPlan.objects.steered_by(user).filter(pk=plan.pk).exists()


def require_steering(plan: AccountPlan, by: Any) -> None:
    """Raises ``NotYours`` where ``by`` does not answer for the plan's account."""
    if not steers(by, plan):
        raise _not_yours(plan.account)


def require_answering(account: Account, by: Any) -> None:
    """Raises ``NotYours`` where ``by`` does not answer for the account: its plans are not theirs to make."""
    if not Account.objects.staffed_by(by).filter(pk=account.pk).exists():
        raise _not_yours(account)


def require_reopening(plan: AccountPlan, by: Any) -> None:
    """As ``require_steering``; who decides on the plan opens it again, too."""
    if steers(by, plan) or AccountPlan.objects.approvable_by(by).filter(pk=plan.pk).exists():
        return
    raise _not_yours(plan.account)


def _not_yours(account: Account) -> NotYours:
    return NotYours(
        _("Only those who answer for %(account)s do this: its KAM, and who leads them.")
        % {"account": account}
    )
