"""What can be read about an account as a key account: since when, and what is proposed."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Max, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Account
from kam.models import Company
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


@dataclass(frozen=True, slots=True)
class Marks:
    """Accounts whose key mark changed since the start of a period, by their history.

    All others were at its start, and are at its end, what they are today. ``was`` and ``is_one``
    follow ``accounts``.
    """

    accounts: tuple[int, ...] = ()
    was: tuple[bool, ...] = ()
    is_one: tuple[bool, ...] = ()

    @property
    def won(self) -> list[int]:
        """Those that became key accounts in the period and still were at its end."""
        rows = zip(self.accounts, self.was, self.is_one, strict=True)
        return [pk for pk, was, is_one in rows if is_one and not was]


_MARKS = """
WITH changed AS (
    SELECT DISTINCT row_id FROM kam_auditentry
     WHERE model = 'accounts.account' AND at >= %(start)s AND 'is_key_account' = ANY (fields)
), first AS (
    SELECT c.row_id, (SELECT e.is_key_account FROM accounts_accountevent e
                       WHERE e.pgh_obj_id = c.row_id ORDER BY e.pgh_id LIMIT 1) AS mark
      FROM changed c
)
SELECT f.row_id,
       coalesce((SELECT e.is_key_account FROM accounts_accountevent e
                  WHERE e.pgh_obj_id = f.row_id AND e.pgh_created_at < %(start)s
                  ORDER BY e.pgh_id DESC LIMIT 1), f.mark),
       coalesce((SELECT e.is_key_account FROM accounts_accountevent e
                  WHERE e.pgh_obj_id = f.row_id AND e.pgh_created_at < %(end)s
                  ORDER BY e.pgh_id DESC LIMIT 1), f.mark)
  FROM first f WHERE f.mark IS NOT NULL ORDER BY f.row_id
"""


def marks_in(first: date, end: date) -> Marks:
    """How key marks changed from ``first`` on, as they stood then and on ``end`` (one query).

    Days are the company's. An account that came into the system as a key account counts as one from
    before: when it became one, nobody has said.
    """
    zone = ZoneInfo(Company.current().timezone)
    days = {
        "start": datetime.combine(first, time.min, zone),
        "end": datetime.combine(end, time.min, zone),
    }
    with connection.cursor() as cursor:
        cursor.execute(_MARKS, days)
        rows = cursor.fetchall()
    return Marks(*(tuple(column) for column in zip(*rows, strict=True))) if rows else Marks()


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


__all__ = ["Marks", "Standing", "key_since", "marks_in", "may_propose", "standing_of"]
