"""Wallets, returns and hours (METHODS: share of wallet, contribution). Pure: no database, no clock.

All amounts of one sum are in one currency and unrounded; what cannot be known is ``None``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)


def ratio(part: Decimal | None, base: Decimal | None) -> Decimal | None:
    """``part / base``; ``None`` where either is missing or the base is not above zero."""
    if part is None or base is None or base <= 0:
        return None
    return part / base


@dataclass(frozen=True, slots=True)
class LineFigures:
    """One product line of an account: own sales of twelve months against a yearly estimate.

    ``wallet``: the account's purchases from everybody. ``potential``: what we could sell.
    ``chance``: that we attain it, 0–100. ``own`` is missing where a rate is missing.
    """

    own: Decimal | None
    wallet: Decimal | None = None
    potential: Decimal | None = None
    chance: Decimal | None = None

    @property
    def share(self) -> Decimal | None:
        """Share of wallet: own sales / wallet; 0.25 is 25 %."""
        return ratio(self.own, self.wallet)

    @property
    def white_space(self) -> Decimal | None:
        """Wallet − own sales; below zero where we sell more than the estimate says they buy."""
        if self.own is None or self.wallet is None:
            return None
        return self.wallet - self.own

    @property
    def to_win(self) -> Decimal | None:
        """Potential − own sales; never below zero: what is sold already needs no winning."""
        if self.own is None or self.potential is None:
            return None
        return max(self.potential - self.own, ZERO)

    @property
    def improvement(self) -> Decimal | None:
        """(Potential − own sales) × chance; ``None`` until somebody has said the chance."""
        if self.to_win is None or self.chance is None:
            return None
        return self.to_win * self.chance / HUNDRED

    @property
    def too_low(self) -> bool:
        """Whether we sell more than the wallet: the estimate needs another look."""
        return self.white_space is not None and self.white_space < 0


@dataclass(frozen=True, slots=True)
class Return:
    """What an account leaves over in twelve months, in company currency, with all its parts."""

    revenue: Decimal
    goods: Decimal
    hours: Decimal
    hourly_cost: Decimal
    services: Decimal

    @property
    def time(self) -> Decimal:
        """What the hours cost."""
        return self.hours * self.hourly_cost

    @property
    def contribution(self) -> Decimal:
        """Revenue − cost of goods − hours × cost of an hour − other costs to serve."""
        return self.revenue - self.goods - self.time - self.services

    @property
    def margin(self) -> Decimal | None:
        """Contribution / revenue; ``None`` without revenue."""
        return ratio(self.contribution, self.revenue)

    @property
    def per_hour(self) -> Decimal | None:
        """Contribution for each hour; ``None`` where no hour was spent."""
        return self.contribution / self.hours if self.hours > 0 else None


# --- where the time goes, and where it should ------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Place:
    """An account as a place for hours.

    ``cell``: its matrix cell, empty where it has none. ``per_hour``: contribution for each hour.
    ``improvement``: its improvement potential, 0–100 or an amount, the higher the more to win.
    """

    key: Hashable
    cell: str
    hours: Decimal
    per_hour: Decimal | None = None
    improvement: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CellShare:
    """Hours of one matrix cell: how many there are, and how many there should be.

    ``should`` is ``None`` where the company has not said which share this cell gets.
    """

    cell: str
    hours: Decimal
    share: Decimal | None
    should: Decimal | None
    should_share: Decimal | None

    @property
    def over(self) -> Decimal | None:
        """Hours above (or, below zero, under) the cell's share."""
        return None if self.should is None else self.hours - self.should


def cell_shares(
    hours: Mapping[str, Decimal], wanted: Mapping[str, Decimal | None]
) -> list[CellShare]:
    """Each cell's hours beside its share, in the order of ``wanted`` (percent, by cell).

    The wanted shares are scaled to the hours of those cells that have one, so that they need not
    add up to 100. Hours outside of every wanted cell (``''``: no cell yet) follow at the end.
    """
    total = sum(hours.values(), ZERO)
    named = {cell: share for cell, share in wanted.items() if share is not None}
    spread = sum((hours.get(cell, ZERO) for cell in named), ZERO)
    weight = sum(named.values(), ZERO)
    found = []
    for cell in [*wanted, *(c for c in hours if c not in wanted)]:
        share = wanted.get(cell)
        part = None if share is None or weight <= 0 else share / weight
        held = hours.get(cell, ZERO)
        found.append(
            CellShare(
                cell,
                held,
                ratio(held, total),
                None if part is None else spread * part,
                part,
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Move:
    """A suggestion: so many whole hours from one account to another."""

    giver: Place
    taker: Place
    hours: Decimal


def suggested_moves(
    places: Sequence[Place],
    wanted: Mapping[str, Decimal | None],
    *,
    most_of: Decimal = Decimal("0.5"),
    at_least: Decimal = Decimal(20),
    limit: int = 10,
) -> list[Move]:
    """Where hours could go: from cells over their share to cells under it. The sum is kept.

    Hours are taken first where an hour leaves the least contribution over (accounts whose return is
    not known come last), at most ``most_of`` of an account's hours; and given first where the
    improvement potential is highest, at most ``most_of`` of what the account has or ``at_least``
    hours. A cell gives only what it has over its share and takes only what it lacks. Only whole
    hours move, and an account without improvement potential gets none. Nobody falls below zero.
    """
    hours: dict[str, Decimal] = {}
    for place in places:
        hours[place.cell] = hours.get(place.cell, ZERO) + place.hours
    over = {s.cell: s.over for s in cell_shares(hours, wanted) if s.over is not None}
    givers = [
        (place, (place.hours * most_of).quantize(ONE, rounding=ROUND_DOWN))
        for place in sorted(
            (p for p in places if over.get(p.cell, ZERO) > 0 and p.hours > 0),
            key=lambda p: (p.per_hour is None, p.per_hour or ZERO, -p.hours),
        )
    ]
    takers = [
        (place, max((place.hours * most_of).quantize(ONE, rounding=ROUND_DOWN), at_least))
        for place in sorted(
            (p for p in places if over.get(p.cell, ZERO) < 0 and (p.improvement or ZERO) > 0),
            key=lambda p: (-(p.improvement or ZERO), p.hours),
        )
    ]
    spare = {cell: value.quantize(ONE, rounding=ROUND_DOWN) for cell, value in over.items()}
    return list(_matched(givers, takers, spare, limit))


def _matched(
    givers: Iterable[tuple[Place, Decimal]],
    takers: Iterable[tuple[Place, Decimal]],
    spare: dict[str, Decimal],
    limit: int,
) -> Iterable[Move]:
    giving, taking = iter(givers), iter(takers)
    giver, taker = next(giving, None), next(taking, None)
    while giver is not None and taker is not None and limit > 0:
        (giving_place, may_give), (taking_place, may_take) = giver, taker
        gives = min(may_give, spare[giving_place.cell])
        takes = min(may_take, -spare[taking_place.cell])
        if gives < 1:
            giver = next(giving, None)
            continue
        if takes < 1:
            taker = next(taking, None)
            continue
        hours = min(gives, takes)
        spare[giving_place.cell] -= hours
        spare[taking_place.cell] += hours
        yield Move(giving_place, taking_place, hours)
        limit -= 1
        giver = (giving_place, may_give - hours)
        taker = (taking_place, may_take - hours)


@dataclass(frozen=True, slots=True)
class Load:
    """One person's hours of a year: planned and spent against what they have."""

    capacity: Decimal | None
    planned: Decimal = ZERO
    spent: Decimal = ZERO

    @property
    def planned_share(self) -> Decimal | None:
        """Planned hours / capacity; above 1 more is planned than there is."""
        return ratio(self.planned, self.capacity)

    @property
    def spent_share(self) -> Decimal | None:
        return ratio(self.spent, self.capacity)

    @property
    def free(self) -> Decimal | None:
        """Capacity − planned hours; below zero: too much is planned."""
        return None if self.capacity is None else self.capacity - self.planned
