"""Needs of a customer, from a pain or gain to the value that they confirm; value propositions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Contact
from kam.editing import archive, restore, save_fields
from kam.periods import company_today
from plans.models import AccountPlan, Need, ValueProposition
from plans.selectors import in_hierarchy
from plans.services.locks import require_open_activities, require_open_text
from plans.services.refusals import PlanRefusal

State = Need.State
#: What a person writes of a need; its state and what belongs to the state move by the steps.
FIELDS = (
    "kind",
    "title",
    "diagnosis",
    "customer_line",
    "consequence_text",
    "consequence",
    "capability",
    "measure",
    "measured",
    "attainable",
    "improved_by",
    "value",
    "chance",
    "source",
    "source_on",
)


@dataclass(frozen=True, slots=True)
class Step:
    """One way from state to state. ``state`` is empty where the facts decide which it is."""

    name: str
    origins: tuple[str, ...]
    state: str
    label: Any


DIAGNOSE = Step("diagnose", (State.FOUND,), State.DIAGNOSED, gettext_lazy("Mark as diagnosed"))
PROPOSE = Step("propose", (State.DIAGNOSED,), State.PROPOSED, gettext_lazy("Mark as proposed"))
AGREE = Step("agree", (State.PROPOSED,), State.AGREED, gettext_lazy("The customer agrees"))
REALISE = Step("realise", (State.AGREED,), State.REALISED, gettext_lazy("Mark as realised"))
BACK = Step(
    "back",
    (State.DIAGNOSED, State.PROPOSED, State.AGREED, State.REALISED),
    "",
    gettext_lazy("One step back"),
)
DROP = Step(
    "drop",
    (State.FOUND, State.DIAGNOSED, State.PROPOSED, State.AGREED),
    State.DROPPED,
    gettext_lazy("Drop"),
)
RESUME = Step("resume", (State.DROPPED,), "", gettext_lazy("Take up again"))
STEPS = {step.name: step for step in (DIAGNOSE, PROPOSE, AGREE, REALISE, BACK, DROP, RESUME)}
BEFORE = {
    State.DIAGNOSED: State.FOUND,
    State.PROPOSED: State.DIAGNOSED,
    State.AGREED: State.PROPOSED,
    State.REALISED: State.AGREED,
}
NO_AGREEMENT = {"agreed_by": None, "agreed_on": None}
NO_RESULT = {"realised_value": None, "realised_on": None}


def missing_for(need: Need, state: str) -> dict[str, str]:
    """What must be said before a need is in this state: field → what to do."""
    found: dict[str, str] = {}
    if state in (State.FOUND, State.DROPPED):
        return found
    if not need.diagnosis.strip():
        found["diagnosis"] = _("Say what causes it.")
    if not need.consequence_text.strip() and need.consequence is None:
        found["consequence_text"] = _("Say what it means in the customer's own figures.")
    if state == State.DIAGNOSED:
        return found
    if not need.capability.strip():
        found["capability"] = _("Say what we can do about it.")
    if not need.measure.strip():
        found["measure"] = _("Say what improves, and in which unit.")
    elif need.attainable is None:
        found["attainable"] = _("Say how far it can improve.")
    return found


@transaction.atomic
def add_need(plan: AccountPlan, **fields: Any) -> Need:
    """A new need of the plan, found and not diagnosed yet. Raises ``PlanLocked``, ``ValidationError``."""
    require_open_text(plan)
    need = Need(plan=plan, **fields)
    need.clean_fields(exclude=["plan"])
    need.clean()
    need.validate_constraints()
    need.save()
    return need


@transaction.atomic
def change_need(need: Need, changes: Mapping[str, Any], *, base_version: int | None) -> Need:
    """Saves the touched fields. What the need's state rests on cannot be emptied."""
    require_open_text(need.plan)
    saved = save_fields(need, changes, base_version=base_version)
    lost = {n: words for n, words in missing_for(saved, saved.state).items() if n in changes}
    if lost:
        state = saved.get_state_display()
        raise ValidationError(
            {
                name: _("The need is “%(state)s”. %(do)s") % {"state": state, "do": words}
                for name, words in lost.items()
            }
        )
    return saved


def diagnose(need: Need) -> Need:
    """The cause and its consequence are known."""
    return _take(need, DIAGNOSE)


def propose(need: Need) -> Need:
    """Our answer, and the improvement that it brings, stand before the customer."""
    return _take(need, PROPOSE)


def agree(need: Need, contact: Contact | None, on: date | None) -> Need:
    """The customer has agreed: who of them, and when. Refused for a day to come."""
    errors: dict[str, str] = {}
    if contact is None:
        errors["agreed_by"] = _("Say who of the customer has agreed.")
    elif not in_hierarchy(need.plan.account, contact.account_id):
        errors["agreed_by"] = _("%(name)s is no contact of %(account)s or its group.") % {
            "name": contact,
            "account": need.plan.account,
        }
    if on is None:
        errors["agreed_on"] = _("Say when the customer agreed.")
    elif on > company_today():
        errors["agreed_on"] = _("This day is still to come.")
    if errors:
        raise ValidationError(errors)
    return _take(need, AGREE, {"agreed_by": contact, "agreed_on": on})


def realise(need: Need, value: Decimal | None, on: date | None) -> Need:
    """The value has come about: how much a year, in the plan's currency, and since when."""
    errors: dict[str, str] = {}
    if value is None:
        errors["realised_value"] = _("Say how much value the customer has got, a year.")
    elif value < 0:
        errors["realised_value"] = _("A value is not below zero.")
    if on is None:
        errors["realised_on"] = _("Say when it was realised.")
    elif on > company_today():
        errors["realised_on"] = _("This day is still to come.")
    elif need.agreed_on is not None and on < need.agreed_on:
        errors["realised_on"] = _("The customer agreed later than this.")
    if errors:
        raise ValidationError(errors)
    return _take(need, REALISE, {"realised_value": value, "realised_on": on})


def step_back(need: Need) -> Need:
    """One state back: an agreement that no longer holds, a result that was no result."""
    return _take(need, BACK)


def drop(need: Need) -> Need:
    """Nobody goes on with this need; it stays to be read."""
    return _take(need, DROP)


def resume(need: Need) -> Need:
    """Takes a dropped need up again, as far as its facts carry it; an agreement is asked for anew."""
    return _take(need, RESUME)


@transaction.atomic
def _take(need: Need, step: Step, facts: Mapping[str, Any] | None = None) -> Need:
    require_open_activities(need.plan)
    current = Need.objects.select_for_update(of=("self",)).get(pk=need.pk)
    if current.archived_at is not None:
        raise PlanRefusal(_("“%(need)s” is archived. Restore it first.") % {"need": current})
    if current.state not in step.origins:
        raise PlanRefusal(
            _("“%(need)s” is “%(state)s”; this step leads on from %(states)s only.")
            % {
                "need": current,
                "state": current.get_state_display(),
                "states": " / ".join(f"“{State(origin).label}”" for origin in step.origins),
            }
        )
    if step is RESUME:
        state = _standing(current)
        cleared: dict[str, Any] = dict(NO_AGREEMENT)
    elif step is BACK:
        state = BEFORE[State(current.state)]
        cleared = {State.AGREED: NO_AGREEMENT, State.REALISED: NO_RESULT}.get(
            State(current.state), {}
        )
    else:
        state, cleared = step.state, {}
        missing = missing_for(current, state)
        if missing:
            raise ValidationError(missing)
    return save_fields(current, {**cleared, **(facts or {}), "state": state}, base_version=None)


def _standing(need: Need) -> str:
    """The furthest state, up to proposed, that the need's facts carry."""
    for state in (State.PROPOSED, State.DIAGNOSED):
        if not missing_for(need, state):
            return state
    return State.FOUND


@transaction.atomic
def archive_need(need: Need) -> Need:
    """Takes a need out of the plan; it can be brought back."""
    require_open_text(need.plan)
    return archive(need)


@transaction.atomic
def restore_need(need: Need) -> Need:
    require_open_text(need.plan)
    return restore(need)


# --- value propositions ---------------------------------------------------------------------------
@transaction.atomic
def add_proposition(plan: AccountPlan, **fields: Any) -> ValueProposition:
    """What we offer to one person who decides. Raises ``PlanLocked``, ``ValidationError``."""
    require_open_text(plan)
    row = ValueProposition(plan=plan, **fields)
    _check(plan, fields)
    row.clean_fields(exclude=["plan"])
    row.clean()
    row.save()
    return row


@transaction.atomic
def change_proposition(
    row: ValueProposition, changes: Mapping[str, Any], *, base_version: int | None
) -> ValueProposition:
    """Saves the touched fields; see ``kam.editing.save_fields``."""
    require_open_text(row.plan)
    _check(row.plan, changes)
    return save_fields(row, changes, base_version=base_version)


@transaction.atomic
def archive_proposition(row: ValueProposition) -> ValueProposition:
    require_open_text(row.plan)
    return archive(row)


@transaction.atomic
def restore_proposition(row: ValueProposition) -> ValueProposition:
    require_open_text(row.plan)
    return restore(row)


def _check(plan: AccountPlan, changes: Mapping[str, Any]) -> None:
    """The contact belongs to the account's hierarchy, the need to the plan."""
    errors: dict[str, str] = {}
    contact, need = changes.get("contact"), changes.get("need")
    if contact is not None and not in_hierarchy(plan.account, contact.account_id):
        errors["contact"] = _("%(name)s is no contact of %(account)s or its group.") % {
            "name": contact,
            "account": plan.account,
        }
    if need is not None and need.plan_id != plan.pk:
        errors["need"] = _("This need belongs to another plan.")
    if errors:
        raise ValidationError(errors)
