"""One person's planned hours over their accounts, with what a change would do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import F, FilteredRelation, Q, Sum

from accounts.models import Account
from kam.money import ZERO
from kam.periods import FiscalYear
from portfolio.calc.resources import CellShare, Load, Move, Place, cell_shares, suggested_moves
from portfolio.models import CellText, HoursSpent, PlannedHours, PortfolioSettings
from portfolio.resources.load import wanted_shares
from portfolio.resources.planned import plain, with_plan

#: Accounts that the board reads at most; what is left out is said.
MOST_PLACES = 2000
BOARD_A_PAGE = 25


@dataclass(slots=True)
class BoardRow:
    """An account on somebody's board: its planned hours now, and as they are tried."""

    account: Any
    place: Place
    spent: Decimal
    then: Decimal
    may_edit: bool = False
    error: str = ""
    typed: str | None = None

    @property
    def cell(self) -> str:
        """The cell's name as a person reads it; empty where the account has none."""
        return str(dict(CellText.Cell.choices).get(self.place.cell, ""))

    @property
    def change(self) -> Decimal:
        return self.then - self.place.hours

    @property
    def initial(self) -> str:
        """Planned hours as they are stored, to tell what was touched."""
        return plain(self.place.hours)

    @property
    def shown(self) -> str:
        return self.typed if self.typed is not None else plain(self.then)

    @property
    def most(self) -> int:
        """Where the slider ends."""
        return int(max(self.place.hours, self.then, Decimal(50)) * 2)


@dataclass
class Board:
    """One person's planned hours of a year over their accounts, with what a change would do.

    ``cut``: the person has more accounts than the board reads.
    """

    person: Any
    year: FiscalYear
    rows: list[BoardRow]
    wanted: Mapping[str, Decimal | None]
    hourly_cost: Decimal
    cut: bool

    @cached_property
    def now(self) -> Load:
        planned = sum((row.place.hours for row in self.rows), ZERO)
        return Load(self.person.capacity, planned, self.person.spent)

    @cached_property
    def then(self) -> Load:
        planned = sum((row.then for row in self.rows), ZERO)
        return Load(self.person.capacity, planned, self.person.spent)

    @cached_property
    def cost(self) -> tuple[Decimal, Decimal]:
        """What the planned hours cost now, and then."""
        return self.now.planned * self.hourly_cost, self.then.planned * self.hourly_cost

    @cached_property
    def cells(self) -> list[tuple[CellShare, CellShare]]:
        """Each cell's planned hours now, and then."""
        now: dict[str, Decimal] = {}
        then: dict[str, Decimal] = {}
        for row in self.rows:
            cell = row.place.cell
            now[cell] = now.get(cell, ZERO) + row.place.hours
            then[cell] = then.get(cell, ZERO) + row.then
        pairs = zip(cell_shares(now, self.wanted), cell_shares(then, self.wanted), strict=True)
        return [(a, b) for a, b in pairs if a.hours or b.hours or a.should]

    @cached_property
    def moves(self) -> list[Move]:
        """Suggestions from the hours as they are planned now."""
        return suggested_moves([row.place for row in self.rows], self.wanted)

    @property
    def changed(self) -> bool:
        return any(row.change for row in self.rows)

    def try_moves(self) -> set[int]:
        """Puts the suggestions on the board, unsaved; the accounts that they touch."""
        by_id = {row.account.pk: row for row in self.rows}
        touched: set[int] = set()
        for move in self.moves:
            by_id[move.giver.key].then -= move.hours  # type: ignore[index]
            by_id[move.taker.key].then += move.hours  # type: ignore[index]
            touched |= {move.giver.key, move.taker.key}  # type: ignore[arg-type]
        return touched


def board_of(user: Any, person: Any, year: FiscalYear) -> Board:
    """The board of somebody from ``people_with_load``: the accounts that ``user`` sees (5 queries)."""
    keys = (
        Account.objects.filter(owner=person)
        .order_by()
        .values("pk")
        .union(
            PlannedHours.objects.active()
            .filter(user=person, year=year.year)
            .order_by()
            .values("account")
        )
    )
    accounts = with_plan(Account.objects.filter(pk__in=keys), person, year.year).annotate(
        score=FilteredRelation("scores", condition=Q(scores__last_night__isnull=True)),
        cell=F("score__cell"),
        improvement=F("score__improvement"),
        contribution=F("score__contribution"),
        hours12=F("score__hours"),
    )
    found = list(
        accounts.visible_to(user)
        .active()
        .order_by(F("planned").desc(nulls_last=True), "name", "pk")[: MOST_PLACES + 1]
    )
    spent = dict(
        HoursSpent.objects.active()  # shown for accounts that the user sees
        .filter(user=person, week__gte=year.first, week__lt=year.end)
        .order_by()
        .values_list("account")
        .annotate(Sum("hours"))
    )
    rows = [
        BoardRow(account, place, spent.get(account.pk, ZERO), place.hours)
        for account in found[:MOST_PLACES]
        for place in [_place(account)]
    ]
    return Board(
        person,
        year,
        rows,
        wanted_shares(),
        PortfolioSettings.current().hourly_cost,
        len(found) > MOST_PLACES,
    )


def _place(account: Any) -> Place:
    hours, contribution = account.hours12, account.contribution
    return Place(
        account.pk,
        account.cell or "",
        account.planned or ZERO,
        contribution / hours if hours and contribution is not None else None,
        account.improvement,
    )


def mark_editable(user: Any, rows: Sequence[BoardRow]) -> None:
    """Says which of these accounts ``user`` may change (one query)."""
    asked = [row.account.pk for row in rows]
    may = set(Account.objects.editable_by(user).filter(pk__in=asked).values_list("pk", flat=True))
    for row in rows:
        row.may_edit = row.account.pk in may
