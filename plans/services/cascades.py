"""A level's target shared out to the one below: proposed, accepted or argued against.

A share that is proposed anew takes the place of the one that stood, which stays as history. What is
accepted becomes the lower level's target from above; for an account it is offered on its plan, whose
targets nobody but its KAM writes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from kam.editing import archive, save_fields
from kam.models import Role, User
from kam.notifications import in_language_of, notify
from kam.number_text import amount
from kam.periods import company_year
from plans.calc import ZERO, apportioned
from plans.models import CascadeShare, LevelPlan
from plans.services.levels import create_level_plan
from plans.services.refusals import PlanRefusal

State = CascadeShare.State
#: A part: ("team" | "owner" | "account", id).
PartKey = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one part is to be given, in company currency, and by which basis."""

    part: PartKey
    revenue: Decimal
    basis: str


def step_of(total: Decimal) -> Decimal:
    """Whole units where the total has no cents, else cents."""
    return Decimal(1) if total == total.to_integral_value() else Decimal("0.01")


@transaction.atomic
def propose(plan: LevelPlan, proposals: Sequence[Proposal], by: User) -> list[CascadeShare]:
    """Shares the plan's target out; tells those who are newly asked. Returns the shares that stand.

    The amounts add up to the target exactly. A share that stays as it was keeps its answer; another
    one takes the place of the old, which is archived; a part without a share now loses it. Margin,
    where the plan has a target for it, is shared as revenue is. Raises ``PlanRefusal``.
    """
    plan = LevelPlan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
    if not plan.revenue:
        raise PlanRefusal(_("Set the target from above first: it is what is shared out."))
    given = [proposal for proposal in proposals if proposal.revenue]
    total = sum((proposal.revenue for proposal in given), ZERO)
    if total != plan.revenue:
        raise PlanRefusal(
            _("The shares add up to %(sum)s, the target is %(target)s: %(left)s are left.")
            % {
                "sum": amount(total, 2),
                "target": amount(plan.revenue, 2),
                "left": amount(plan.revenue - total, 2),
            }
        )
    margins: list[Decimal | None] = [None] * len(given)
    if plan.margin is not None and plan.margin >= 0:
        weights = [proposal.revenue for proposal in given]
        margins = list(apportioned(plan.margin, weights, step_of(plan.margin)))
    standing = {key_of(share): share for share in plan.shares.active()}
    shares = []
    for proposal, margin in zip(given, margins, strict=True):
        old = standing.pop(proposal.part, None)
        if old is not None:
            if (old.revenue, old.margin) == (proposal.revenue, margin):
                shares.append(old)
                continue
            archive(old)
        kind, pk = proposal.part
        share = CascadeShare(
            plan=plan, basis=proposal.basis, revenue=proposal.revenue, margin=margin,
            **{f"{kind}_id": pk},
        )  # fmt: skip
        share.full_clean(exclude=["plan"])
        share.save()
        shares.append(share)
        _tell_recipient(share, by)
    for gone in standing.values():
        archive(gone)
    return shares


def key_of(share: CascadeShare) -> PartKey:
    """Which part a share is given to."""
    for kind in ("team", "owner", "account"):
        if pk := getattr(share, f"{kind}_id"):
            return kind, pk
    raise AssertionError("a share is given to somebody")


def accept(share: CascadeShare, by: User) -> CascadeShare:
    """Takes the share on: it becomes the target from above of the level below.

    Raises ``PlanRefusal`` where it no longer stands or was accepted already.
    """
    return _answer(share, by, State.ACCEPTED, "")


def argue(share: CascadeShare, by: User, argument: str) -> CascadeShare:
    """Says what speaks against the share. Raises ``PlanRefusal``, also without words."""
    if not argument.strip():
        raise PlanRefusal({"argument": _("Say what speaks against it.")})
    return _answer(share, by, State.ARGUED, argument.strip())


@transaction.atomic
def _answer(share: CascadeShare, by: User, state: str, argument: str) -> CascadeShare:
    current = CascadeShare.objects.select_for_update(of=("self",)).get(pk=share.pk)
    if current.archived_at is not None:
        raise PlanRefusal(_("This share no longer stands: another one was proposed."))
    if current.state == State.ACCEPTED:
        raise PlanRefusal(_("This share is accepted already."))
    current.state, current.argument = state, argument
    current.answered_by, current.answered_at = by, timezone.now()
    current.save(update_fields=["state", "argument", "answered_by", "answered_at", "updated_at"])
    current.refresh_version()
    if state == State.ACCEPTED:
        _hand_down(current)
    _tell_givers(current, by)
    return current


def _hand_down(share: CascadeShare) -> None:
    """The accepted share is the target from above of the level below; accounts keep their own."""
    if share.account_id is not None:
        return
    level = "team" if share.team_id else "kam"
    below = create_level_plan(level, share.plan.year, owner=share.owner, team=share.team)
    changes = {"revenue": share.revenue}
    if share.margin is not None:
        changes["margin"] = share.margin
    save_fields(below, changes, base_version=None)


# --- telling people -------------------------------------------------------------------------------


def recipient(share: CascadeShare) -> User | None:
    """Who answers a share; nobody where the team has no leader or the account no owner."""
    if share.team is not None:
        return share.team.leader
    return share.owner if share.account is None else share.account.owner


def givers(plan: LevelPlan) -> list[User]:
    """Who shares a level's target out: its KAM, its team's leader, or management."""
    if plan.owner is not None:
        return [plan.owner]
    if plan.team is not None:
        return [plan.team.leader] if plan.team.leader else []
    return list(User.objects.people().filter(role=Role.MANAGEMENT))


def _tell_recipient(share: CascadeShare, by: User) -> None:
    person = recipient(share)
    if person is None or person.pk == by.pk:
        return
    with in_language_of(person):
        notify(
            [person],
            kind="share_proposed",
            occasion=f"share-{share.pk}",
            title=_("A target for %(part)s %(year)s waits for your answer")
            % {"part": part_name(share), "year": company_year(share.plan.year).label},
            body=_("%(name)s proposes %(amount)s.") % {"name": by, "amount": amount(share.revenue)},
            url=reverse("plans:share_answer", args=[share.pk]),
        )


def _tell_givers(share: CascadeShare, by: User) -> None:
    words: Mapping[str, Callable[[], str]] = {
        State.ACCEPTED: lambda: _("%(part)s accepts its share of %(year)s"),
        State.ARGUED: lambda: _("%(part)s argues against its share of %(year)s"),
    }
    for person in givers(share.plan):
        if person.pk == by.pk:
            continue
        with in_language_of(person):
            notify(
                [person],
                kind=f"share_{share.state}",
                occasion=f"share-{share.pk}-{share.version}",
                title=words[share.state]()
                % {"part": part_name(share), "year": company_year(share.plan.year).label},
                body=share.argument,
                url=reverse("plans:level_detail", args=[share.plan_id]),
            )


def part_name(share: CascadeShare) -> Any:
    """The team's, person's or account's name."""
    return str(share.team or share.owner or share.account)
