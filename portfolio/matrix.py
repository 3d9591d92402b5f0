"""What the matrix shows: profitability × potential of a person's accounts on one night.

The nightly scores are read as they are stored. Many accounts are gathered into squares by the
database; only what can be told apart is fetched. All functions take a scoped queryset of scores.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.db.models import (
    Avg,
    Case,
    Count,
    F,
    Func,
    IntegerField,
    Min,
    OuterRef,
    Q,
    Subquery,
    Sum,
    When,
)
from django.db.models.functions import Least

from kam.scoping import SEES_ALL, principal
from portfolio.models import AccountScore, CellText, ScoringRun, Segment, SegmentPlacement
from portfolio.querysets import OfScoredAccountQuerySet, seen_by

#: Up to this many accounts each has its own bubble; above, near ones are gathered.
SINGLE = 150
#: Squares along each axis.
SQUARES = 10
#: A range no wider than this is not gathered into smaller squares.
FINEST = Decimal("0.1")
WHOLE = (Decimal(0), Decimal(100))
ZERO = Decimal(0)
#: How many steps of an account's way a trail shows at most.
STEPS = 24
#: From so many scored accounts on the squares are kept, and for how long (seconds).
KEPT_FROM = 20_000
KEPT_SECONDS = 30 * 3600  # from one night to the next
#: Accounts with an amount that a missing budget rate leaves unknown.
UNRATED = Q(revenue__isnull=True) | Q(contribution__isnull=True)
#: Counts on when what is kept changes its form.
FORM = 2
SIZES = ("revenue", "contribution", "attainable", "none")

Range = tuple[Decimal, Decimal]


class WidthBucket(Func):
    """PostgreSQL's ``width_bucket(value, low, high, count)``: 1 … count, count + 1 at ``high``."""

    function = "width_bucket"
    output_field = IntegerField()


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the matrix that is looked at; the upper ends belong to it only at 100."""

    x: Range = WHOLE
    y: Range = WHOLE

    @property
    def whole(self) -> bool:
        return self.x == WHOLE and self.y == WHOLE

    @property
    def finest(self) -> bool:
        return self.x[1] - self.x[0] <= FINEST and self.y[1] - self.y[0] <= FINEST

    def q(self) -> Q:
        """The scores inside; those without both axes are in no window."""
        return _between("profitability", self.x) & _between("potential", self.y)

    def square(self, column: int, row: int) -> Window:
        """One of its squares, counted from 1."""
        return Window(_part(self.x, column), _part(self.y, row))


def _between(name: str, ends: Range) -> Q:
    low, high = ends
    upper = {f"{name}__lte": high} if high >= WHOLE[1] else {f"{name}__lt": high}
    return Q(**{f"{name}__gte": low}, **upper)


def _part(ends: Range, at: int) -> Range:
    step = (ends[1] - ends[0]) / SQUARES
    return ends[0] + step * (at - 1), ends[0] + step * at


@dataclass(slots=True)
class Sums:
    """What a cell or square holds; amounts in company currency, of twelve months.

    ``unrated`` accounts are in no sum, or in some sums only: a budget rate is missing.
    """

    accounts: int = 0
    key_accounts: int = 0
    revenue: Decimal = ZERO
    contribution: Decimal = ZERO
    attainable: Decimal = ZERO
    hours: Decimal = ZERO
    unrated: int = 0

    def add(self, row: Mapping[str, Any]) -> None:
        self.accounts += row["accounts"]
        self.key_accounts += row["key_accounts"]
        self.unrated += row["unrated"]
        for name in ("revenue", "contribution", "attainable", "hours"):
            setattr(self, name, getattr(self, name) + (row[f"sum_{name}"] or ZERO))


@dataclass(slots=True)
class Square(Sums):
    """Some accounts near each other: how many, their mean place, one of their ids."""

    window: Window = field(default_factory=Window)
    x: Decimal = ZERO
    y: Decimal = ZERO
    account: int = 0


@dataclass(frozen=True, slots=True)
class Grid:
    """Sums by cell over all rows (``""``: an axis is missing), and the squares of the window."""

    cells: dict[str, Sums]
    squares: list[Square]

    @property
    def total(self) -> Sums:
        whole = Sums()
        for cell in self.cells.values():
            whole.accounts += cell.accounts
            whole.key_accounts += cell.key_accounts
            whole.unrated += cell.unrated
            for name in ("revenue", "contribution", "attainable", "hours"):
                setattr(whole, name, getattr(whole, name) + getattr(cell, name))
        return whole

    @property
    def inside(self) -> int:
        """How many accounts lie in the window."""
        return sum(square.accounts for square in self.squares)


def run_on(user: Any, night: date | None) -> ScoringRun | None:
    """The newest whole run, or the newest on or before ``night``; with its criteria (one query)."""
    runs = ScoringRun.objects.visible_to(user).filter(state=ScoringRun.State.WHOLE)
    if night is not None:
        runs = runs.filter(night__lte=night)
    return runs.select_related("criteria_version").order_by("-night").first()


def scores_on(user: Any, run: ScoringRun, *, newest: bool) -> OfScoredAccountQuerySet[AccountScore]:
    """The scores that held after a run, as far as this person sees the accounts."""
    rows = seen_by(AccountScore.objects.all(), user)
    return rows.current() if newest else rows.on_night(run.night)


def grid(rows: OfScoredAccountQuerySet[AccountScore], window: Window) -> Grid:
    """Cells of all rows and squares of the window, in one pass over them (one query)."""
    inside = window.q()
    found = (
        rows.order_by()
        .annotate(
            column=Case(When(inside, then=_bucket("profitability", window.x))),
            line=Case(When(inside, then=_bucket("potential", window.y))),
        )
        .values("cell", "column", "line")
        .annotate(
            accounts=Count("pk"),
            key_accounts=Count("pk", filter=Q(is_key_account=True)),
            unrated=Count("pk", filter=UNRATED),
            sum_revenue=Sum("revenue"),
            sum_contribution=Sum("contribution"),
            sum_attainable=Sum("attainable"),
            sum_hours=Sum("hours"),
            mean_x=Avg("profitability"),
            mean_y=Avg("potential"),
            one=Min("account"),
        )
    )
    cells: dict[str, Sums] = {}
    squares: dict[tuple[int, int], Square] = {}
    for row in found:
        cells.setdefault(row["cell"], Sums()).add(row)
        if row["column"] is None:
            continue
        place = row["column"], row["line"]
        square = squares.setdefault(place, Square(window=window.square(*place), account=row["one"]))
        before = square.accounts
        square.add(row)
        square.x = (square.x * before + row["mean_x"] * row["accounts"]) / square.accounts
        square.y = (square.y * before + row["mean_y"] * row["accounts"]) / square.accounts
        square.account = min(square.account, row["one"])
    return Grid(cells, [squares[place] for place in sorted(squares)])


def kept_grid(
    user: Any, rows: OfScoredAccountQuerySet[AccountScore], window: Window, run: ScoringRun
) -> Grid:
    """The grid; for those who see all of a large company it is kept, as a night does not change."""
    person = principal(user)
    if run.scored < KEPT_FROM or person is None or person.role not in SEES_ALL:
        return grid(rows, window)
    text = repr((FORM, rows.query.sql_with_params(), window, run.pk, run.finished_at))
    key = "matrix:" + hashlib.blake2s(text.encode()).hexdigest()
    found = cache.get(key)
    if found is None:
        found = grid(rows, window)
        cache.set(key, found, KEPT_SECONDS)
    return found


def _bucket(name: str, ends: Range) -> Any:
    return Least(WidthBucket(F(name), *ends, SQUARES), SQUARES, output_field=IntegerField())


def shown_alone(found: Grid) -> list[int] | None:
    """The accounts that have their own bubble; ``None``: all of the window."""
    if found.inside <= SINGLE:
        return None
    return [square.account for square in found.squares if square.accounts == 1]


def bubbles(
    rows: OfScoredAccountQuerySet[AccountScore],
    window: Window,
    only: Iterable[int] | None = None,
    *,
    scheme: int | None = None,
    night: date | None = None,
) -> list[AccountScore]:
    """The single accounts of the window with their names (one query; ``only`` names them).

    With ``scheme`` each row has ``segment``, its segment's id on that night (today's without one).
    """
    found = rows.filter(window.q()) if only is None else rows.filter(account__in=list(only))
    found = found.select_related("account", "owner").defer(
        "raw", "as_of", "values", "account__description"
    )
    if scheme is not None:
        # The rows are scoped already: a placement is read for accounts that are seen.
        placed = SegmentPlacement.objects.filter(account=OuterRef("account"), scheme=scheme)
        placed = placed.current() if night is None else placed.on_night(night)
        found = found.annotate(segment=Subquery(placed.order_by().values("segment")[:1]))
    return list(found.order_by("pk"))


def trail(user: Any, account: int) -> Sequence[AccountScore]:
    """An account's way through the matrix, oldest first, its last steps (one query)."""
    steps = AccountScore.objects.visible_to(user).filter(
        account=account, profitability__isnull=False, potential__isnull=False
    )
    found = steps.select_related("account").defer("raw", "as_of", "values")
    return list(found.order_by("-first_night")[:STEPS])[::-1]


def schemes(user: Any) -> dict[int, tuple[str, list[Segment]]]:
    """Each segment scheme in use with its segments, by rank (one query)."""
    found: dict[int, tuple[str, list[Segment]]] = {}
    segments = Segment.objects.visible_to(user).active().filter(scheme__archived_at__isnull=True)
    for segment in segments.select_related("scheme").order_by("scheme_id", "rank"):
        found.setdefault(segment.scheme_id, (segment.scheme.name, []))[1].append(segment)
    return found


def cell_texts(user: Any) -> dict[str, CellText]:
    """The company's word on each of the four cells (one query where they are there)."""
    found = {text.cell: text for text in CellText.objects.visible_to(user)}
    missing = [cell for cell in CellText.Cell.values if cell not in found]
    if missing:
        for cell in missing:
            text, _new = CellText.objects.get_or_create(cell=cell)
            found[cell] = text
    return found
