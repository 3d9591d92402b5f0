"""The life of a plan.

    draft → submitted → returned, or approved → active (when its year begins) → closed
    approved or active → amending → submitted → …, or given up: approved or active as before

Each step is one conditional update on the state, so that of two people who decide at the same
moment one decides and the other is told. Submitting, withdrawing, amending, closing and opening again
are for who answers for the account (``plans.services.steering``: asked here and in the views), not for
an edit seat; approving and returning for those whom ``approvable_by`` names (asked in the views).
Approval freezes a version (``plans.versions``); its number is the plan's ``in_force``, also while the
plan is amended.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Account
from kam.leaders import leader_above
from kam.models import Role, User
from kam.money import rates_for
from kam.notifications import in_language_of, notify
from kam.periods import company_today, company_year
from plans import versions
from plans.models import AccountPlan, PlanSettings, PlanVersion, TargetMonth
from plans.services import amendments
from plans.services.portfolios import refresh_soon
from plans.services.refusals import IllegalTransition, PlanRefusal
from plans.services.steering import require_reopening, require_steering
from plans.stance import suggested_stance

Status = AccountPlan.Status


@dataclass(frozen=True, slots=True)
class Step:
    """One way from state to state. ``decides``: it names who decided, when, and with which words."""

    name: str
    origins: tuple[str, ...]
    state: str
    label: Any
    decides: bool = False


SUBMIT = Step(
    "submit",
    (Status.DRAFT, Status.RETURNED, Status.AMENDING),
    Status.SUBMITTED,
    gettext_lazy("Submit"),
)
WITHDRAW = Step("withdraw", (Status.SUBMITTED,), Status.DRAFT, gettext_lazy("Withdraw"))
APPROVE = Step("approve", (Status.SUBMITTED,), Status.ACTIVE, gettext_lazy("Approve"), True)
RETURN = Step("return", (Status.SUBMITTED,), Status.RETURNED, gettext_lazy("Return"), True)
AMEND = Step("amend", (Status.APPROVED, Status.ACTIVE), Status.AMENDING, gettext_lazy("Amend"))
GIVE_UP = Step(
    "give-up",
    (Status.AMENDING, Status.RETURNED),
    Status.ACTIVE,
    gettext_lazy("Give the amendment up"),
)
CLOSE = Step("close", (Status.ACTIVE,), Status.CLOSED, gettext_lazy("Close"))
REOPEN = Step("reopen", (Status.CLOSED,), Status.ACTIVE, gettext_lazy("Open again"))
DECIDED = (Status.APPROVED, Status.ACTIVE, Status.RETURNED, Status.CLOSED)
STEPS = {
    step.name: step for step in (SUBMIT, WITHDRAW, APPROVE, RETURN, AMEND, GIVE_UP, CLOSE, REOPEN)
}


@transaction.atomic
def submit(plan: AccountPlan, by: User) -> AccountPlan:
    """Asks for a decision, and tells those who decide.

    Raises ``PlanRefusal`` where the stance is not the one that the matrix suggests and nobody says
    why, and ``NotYours``.
    """
    require_steering(plan, by)
    _refuse_unargued_stance(plan)
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


def _refuse_unargued_stance(plan: AccountPlan) -> None:
    current = AccountPlan.objects.get(pk=plan.pk)
    suggested = suggested_stance(current.account_id)
    if (
        current.stance
        and suggested is not None
        and current.stance != suggested.stance
        and not current.stance_reason.strip()
    ):
        raise PlanRefusal(
            {
                "stance_reason": _(
                    "The matrix suggests “%(suggested)s”. Say why this plan takes another stance."
                )
                % {"suggested": AccountPlan.Stance(suggested.stance).label}
            }
        )


def withdraw(plan: AccountPlan, by: User) -> AccountPlan:
    """Takes a submitted plan back, to change it: a draft, or an amendment of what is in force."""
    require_steering(plan, by)
    return _take(WITHDRAW, plan, by)


@transaction.atomic
def approve(plan: AccountPlan, by: User, note: str = "") -> AccountPlan:
    """Freezes the plan as a version, puts it in force, and tells its KAM.

    A plan whose year has not begun is approved and becomes active on its first day. Raises
    ``PlanRefusal`` where the plan's target reaches the amount that management approves
    (``PlanSettings.approval_amount``) and ``by`` is not management.
    """
    _refuse_above_limit(plan, by)
    plan = _take(APPROVE, plan, by, note, in_force=versions.next_number(plan))
    versions.freeze(plan, PlanVersion.Occasion.APPROVED, by, note.strip())
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


@transaction.atomic
def amend(plan: AccountPlan, by: User) -> AccountPlan:
    """Opens an approved plan for changes that are approved anew.

    What was approved stays in force meanwhile. A plan that was approved before versions were kept
    is frozen first, so that there is something to compare with.
    """
    require_steering(plan, by)
    if plan.in_force == 0 and plan.status in AMEND.origins:
        plan = _take(AMEND, plan, by, in_force=versions.next_number(plan))
        versions.freeze(plan, PlanVersion.Occasion.APPROVED, plan.decided_by)
        return plan
    return _take(AMEND, plan, by)


@transaction.atomic
def give_up(plan: AccountPlan, by: User, *, texts: bool = False) -> AccountPlan:
    """Ends an amendment without a decision: the version in force is what the plan says again.

    Its targets and goals go back to that version; with ``texts`` its texts, too
    (``plans.services.amendments``). Raises ``NotYours``, ``PlanRefusal``.
    """
    require_steering(plan, by)
    current = AccountPlan.objects.select_related("account", "decided_by").get(pk=plan.pk)
    version = plan.versions.filter(number=current.in_force).first()
    if current.status not in GIVE_UP.origins:
        raise IllegalTransition(_why_not(GIVE_UP, current))
    if version is None:
        raise PlanRefusal(_("No version of %(plan)s is in force.") % {"plan": _name(plan)})
    plan = _take(
        GIVE_UP,
        plan,
        by,
        currency=version.content["plan"]["currency"],
        decided_by=version.made_by,
        decided_at=version.made_at,
        decision_note=version.note,
    )
    amendments.put_back(plan, version, by=by, texts=texts)
    owner = plan.account.owner
    if owner is not None and owner != by:
        with in_language_of(owner):
            title = _("The amendment of %(plan)s was given up") % {"plan": _name(plan)}
            body = _("Given up by %(name)s. What was approved before holds.") % {"name": by}
            _tell(owner, plan, "plan_amendment_given_up", title, body)
    plan.refresh_from_db()
    return plan


@transaction.atomic
def close(plan: AccountPlan, by: User) -> AccountPlan:
    """Ends the work with a plan; it stays to be read, and as its last version."""
    require_steering(plan, by)
    plan = _take(CLOSE, plan, by)
    versions.freeze(plan, PlanVersion.Occasion.CLOSED, by)
    return plan


def reopen(plan: AccountPlan, by: User) -> AccountPlan:
    """Puts a closed plan in force again."""
    require_reopening(plan, by)
    return _take(REOPEN, plan, by)


def activate_due() -> int:
    """Makes the approved plans active whose fiscal year has begun; returns how many.

    Safe to run at any time and twice.
    """
    return AccountPlan.objects.filter(
        status=Status.APPROVED, year__lte=company_year().year, archived_at__isnull=True
    ).update(status=Status.ACTIVE)


@transaction.atomic
def _take(step: Step, plan: AccountPlan, by: User, note: str = "", **changes: Any) -> AccountPlan:
    changes["status"] = _state_after(step, plan)
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


def _state_after(step: Step, plan: AccountPlan) -> str:
    if step in (APPROVE, GIVE_UP) and company_year(plan.year).first > company_today():
        return Status.APPROVED
    if step is WITHDRAW and plan.in_force:
        return Status.AMENDING
    return step.state


def target_of(plan: AccountPlan) -> Decimal | None:
    """The plan's revenue target of the year in company currency; ``None`` without a budget rate."""
    total = TargetMonth.objects.filter(
        target__plan=plan, target__archived_at__isnull=True
    ).aggregate(total=Sum("revenue"))["total"]
    rate = rates_for(plan.year).rate(plan.currency)
    return None if rate is None else (total or Decimal(0)) * rate


def needs_management(plan: AccountPlan) -> bool:
    """Whether management approves this plan: its target reaches the set amount.

    A target that cannot be converted counts as reaching it: nobody is to slip below for want of a
    rate.
    """
    limit = PlanSettings.current().approval_amount
    if limit is None:
        return False
    target = target_of(plan)
    return target is None or target >= limit


def may_approve(plan: AccountPlan, by: User) -> bool:
    """Whether somebody who decides on plans may approve one whose target is as large as this."""
    person = getattr(by, "acting_for", None) or by
    return person.role in (Role.MANAGEMENT, Role.ADMINISTRATOR) or not needs_management(plan)


def _refuse_above_limit(plan: AccountPlan, by: User) -> None:
    if not may_approve(plan, by):
        raise PlanRefusal(
            _("The target of %(plan)s is so large that management approves it.")
            % {"plan": _name(plan)}
        )


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

    Management, where the target reaches what management approves. Leaders further up and management
    may decide as well (``approvable_by``), unasked.
    """
    leader = None if needs_management(plan) else leader_above(plan.account.owner)
    if leader is not None:
        return [leader]
    return list(
        User.objects.people().filter(role=Role.MANAGEMENT).exclude(pk=plan.account.owner_id)
    )


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
