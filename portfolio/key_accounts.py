"""What can be read about an account as a key account: since when, and what is proposed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Account
from kam.scoping import Role, principal
from portfolio.models import Nomination
from portfolio.services.nominations import WAITING

#: Who may propose for every account that they see.
PROPOSE_ALL = frozenset({Role.LEADER, Role.MANAGEMENT, Role.ADMINISTRATOR})


def key_since(account: Account) -> datetime | None:
    """When the account became a key account, by its history; ``None`` where it is none (one query)."""
    if not account.is_key_account:
        return None
    events = account.events.order_by()  # type: ignore[attr-defined]
    last_no = events.filter(is_key_account=False).values("pgh_obj").annotate(n=Max("pgh_id"))
    first = (
        events.filter(is_key_account=True)
        .filter(pgh_id__gt=Coalesce(Subquery(last_no.values("n")[:1]), 0))
        .order_by("pgh_id")
        .first()
    )
    return first.pgh_created_at if first is not None else None


def may_propose(user: Any, account: Account) -> bool:
    """Whether this person, who sees the account, may propose for it (at most one query)."""
    person = principal(user)
    if person is None or getattr(user, "read_only", False) or account.archived_at is not None:
        return False
    if person.role in PROPOSE_ALL:
        return True
    return Account.objects.staffed_by(user).filter(pk=account.pk).exists()


@dataclass(frozen=True, slots=True)
class Standing:
    """An account's place in the process: the proposal that waits and the last one decided."""

    open: Nomination | None
    last: Nomination | None


def standing_of(account: Account, user: Any) -> Standing:
    """The account's newest nominations (one query)."""
    about = Nomination.objects.visible_to(user).filter(account=account).order_by("-pk")
    rows = list(about.select_related("owner", "proposed_by")[:2])
    waiting = next((row for row in rows if row.state in WAITING), None)
    decided = next((row for row in rows if row.state not in WAITING), None)
    return Standing(waiting, decided)


__all__ = ["Standing", "key_since", "may_propose", "standing_of"]
