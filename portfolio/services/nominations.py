"""The classification process: propose → decide whether to add → validate → confirm or reject.

Each step locks the nomination and asks again whether it is its turn, so that of two people who decide
at the same moment one decides and the other is told. The limit of key accounts is asked at the
proposal and held at the confirmation (``accounts.services.key_accounts``). Who may take a step is asked
at the edges: ``NominationQuerySet.decided_by`` and ``proposed_by``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import CharField, Exists, OuterRef, Subquery, Value
from django.db.models.functions import Cast, Concat
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import services as accounts
from accounts.models import Account
from accounts.services import key_accounts
from kam import editing
from kam.forms import violation
from kam.models import Notification, Role, Team, User
from kam.notifications import in_language_of, notify
from kam.periods import company_today
from kam.scoping import principal
from portfolio.models import (
    AccountScore,
    Axis,
    CellText,
    CriterionGroup,
    Nomination,
    NominationStep,
    PortfolioSettings,
    ScoringRun,
)

State = Nomination.State
Kind = Nomination.Kind
WAITING = (State.PROPOSED, State.ACCEPTED, State.VALIDATED)
#: How long before a step is due those whose turn it is are reminded.
AHEAD = timedelta(days=2)
#: The two scores that place an account in a cell, and the version's cut-off of each.
CUTS = ((Axis.PROFITABILITY, "profitability_cut"), (Axis.POTENTIAL, "potential_cut"))
#: What is kept with a confirmation that did not need the room that another account makes.
STAYS = gettext_lazy("There is room without it: the account that was to leave stays a key account.")
#: Instead of the name of an account that the reader does not see.
ANOTHER = gettext_lazy("another key account")
FIGURES = ("revenue", "contribution", "attainable")


class NominationRefusal(ValidationError):  # noqa: N818
    """A rule of the process stands against it. The text is meant for the reader."""

    @property
    def sentence(self) -> str:
        return " ".join(self.messages)


class NotItsTurn(NominationRefusal):
    """The nomination is not where this step begins, or changed since it was read."""


@dataclass(frozen=True, slots=True)
class Step:
    """One way from state to state."""

    name: str
    origins: tuple[str, ...]
    state: str
    label: Any


ACCEPT = Step("accept", (State.PROPOSED,), State.ACCEPTED, gettext_lazy("Accept for validation"))
VALIDATE = Step(
    "validate", (State.ACCEPTED,), State.VALIDATED, gettext_lazy("Validate against the criteria")
)
CONFIRM = Step("confirm", (State.VALIDATED,), State.CONFIRMED, gettext_lazy("Confirm"))
REJECT = Step("reject", WAITING, State.REJECTED, gettext_lazy("Reject"))
WITHDRAW = Step("withdraw", WAITING, State.WITHDRAWN, gettext_lazy("Withdraw"))
STEPS = {step.name: step for step in (ACCEPT, VALIDATE, CONFIRM, REJECT, WITHDRAW)}


# --- room under the limits ------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Room:
    """How many key accounts there are and may be, in the company and at one KAM."""

    company: int
    company_limit: int | None
    own: int
    own_limit: int | None
    owner: User | None

    @property
    def company_full(self) -> bool:
        return self.company_limit is not None and self.company >= self.company_limit

    @property
    def own_full(self) -> bool:
        return self.own_limit is not None and self.owner is not None and self.own >= self.own_limit

    @property
    def full(self) -> bool:
        return self.company_full or self.own_full


def room_for(owner: User | None) -> Room:
    """The state of the limits for one more key account of this KAM (two queries)."""
    limits = key_accounts.limits()
    found = key_accounts.counts()
    own = found[owner.pk] if owner is not None else 0
    return Room(found.total(), limits.company, own, limits.per_owner, owner)


def _check_room(owner: User | None, leaves: Account | None) -> None:
    """Raises where one more key account of this KAM needs another to leave, and none is named that
    helps."""
    room = room_for(owner)
    if leaves is not None and not leaves.is_key_account:
        raise NominationRefusal(
            {"leaves": _("%(name)s is no key account, so it makes no room.") % {"name": leaves}}
        )
    if room.own_full and (leaves is None or leaves.owner_id != getattr(owner, "pk", None)):
        raise NominationRefusal(
            {
                "leaves": _(
                    "%(name)s has %(n)d key accounts, and %(most)d is the limit for a KAM: "
                    "name the one of theirs that leaves."
                )
                % {"name": owner, "n": room.own, "most": room.own_limit}
            }
        )
    if room.company_full and leaves is None:
        raise NominationRefusal(
            {
                "leaves": _(
                    "The company has %(n)d key accounts, and %(most)d is its limit: "
                    "name the one that leaves."
                )
                % {"n": room.company, "most": room.company_limit}
            }
        )


# --- what the criteria say ------------------------------------------------------------------------
def findings_of(account: Account) -> dict[str, Any]:
    """What the newest whole run says about the account, as plain data to keep (one query).

    ``scores`` (0–100, as text; null: could not be computed), ``cell``, ``completeness`` (per cent),
    the amounts in the company's currency, ``thresholds`` (score against cut-off, ``holds`` null where
    the score is missing), ``missing`` (axes of the version without a score) and ``no_value`` (names of
    criteria without a value). ``meets``: both thresholds hold; null where one cannot be asked.
    """
    axes = CriterionGroup.objects.filter(
        criteria_version=OuterRef("criteria_version"), archived_at__isnull=True
    )
    runs = ScoringRun.objects.filter(night=OuterRef("first_night"))
    found = (
        AccountScore.objects.current()
        .filter(account=account)
        .select_related("criteria_version")
        .annotate(
            defined=ArraySubquery(axes.order_by("axis").values("axis").distinct()),
            recipe=Subquery(runs.values("recipe")[:1]),
        )
        .first()
    )
    if found is None:
        return {"asked_on": company_today().isoformat(), "scored": False, "meets": None}
    version = found.criteria_version
    thresholds = []
    for axis, cut in CUTS:
        value, least = getattr(found, axis), getattr(version, cut)
        holds = None if value is None else value >= least
        thresholds.append(
            {"axis": str(axis), "score": _text(value), "cut": str(least), "holds": holds}
        )
    answers = [row["holds"] for row in thresholds]
    return {
        "asked_on": company_today().isoformat(),
        "scored": True,
        "night": found.first_night.isoformat(),
        "version": {"id": version.pk, "name": version.name},
        "scores": {axis: _text(getattr(found, axis)) for axis in Axis.values},
        "cell": found.cell,
        "completeness": str(found.completeness),
        **{name: _text(getattr(found, name)) for name in FIGURES},
        "thresholds": thresholds,
        "missing": [a for a in Axis.values if a in found.defined and getattr(found, a) is None],
        "no_value": _without_value(found.recipe, found.values),
        "meets": None if None in answers else all(answers),
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _without_value(recipe: Mapping[str, Any] | None, values: Sequence[Decimal | None]) -> list[str]:
    """Names of the criteria that gave nothing, by the recipe of the run that found the score."""
    criteria = (recipe or {}).get("criteria", [])
    pairs = zip(criteria, values, strict=False)
    return [criterion["name"] for criterion, value in pairs if value is None]


def sentences(findings: Mapping[str, Any]) -> list[str]:
    """What the findings come to, in words for the reader; what is missing is said plainly."""
    if not findings:
        return []
    if not findings.get("scored"):
        return [_("There is no score of this account: the nightly run has not reached it yet.")]
    said = []
    for row in findings["thresholds"]:
        words = {"axis": Axis(row["axis"]).label, "score": row["score"], "cut": row["cut"]}
        if row["holds"] is None:
            said.append(_("%(axis)s: no score, so the threshold %(cut)s cannot be asked.") % words)
        elif row["holds"]:
            said.append(_("%(axis)s %(score)s reaches the threshold %(cut)s.") % words)
        else:
            said.append(_("%(axis)s %(score)s stays below the threshold %(cut)s.") % words)
    if findings["cell"]:
        said.append(_("Cell: %(cell)s.") % {"cell": CellText.Cell(findings["cell"]).label})
    others = [a for a in findings["missing"] if a not in [c[0].value for c in CUTS]]
    if others:
        names = ", ".join(str(Axis(axis).label) for axis in others)
        said.append(_("Without a score: %(names)s.") % {"names": names})
    if findings["no_value"]:
        said.append(
            _("Criteria without a value: %(names)s.") % {"names": ", ".join(findings["no_value"])}
        )
    return said


# --- the steps ------------------------------------------------------------------------------------
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
            _tell_next(row)
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
    _tell_decided(moved, by, note, also=[before], left=leaves)
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
        _tell_decided(moved, by, note)
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
        _tell_next(held)
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


def proposers(row: Nomination) -> set[int]:
    """Who proposed it: the one who signed in, and whom they stood in for."""
    first = row.steps.order_by("pk").first()
    found = {row.proposed_by_id}
    if first is not None:
        found |= {first.by_id, first.acting_for_id}
    return {pk for pk in found if pk is not None}


def own(row: Nomination, by: User) -> bool:
    """Whether this person, or whom they stand in for, proposed it."""
    person = principal(by)
    return bool({by.pk, person.pk if person else by.pk} & proposers(row))


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
    _check_room(owner, row.leaves)


def _check_kind(account: Account, kind: str) -> None:
    """The account is in use, and what is proposed is not so already."""
    words = {"name": account}
    if account.archived_at is not None:
        raise NominationRefusal(_("%(name)s is archived. Restore it first.") % words)
    if kind == Kind.REMOVE and not account.is_key_account:
        raise NominationRefusal(_("%(name)s is no key account.") % words)
    if kind == Kind.ADD and account.is_key_account:
        raise NominationRefusal(_("%(name)s is a key account already.") % words)


# --- whose turn it is, and telling people ---------------------------------------------------------
def deciders(row: Nomination) -> list[User]:
    """Whom the nomination waits for.

    The first two steps wait for the nearest leader above the account's KAM, else for management; the
    last one for management without whoever proposed it, else for the administrators.
    """
    people = User.objects.people()
    if row.state == State.VALIDATED:
        others = people.exclude(pk__in=proposers(row))
        management = list(others.filter(role=Role.MANAGEMENT))
        return management or list(others.filter(role=Role.ADMINISTRATOR))
    leader = _leader_above(row.account.owner)
    return [leader] if leader is not None else list(people.filter(role=Role.MANAGEMENT))


def _leader_above(person: User | None) -> User | None:
    """The nearest leader above somebody who may decide here."""
    if person is None or person.team_id is None:
        return None
    path = Team.objects.values_list("path", flat=True).get(pk=person.team_id)
    teams = Team.objects.active().filter(pk__in=path).select_related("leader")
    led = {team.pk: team.leader for team in teams}
    for pk in reversed(path):
        leader = led.get(pk)
        if (
            leader is not None
            and leader.pk != person.pk
            and leader.is_active
            and leader.role in (Role.LEADER, Role.MANAGEMENT, Role.ADMINISTRATOR)
        ):
            return leader
    return None


def _title(row: Nomination) -> str:
    """What is proposed, in the reader's language."""
    if row.kind == Kind.REMOVE:
        return _("%(name)s: end the key account") % {"name": row.account}
    return _("%(name)s: make it a key account") % {"name": row.account}


ASKS: dict[str, Any] = {
    State.PROPOSED: gettext_lazy("Decide whether to add it."),
    State.ACCEPTED: gettext_lazy("Validate it against the criteria."),
    State.VALIDATED: gettext_lazy("Confirm or reject it."),
}


def _tell_next(row: Nomination) -> None:
    for person in deciders(row):
        with in_language_of(person):
            _tell(person, row, "turn", _title(row), f"{ASKS[row.state]}\n{row.reason}")


def _tell_decided(
    row: Nomination,
    by: User,
    note: str,
    also: Iterable[User | None] = (),
    left: Account | None = None,
) -> None:
    """Tells the proposer, the KAM before and after, and the KAM of the account that ``left``, which is
    named to those who see it."""
    asked = [row.proposed_by, row.owner, row.account.owner, *also, left.owner if left else None]
    people = {person.pk: person for person in asked if person is not None and person.pk != by.pk}
    for person in people.values():
        with in_language_of(person):
            words = {"what": _title(row), "state": row.get_state_display()}
            body = [_("Decided by %(name)s.") % {"name": by}, note.strip()]
            if left is not None:
                named = Account.objects.visible_to(person).filter(pk=left.pk).exists()
                name = str(left) if named else ANOTHER
                body.append(_("No key account any more: %(name)s.") % {"name": name})
            title = _("%(what)s – %(state)s") % words
            _tell(person, row, "decided", title, "\n".join(filter(None, body)))


def _tell(person: User, row: Nomination, what: str, title: str, body: str) -> None:
    notify(
        [person],
        kind="nomination",
        occasion=_occasion(row, what),
        title=title,
        body=body,
        url=row.get_absolute_url(),
    )


def _occasion(row: Nomination, what: str) -> str:
    return f"nomination-{row.pk}-{what}-{row.state}"


REMINDERS: tuple[tuple[str, timedelta, Callable[[], str]], ...] = (
    ("soon", AHEAD, lambda: _("Due on %(day)s.")),
    ("late", timedelta(days=-1), lambda: _("Late: it was due on %(day)s.")),
)


def remind(today: date | None = None) -> int:
    """Tells those whose turn it is, once when a step is due soon and once when it is late.

    Returns how many messages were new. What has been said is read from the messages themselves, so a
    run each minute costs two queries.
    """
    today = today or company_today()
    told = 0
    for what, ahead, words in REMINDERS:
        said = Notification.objects.filter(
            occasion=Concat(
                Value("nomination-"),
                Cast(OuterRef("pk"), CharField()),
                Value(f"-{what}-"),
                OuterRef("state"),
            )
        )
        due = (
            Nomination.objects.active()
            .waiting()
            .filter(~Exists(said), due_on__lte=today + ahead)
            .select_related("account__owner__team")
        )
        if what == "soon":
            due = due.filter(due_on__gte=today)
        for row in due[:200]:
            for person in deciders(row):
                with in_language_of(person):
                    day = formats.date_format(row.due_on or today, "SHORT_DATE_FORMAT")
                    told += notify(
                        [person],
                        kind="nomination",
                        occasion=_occasion(row, what),
                        title=_title(row),
                        body=f"{words() % {'day': day}} {ASKS[row.state]}",
                        url=row.get_absolute_url(),
                    )
    return told
