"""The life of a plan: draft → submitted → approved or returned → … → closed.

Each step is one conditional update on the state, so that of two people who decide at the same
moment one decides and the other is told. Who may take which step is asked in the views by
``editable_by`` (submit, withdraw, close) and ``approvable_by`` (approve, return, reopen).
"""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account
from kam.models import Role, Team, User
from kam.notifications import in_language_of, notify
from kam.periods import company_year
from plans.models import AccountPlan
from plans.services.portfolios import refresh_soon
from plans.services.refusals import IllegalTransition, PlanRefusal

Status = AccountPlan.Status


@dataclass(frozen=True, slots=True)
class Step:
    """One way from state to state. ``decides``: it names who decided, when, and with which words."""

    name: str
    origins: tuple[str, ...]
    state: str
    label: Any
    decides: bool = False


SUBMIT = Step("submit", (Status.DRAFT, Status.RETURNED), Status.SUBMITTED, gettext_lazy("Submit"))
WITHDRAW = Step("withdraw", (Status.SUBMITTED,), Status.DRAFT, gettext_lazy("Withdraw"))
APPROVE = Step("approve", (Status.SUBMITTED,), Status.ACTIVE, gettext_lazy("Approve"), True)
RETURN = Step("return", (Status.SUBMITTED,), Status.RETURNED, gettext_lazy("Return"), True)
CLOSE = Step("close", (Status.ACTIVE,), Status.CLOSED, gettext_lazy("Close"))
REOPEN = Step("reopen", (Status.CLOSED,), Status.ACTIVE, gettext_lazy("Open again"))
DECIDED = (Status.ACTIVE, Status.RETURNED, Status.CLOSED)
STEPS = {step.name: step for step in (SUBMIT, WITHDRAW, APPROVE, RETURN, CLOSE, REOPEN)}


@transaction.atomic
def submit(plan: AccountPlan, by: User) -> AccountPlan:
    """Asks for a decision, and tells those who decide."""
    plan = _take(SUBMIT, plan, by)
    for person in deciders(plan):
        with in_language_of(person):
            _tell(
                person,
                plan,
                "plan_submitted",
                _("%(plan)s waits for your decision") % {"plan": _name(plan)},
                _("Submitted by %(name)s.") % {"name": by},
            )
    return plan


def withdraw(plan: AccountPlan, by: User) -> AccountPlan:
    """Takes a submitted plan back, to change it."""
    return _take(WITHDRAW, plan, by)


@transaction.atomic
def approve(plan: AccountPlan, by: User, note: str = "") -> AccountPlan:
    """Puts the plan in force, and tells its KAM."""
    plan = _take(APPROVE, plan, by, note)
    _tell_owner(plan, by, "plan_approved", gettext_lazy("%(plan)s was approved"), note)
    return plan


@transaction.atomic
def send_back(plan: AccountPlan, by: User, note: str) -> AccountPlan:
    """Returns the plan to its KAM with words that say what is missing."""
    if not note.strip():
        raise PlanRefusal({"note": _("Say what is to be changed.")})
    plan = _take(RETURN, plan, by, note)
    _tell_owner(plan, by, "plan_returned", gettext_lazy("%(plan)s was returned to you"), note)
    return plan


def close(plan: AccountPlan, by: User) -> AccountPlan:
    """Ends the work with a plan; it stays to be read."""
    return _take(CLOSE, plan, by)


def reopen(plan: AccountPlan, by: User) -> AccountPlan:
    """Puts a closed plan in force again."""
    return _take(REOPEN, plan, by)


@transaction.atomic
def _take(step: Step, plan: AccountPlan, by: User, note: str = "") -> AccountPlan:
    changes: dict[str, Any] = {"status": step.state}
    if step.decides:
        changes |= {"decided_by": by, "decided_at": timezone.now(), "decision_note": note.strip()}
    found = AccountPlan.objects.filter(
        pk=plan.pk,
        status__in=step.origins,
        archived_at__isnull=True,
        # No join: the conditions on the plan stay on the row that the update locks.
        account__in=Account.objects.active().order_by(),
    ).update(**changes)
    current = AccountPlan.objects.select_related("account__owner", "decided_by").get(pk=plan.pk)
    if not found:
        raise IllegalTransition(_why_not(step, current))
    refresh_soon()
    return current


def _why_not(step: Step, plan: AccountPlan) -> str:
    words: dict[str, object] = {"plan": _name(plan), "state": plan.get_status_display()}
    if step.decides and plan.decided_by is not None and plan.status in DECIDED:
        words["name"] = plan.decided_by
        return _("%(name)s has decided on %(plan)s: it is “%(state)s”.") % words
    if plan.account.archived_at is not None:
        return _("%(plan)s is archived. Restore it first.") % {"plan": plan.account}
    if plan.archived_at is not None:
        return _("%(plan)s is archived. Restore it first.") % words
    words["states"] = " / ".join(f"“{Status(origin).label}”" for origin in step.origins)
    return _("%(plan)s is “%(state)s”; this step leads on from %(states)s only.") % words


def deciders(plan: AccountPlan) -> list[User]:
    """Whom a submitted plan waits for: the nearest leader above its KAM, else management.

    Leaders further up and management may decide as well (``approvable_by``), unasked.
    """
    owner = plan.account.owner
    people = User.objects.people()
    if owner is not None and owner.team_id:
        path = Team.objects.values_list("path", flat=True).get(pk=owner.team_id)
        led = {
            team.pk: team.leader
            for team in Team.objects.active().filter(pk__in=path).select_related("leader")
        }
        for pk in reversed(path):
            leader = led.get(pk)
            if (
                leader is not None
                and leader.pk != owner.pk
                and leader.is_active
                and leader.role in (Role.LEADER, Role.MANAGEMENT, Role.ADMINISTRATOR)
            ):
                return [leader]
    return list(people.filter(role=Role.MANAGEMENT).exclude(pk=plan.account.owner_id))


def _name(plan: AccountPlan) -> str:
    return f"{plan.account} {company_year(plan.year).label}"


def _tell_owner(plan: AccountPlan, by: User, kind: str, title: Any, note: str) -> None:
    owner = plan.account.owner
    if owner is None:
        return
    with in_language_of(owner):
        body = "\n".join(filter(None, [_("Decided by %(name)s.") % {"name": by}, note.strip()]))
        _tell(owner, plan, kind, title % {"plan": _name(plan)}, body)


def _tell(person: User, plan: AccountPlan, kind: str, title: str, body: str) -> None:
    """One occasion is one passage through a state: the version tells passages apart."""
    notify(
        [person],
        kind=kind,
        occasion=f"{kind}-{plan.pk}-{plan.version}",
        title=title,
        body=body,
        url=plan.get_absolute_url(),
    )
