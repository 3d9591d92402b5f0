"""What can be read about an account as a key account: since when, and what is proposed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Max, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Account
from kam.models import Company
from kam.periods import company_year
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

    def __iter__(self) -> Iterator[tuple[int, bool, bool]]:
        return zip(self.accounts, self.was, self.is_one, strict=True)

    @property
    def won(self) -> list[int]:
        """Those that became key accounts in the period and still were at its end."""
        return [pk for pk, was, is_one in self if is_one and not was]


_MARKS = """
WITH years AS (
    SELECT * FROM unnest(%s::int[], %s::timestamptz[], %s::timestamptz[]) AS y (year, first, after)
), changed AS (
    SELECT DISTINCT row_id FROM kam_auditentry
     WHERE model = 'accounts.account' AND at >= (SELECT min(first) FROM years)
       AND 'is_key_account' = ANY (fields)
), begun AS (
    SELECT c.row_id, (SELECT e.is_key_account FROM accounts_accountevent e
                       WHERE e.pgh_obj_id = c.row_id ORDER BY e.pgh_id LIMIT 1) AS mark
      FROM changed c
)
SELECT y.year, b.row_id,
       coalesce((SELECT e.is_key_account FROM accounts_accountevent e
                  WHERE e.pgh_obj_id = b.row_id AND e.pgh_created_at < y.first
                  ORDER BY e.pgh_id DESC LIMIT 1), b.mark),
       coalesce((SELECT e.is_key_account FROM accounts_accountevent e
                  WHERE e.pgh_obj_id = b.row_id AND e.pgh_created_at < y.after
                  ORDER BY e.pgh_id DESC LIMIT 1), b.mark)
  FROM begun b CROSS JOIN years y WHERE b.mark IS NOT NULL ORDER BY b.row_id
"""


def marks_in(years: Sequence[int]) -> dict[int, Marks]:
    """How key marks changed in each fiscal year: at its start, and at its end or now (one query).

    An account that came into the system as a key account counts as one from before: when it became
    one, nobody has said.
    """
    zone = ZoneInfo(Company.current().timezone)
    periods = [company_year(year) for year in years]
    firsts = [datetime.combine(period.first, time.min, zone) for period in periods]
    ends = [datetime.combine(period.end, time.min, zone) for period in periods]
    with connection.cursor() as cursor:
        cursor.execute(_MARKS, [list(years), firsts, ends])
        rows = cursor.fetchall()
    return {
        year: Marks(*zip(*own, strict=True)) if own else Marks()
        for year in years
        for own in [[row[1:] for row in rows if row[0] == year]]
    }


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
