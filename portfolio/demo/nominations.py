"""The demo company's key accounts in the making: limits, nominations in every step, segments by hand."""

from collections.abc import Iterator
from datetime import date, timedelta

from accounts.models import Account
from accounts.services import key_accounts
from kam.audit import source
from kam.models import Role, User
from portfolio.models import Nomination, PortfolioSettings, Segment, SegmentScheme
from portfolio.services import nominations as process
from portfolio.services import segments
from portfolio.services.inputs import change_settings

#: Room that the limits leave above what the company has.
ROOM = 2
#: Where a proposal ends, why it was made, what was said with each later step.
OPEN: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("proposed", "Builds a second line next year and wants one supplier for pumps and valves.", ()),
    (
        "proposed",
        "The group buys centrally from January; the head office decides for six plants.",
        (),
    ),
    ("accepted", "Tripled its orders of dosing pumps since the pilot.", ("Worth a closer look.",)),
    (
        "validated",
        "Shares its investment plan with us and asks for a yearly agreement.",
        ("Fits the strategy.", "Small today; the potential carries it."),
    ),
    (
        "validated",
        "Reference plant for condition monitoring; three others wait for its result.",
        ("Agreed.", "The criteria say little yet: the plant is new."),
    ),
)
DECIDED: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "confirmed",
        "Signed a frame agreement for three years.",
        ("Yes.", "The agreement lifts its potential.", "Confirmed by the management team."),
    ),
    (
        "rejected",
        "Large, and asks only for the price.",
        ("Let us look.", "Validated in spite of the scores."),
    ),
    ("withdrawn", "Wanted a key account manager of its own.", ()),
)
REJECTION = "Merely large: no access above purchasing, and no wish for more."
ENDED = "Two years without a common project; the account goes on with inside sales."
BY_HAND = (
    "A new plant is decided; the figures follow next year.",
    "Under review after the change of ownership.",
    "Strategic reference in water treatment.",
)


def make_nominations(*, today: date) -> None:
    """Sets the limits, makes the ready schemes, nominations in each step, and some overrides.

    Needs accounts with owners, a leader above them, management and an administrator. Everything goes
    through the services, in the name of whoever would do it; accounts are placed in the end.
    """
    people = User.objects.people().order_by("pk")
    administrator = people.filter(role=Role.ADMINISTRATOR).first()
    management = people.filter(role=Role.MANAGEMENT).first()
    if administrator is None or management is None:
        raise ValueError("the demo's nominations need an administrator and somebody of management")
    with source("command", user=administrator.pk):
        _set_limits()
        segments.create_ready()
    candidates = _candidates()
    for state, reason, words in (*DECIDED, *OPEN):
        account = next(candidates, None)
        if account is not None:
            _propose(account, state, reason, words, management)
    _end_one(management)
    segments.place_accounts(today)
    _by_hand(today)


def _set_limits() -> None:
    found = key_accounts.counts()
    owned = [n for owner, n in found.items() if owner is not None]
    change_settings(
        PortfolioSettings.current(),
        {
            "key_account_limit": found.total() + ROOM,
            "key_accounts_per_kam": max(owned, default=0) + 1,
        },
    )


def _candidates() -> Iterator[Account]:
    """Accounts that are none yet and could be: the largest of each KAM, one KAM after the other."""
    rows = (
        Account.objects.active()
        .filter(is_key_account=False, owner__isnull=False, type=Account.Type.CUSTOMER)
        .select_related("owner")
        .order_by("owner_id", "-figures__revenue", "pk")
        .distinct("owner_id")
    )
    yield from rows


def _propose(
    account: Account, state: str, reason: str, words: tuple[str, ...], management: User
) -> None:
    owner = account.owner
    if owner is None:
        return
    with source("command", user=owner.pk):
        row = process.propose(
            account, owner, reason=reason, level=Account.Level.REGIONAL, owner=owner
        )
        if state == "withdrawn":
            process.withdraw(row, owner, "They are served well as they are.")
    leader = next(iter(process.deciders(row)), management)
    acts = (
        (process.accept, leader),
        (process.validate, leader),
        (process.confirm, management),
    )
    for (act, by), note in zip(acts, words, strict=False):
        with source("command", user=by.pk):
            row = act(row, by, note)
    if state == "rejected":
        with source("command", user=management.pk):
            process.reject(row, management, REJECTION)


def _end_one(management: User) -> None:
    """The smallest key account of whoever has most of them stops being one."""
    found = key_accounts.counts()
    owners = sorted((-n, owner) for owner, n in found.items() if owner is not None)
    if not owners or -owners[0][0] < 2:
        return
    account = (
        Account.objects.active()
        .filter(owner=owners[0][1], is_key_account=True)
        .select_related("owner")
        .order_by("figures__revenue", "pk")
        .first()
    )
    if account is None or account.owner is None:
        return
    with source("command", user=account.owner.pk):
        row = process.propose(account, account.owner, kind=Nomination.Kind.REMOVE, reason=ENDED)
    leader = next(iter(process.deciders(row)), management)
    with source("command", user=leader.pk):
        row = process.validate(process.accept(row, leader, "Agreed."), leader, "As proposed.")
    with source("command", user=management.pk):
        process.confirm(row, management, "Confirmed.")


def _by_hand(today: date) -> None:
    scheme = SegmentScheme.objects.active().order_by("pk").first()
    if scheme is None:
        return
    best: Segment | None = scheme.segments.active().order_by("rank").first()
    placed = Account.objects.active().filter(
        placements__scheme=scheme, placements__last_night__isnull=True, owner__isnull=False
    )
    others = placed.exclude(placements__segment=best).order_by("-figures__revenue", "pk")
    for number, (account, reason) in enumerate(
        zip(others.select_related("owner")[: len(BY_HAND)], BY_HAND, strict=False), 1
    ):
        if best is None or account.owner is None:
            continue
        with source("command", user=account.owner.pk):
            segments.set_override(
                account,
                best,
                account.owner,
                reason=reason,
                expires_on=today + timedelta(days=90 * number),
            )


__all__ = ["make_nominations"]
