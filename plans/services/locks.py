"""When a plan's content stands still.

While a plan waits for a decision, its texts, targets and goals do not change, so that what is
decided on is what was read; its activities go on. What was approved (targets, and what goals aim
at) changes by amendment alone; texts, forecasts and what goals have reached stay open. A closed plan
does not change at all; nor does an archived one, or one whose account is archived.
"""

from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import Account
from plans.models import AccountPlan
from plans.services.refusals import PlanLocked

LOCKED_TEXT = frozenset({AccountPlan.Status.SUBMITTED, AccountPlan.Status.CLOSED})
LOCKED_AIMS = LOCKED_TEXT | {AccountPlan.Status.APPROVED, AccountPlan.Status.ACTIVE}
LOCKED_ACTIVITIES = frozenset({AccountPlan.Status.CLOSED})


def text_is_open(plan: AccountPlan) -> bool:
    """Whether texts, forecasts and what goals have reached may change."""
    return plan.status not in LOCKED_TEXT and _in_use(plan)


def aims_are_open(plan: AccountPlan) -> bool:
    """Whether targets, and what goals aim at, may change."""
    return plan.status not in LOCKED_AIMS and _in_use(plan)


def activities_are_open(plan: AccountPlan) -> bool:
    """Whether activities may be added and changed."""
    return plan.status not in LOCKED_ACTIVITIES and _in_use(plan)


def _in_use(plan: AccountPlan) -> bool:
    return plan.archived_at is None and plan.account.archived_at is None


def require_open_text(plan: AccountPlan) -> None:
    """Raises ``PlanLocked`` where the plan waits for a decision, is closed or archived."""
    status = _status_in_use(plan)
    _refuse_submitted(status)
    _refuse_closed(status)


def require_open_aims(plan: AccountPlan) -> None:
    """Raises ``PlanLocked`` where targets and goals stand still: also what was approved."""
    status = _status_in_use(plan)
    if status in (AccountPlan.Status.APPROVED, AccountPlan.Status.ACTIVE):
        raise PlanLocked(_("The plan is approved. Amend it to change targets and goals."))
    _refuse_submitted(status)
    _refuse_closed(status)


def require_open_activities(plan: AccountPlan) -> None:
    """Raises ``PlanLocked`` where the plan is closed or archived."""
    _refuse_closed(_status_in_use(plan))


def _status_in_use(plan: AccountPlan) -> str:
    """The state as it stands now (the row in hand may be older) of a plan that is in use, as its
    account is.

    The plan's row is held until the end of the caller's transaction: no step of its life comes
    between this look and what is written after it.
    """
    held = AccountPlan.objects.select_for_update(of=("self",), no_key=True)
    told = ("status", "archived_at", "year", "account__archived_at", "account__name")
    current = held.select_related("account").only(*told).get(pk=plan.pk)
    _refuse_archived(current.account, current.account.archived_at)
    _refuse_archived(current, current.archived_at)
    return current.status


def _refuse_submitted(status: str) -> None:
    if status == AccountPlan.Status.SUBMITTED:
        raise PlanLocked(_("The plan waits for a decision. Withdraw it to change it."))


def _refuse_closed(status: str) -> None:
    if status == AccountPlan.Status.CLOSED:
        raise PlanLocked(_("The plan is closed. Open it again to change it."))


def account_in_use(account: Account) -> None:
    """Raises ``PlanLocked`` for an archived account; else it is not archived before the end of the
    transaction."""
    locked = Account.objects.select_for_update(of=("self",), no_key=True).get(pk=account.pk)
    _refuse_archived(locked, locked.archived_at)


def _refuse_archived(what: object, archived_at: datetime | None) -> None:
    if archived_at is not None:
        raise PlanLocked(_("%(plan)s is archived. Restore it first.") % {"plan": what})
