"""The steps taken, each under a lock: propose, change, accept, validate, confirm, reject, withdraw."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import services as accounts
from accounts.models import Account
from accounts.services import key_accounts
from kam import editing
from kam.forms import violation
from kam.models import User
from kam.periods import company_today
from kam.scoping import principal
from portfolio.models import Nomination, NominationStep, PortfolioSettings
from portfolio.services.nominations.findings import findings_of
from portfolio.services.nominations.room import check_room, room_for
from portfolio.services.nominations.steps import (
    ACCEPT,
    CONFIRM,
    REJECT,
    VALIDATE,
    WAITING,
    WITHDRAW,
    Kind,
    NominationRefusal,
    NotItsTurn,
    State,
    Step,
)
from portfolio.services.nominations.turns import own, tell_decided, tell_next

#: What is kept with a confirmation that did not need the room that another account makes.
STAYS = gettext_lazy("There is room without it: the account that was to leave stays a key account.")


def propose(
    account: Account,
    by: User,
    *,
    kind: str = Kind.ADD,
    reason: str,
    level: str = "",
    owner: User | None = None,
    leaves: Account | None = None,
) -> Nomination:
    """Proposes to make an account a key account, or to end that, and tells those who decide.

    Without ``level`` and ``owner`` the account keeps its own. Raises ``NominationRefusal`` by field.
    """
    account = Account.objects.select_related("owner").get(pk=account.pk)
    row = Nomination(
        account=account,
        kind=kind,
        reason=reason.strip(),
        level=(level or account.level) if kind == Kind.ADD else "",
        owner=(owner or account.owner) if kind == Kind.ADD else None,
        leaves=leaves if kind == Kind.ADD else None,
        proposed_by=principal(by),
        due_on=_due(State.PROPOSED),
    )
    try:
        with transaction.atomic():
            _check(row)
            row.full_clean()
            row.save()
            row.refresh_from_db()
            _note(row, by, row.reason)
            tell_next(row)
    except IntegrityError as error:
        raise violation(error, Nomination) from error
    return row


def change(
    row: Nomination,
    changes: Mapping[str, Any],
    *,
    base_version: int | None = None,
    overwrite: bool = False,
) -> Nomination:
    """Changes what is proposed while it waits: the level, the KAM, who leaves, the reason.

    After the proposal was accepted, only who leaves. Raises ``EditConflict`` and
    ``NominationRefusal``.
    """
    with transaction.atomic():
        held = Nomination.objects.select_for_update(of=("self",)).get(pk=row.pk)
        allowed = {"leaves"}
        if held.state == State.PROPOSED:
            allowed |= {"level", "owner", "reason"}
        if held.state not in WAITING or set(changes) - allowed:
            raise NotItsTurn(
                _("The nomination is “%(state)s”: this does not change any more.")
                % {"state": held.get_state_display()}
            )
        saved = editing.save_fields(held, changes, base_version=base_version, overwrite=overwrite)
        _check(saved)
    return saved


def accept(
    row: Nomination, by: User, note: str = "", *, base_version: int | None = None
) -> Nomination:
    """Decides that the account is to be validated."""
    return _move(ACCEPT, row, by, note, base_version)


def validate(
    row: Nomination, by: User, note: str = "", *, base_version: int | None = None
) -> Nomination:
    """Puts the criteria's findings beside the proposal. Where they do not support it, words are asked
    for that say why it goes on all the same."""
    with transaction.atomic():
        findings = findings_of(row.account)
        if row.kind == Kind.ADD and findings["meets"] is not True and not note.strip():
            raise NominationRefusal(
                {"note": _("The criteria do not support it: say why it goes on all the same.")}
            )
        return _move(VALIDATE, row, by, note, base_version, findings=findings)


def confirm(
    row: Nomination, by: User, note: str = "", *, base_version: int | None = None
) -> Nomination:
    """Makes the account a key account (or ends that); who leaves is taken out where there is no room
    without it, else it stays and the step's note says so.

    The rules are asked again, of the accounts as they are now. Raises ``NominationRefusal`` for what one proposed oneself and where the limit does not hold.
    """
    _check_not_own(row, by)
    try:
        with key_accounts.held():  # the lock first, then rows
            turn = _turn(CONFIRM, row, base_version)
            account, leaves = _as_they_are(turn)
            _check_kind(account, turn.kind)
            if leaves is not None and not room_for(turn.owner).full:
                leaves, note = None, "\n".join(filter(None, [note.strip(), str(STAYS)]))
            before = account.owner
            moved = _move(CONFIRM, turn, by, note, None)
            if moved.kind == Kind.REMOVE:
                accounts.change_account(account, {"is_key_account": False})
            else:
                if leaves is not None:
                    accounts.change_account(leaves, {"is_key_account": False})
                accounts.change_account(
                    account,
                    {"is_key_account": True, "level": moved.level, "owner": moved.owner},
                )
    except key_accounts.LimitReached as refusal:
        text = _("Change who leaves, or reject it.")
        raise NominationRefusal([*refusal.messages, text]) from refusal
    tell_decided(moved, by, note, also=[before], left=leaves)
    return moved


def _as_they_are(row: Nomination) -> tuple[Account, Account | None]:
    """The account and the one that leaves, locked and read anew; ``None`` where none leaves or the
    one that was named is no key account in use any more."""
    rows = Account.objects.select_related("owner").filter(pk__in=[row.account_id, row.leaves_id])
    locked = rows.order_by("pk").select_for_update(of=("self",), no_key=True)
    found = {account.pk: account for account in locked}
    leaves = found.get(row.leaves_id) if row.leaves_id else None
    if leaves is not None and (not leaves.is_key_account or leaves.archived_at is not None):
        leaves = None
    return found[row.account_id], leaves


def reject(row: Nomination, by: User, note: str, *, base_version: int | None = None) -> Nomination:
    """Ends the proposal with the reason why not."""
    if not note.strip():
        raise NominationRefusal({"note": _("Say why.")})
    with transaction.atomic():
        moved = _move(REJECT, row, by, note, base_version)
        tell_decided(moved, by, note)
    return moved


def withdraw(
    row: Nomination, by: User, note: str = "", *, base_version: int | None = None
) -> Nomination:
    """Takes one's own proposal back."""
    return _move(WITHDRAW, row, by, note, base_version)


@transaction.atomic
def _move(
    step: Step, row: Nomination, by: User, note: str, base_version: int | None, **more: Any
) -> Nomination:
    """Takes one step, under a lock: keeps who, when and with which words, and tells whose turn it is."""
    held = _turn(step, row, base_version)
    held.state = step.state
    held.due_on = _due(step.state)
    for name, value in more.items():
        setattr(held, name, value)
    held.save(update_fields=["state", "due_on", *more, "updated_at"])
    held.refresh_version()
    _note(held, by, note)
    if held.state in WAITING:
        tell_next(held)
    return held


def _turn(step: Step, row: Nomination, base_version: int | None) -> Nomination:
    """The nomination, locked until the end of the transaction; raises where it is not its turn."""
    rows = Nomination.objects.select_related("account__owner", "leaves__owner", "owner")
    held = rows.select_for_update(of=("self",), no_key=True).get(pk=row.pk)
    if held.state not in step.origins:
        raise NotItsTurn(_why_not(held))
    if base_version is not None and held.version != base_version:
        raise NotItsTurn(
            _("The proposal was changed since you opened it. Look at it again, then decide.")
        )
    return held


def _why_not(row: Nomination) -> str:
    last = row.steps.select_related("by").last()
    words = {"state": row.get_state_display(), "name": last.by if last and last.by else "–"}
    if row.state in WAITING:
        return _("This step is not the next one: %(name)s made it “%(state)s”.") % words
    return _("%(name)s has decided already: it is “%(state)s”.") % words


def _note(row: Nomination, by: User, words: str) -> None:
    NominationStep.objects.create(
        nomination=row,
        state=row.state,
        note=words.strip(),
        by=by,
        acting_for=getattr(by, "acting_for", None),
    )


def _due(state: str) -> date | None:
    settings = PortfolioSettings.current()
    days = {
        State.PROPOSED: settings.screen_days,
        State.ACCEPTED: settings.validate_days,
        State.VALIDATED: settings.confirm_days,
    }
    return company_today() + timedelta(days=days[State(state)]) if state in days else None


def _check_not_own(row: Nomination, by: User) -> None:
    if own(row, by):
        raise NominationRefusal(
            _("You proposed this yourself: somebody else of management has to confirm it.")
        )


def _check(row: Nomination) -> None:
    """The rules over what is proposed, by field."""
    account, owner = row.account, row.owner
    _check_kind(account, row.kind)
    if row.kind == Kind.REMOVE:
        return
    if owner is None:
        raise NominationRefusal({"owner": _("A key account needs its KAM: name one.")})
    if owner.role not in accounts.OWNER_ROLES or not owner.is_active or owner.archived_at:
        raise NominationRefusal(
            {
                "owner": _("%(name)s cannot own accounts: only KAMs and leaders can.")
                % {"name": owner}
            }
        )
    if row.leaves is not None and row.leaves_id == account.pk:
        raise NominationRefusal({"leaves": _("An account cannot make room for itself.")})
    check_room(owner, row.leaves)


def _check_kind(account: Account, kind: str) -> None:
    """The account is in use, and what is proposed is not so already."""
    words = {"name": account}
    if account.archived_at is not None:
        raise NominationRefusal(_("%(name)s is archived. Restore it first.") % words)
    if kind == Kind.REMOVE and not account.is_key_account:
        raise NominationRefusal(_("%(name)s is no key account.") % words)
    if kind == Kind.ADD and account.is_key_account:
        raise NominationRefusal(_("%(name)s is a key account already.") % words)
