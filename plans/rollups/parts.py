"""The parts that a level's target is shared out to, with what they are weighed by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import F, QuerySet, Sum

from accounts.models import Account
from kam.models import User
from kam.periods import FiscalYear
from plans.calc import ZERO
from plans.models import CascadeShare
from plans.rollups.accounts import fill_accounts
from plans.rollups.levels import Node
from plans.rollups.sheet import sheet_for
from portfolio.models import AccountScore

Basis = CascadeShare.Basis
#: A portfolio's target is shared out among so many accounts: those that weigh most.
ACCOUNTS_SHARED = 100


@dataclass(frozen=True, slots=True)
class SharePart:
    """One part below a level: ("team" | "owner" | "account", id), and its weight by the basis."""

    kind: str
    pk: int
    label: str
    last_year: Decimal
    potential: Decimal

    @property
    def key(self) -> tuple[str, int]:
        return self.kind, self.pk

    @property
    def name(self) -> str:
        """As a field of a form is called."""
        return f"{self.kind}-{self.pk}"

    def weight(self, basis: str) -> Decimal:
        return max(ZERO, self.potential if basis == Basis.POTENTIAL else self.last_year)


def node_parts(node: Node, owners: QuerySet[User]) -> list[SharePart]:
    """The teams and people below a level, by last year's sales and attainable revenue (one query).

    Accounts without an owner are nobody's: nothing is shared out to them.
    """
    attainable: dict[tuple[str, int], Decimal] = {}
    teams = {part.pk for part in node.parts if part.kind == "team"}
    scored = (
        AccountScore.objects.filter(last_night__isnull=True, account__archived_at__isnull=True)
        .filter(account__owner__in=owners)
        .order_by()
        .values_list("account__owner", "account__owner__team__path")
        .annotate(attainable=Sum("attainable"))
    )
    for owner, path, amount in scored:
        inside = teams & set(path or ())
        key = ("team", int(inside.pop() or 0)) if inside else ("owner", int(owner or 0))
        attainable[key] = attainable.get(key, ZERO) + (amount or ZERO)
    found = []
    for part in node.parts:
        if part.pk is None:
            continue
        kind = "team" if part.kind == "team" else "owner"
        potential = attainable.get((kind, part.pk), ZERO)
        found.append(SharePart(kind, part.pk, part.label, part.figures.last.actual, potential))
    return found


def account_parts_of(
    accounts: QuerySet[Account], basis: str, year: FiscalYear, today: date
) -> list[SharePart]:
    """The accounts that weigh most by the basis, at most ``ACCOUNTS_SHARED`` (four queries)."""
    scores = AccountScore.objects.filter(last_night__isnull=True, account__in=accounts).order_by()
    potential: Mapping[int, Decimal | None] = dict(scores.values_list("account", "attainable"))
    if basis == Basis.POTENTIAL:
        chosen = sorted(potential, key=lambda pk: -(potential[pk] or ZERO))[:ACCOUNTS_SHARED]
        rows = list(accounts.filter(pk__in=chosen).only("pk", "name"))
    else:
        years = F("years__revenue")
        last = accounts.filter(years__year=year.year - 1).order_by()
        chosen = list(
            last.values("pk").annotate(total=Sum(years)).order_by("-total")
            .values_list("pk", flat=True)[:ACCOUNTS_SHARED]
        )  # fmt: skip
        rows = list(accounts.filter(pk__in=chosen).only("pk", "name"))
    sheet = fill_accounts(sheet_for(year, today), [row.pk for row in rows])
    parts = [
        SharePart(
            "account", row.pk, row.name,
            sheet.figures(("account", row.pk)).last.actual, potential.get(row.pk) or ZERO,
        )
        for row in rows
    ]  # fmt: skip
    return sorted(parts, key=lambda part: (-part.weight(basis), part.label.casefold()))


__all__ = ["ACCOUNTS_SHARED", "SharePart", "account_parts_of", "node_parts"]
