"""From last year's sales to this year's: what came, grew, shrank and went; net revenue retention.

Definitions as in METHODS, Retention. A customer *bought* in a year if its net revenue was above
zero. Each customer's whole change stands in exactly one step, so that the steps always add up:

====================  =====================  =====================
last year             this year bought       this year not
====================  =====================  =====================
bought                growth or decline      lost
not bought            new                    corrections
====================  =====================  =====================

Corrections are changes of customers who bought in neither year (credit notes alone).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

ZERO = Decimal(0)
STEPS = ("new", "growth", "decline", "lost", "corrections")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the bridge: how many customers, and their change together."""

    customers: int = 0
    change: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Bridge:
    """Sales of two periods in one currency and the steps between them.

    ``held_before`` and ``held_now`` are the sales, then and now, of those who bought before.
    """

    start: Decimal
    end: Decimal
    held_before: Decimal
    held_now: Decimal
    steps: dict[str, Step] = field(default_factory=dict)

    @property
    def retention(self) -> Decimal | None:
        """Net revenue retention: what last year's buyers buy now / what they bought then."""
        return self.held_now / self.held_before if self.held_before > 0 else None

    @property
    def adds_up(self) -> bool:
        return self.start + sum((s.change for s in self.steps.values()), ZERO) == self.end


def step_of(before: Decimal, now: Decimal) -> str:
    """The step that a customer's change belongs to; growth also where nothing changed."""
    if before > 0:
        if now <= 0:
            return "lost"
        return "growth" if now >= before else "decline"
    return "new" if now > 0 else "corrections"


def key_bridge(customers: Iterable[tuple[Decimal, Decimal, bool, bool]]) -> Bridge:
    """The bridge of the key accounts from (before, now, was one, is one) of each customer.

    From the sales of those who were key accounts at the start of the period to those of who are at
    its end. *New*: those that became one in the period, with all that they buy now, and those that
    came as one. *Lost*: those that stopped being one, with all that they bought, or stopped buying.
    Retention is of those who were, whatever they are now.
    """
    start = end = held_before = held_now = ZERO
    counts, changes = dict.fromkeys(STEPS, 0), dict.fromkeys(STEPS, ZERO)
    for before, now, was, is_one in customers:
        if was:
            start += before
            if before > 0:
                held_before, held_now = held_before + before, held_now + now
        if is_one:
            end += now
        name, change = key_step(before, now, was, is_one)
        if name:
            counts[name] += 1
            changes[name] += change
    steps = {name: Step(counts[name], changes[name]) for name in STEPS}
    return Bridge(start, end, held_before, held_now, steps)


def key_step(before: Decimal, now: Decimal, was: bool, is_one: bool) -> tuple[str, Decimal]:
    """The step of the key accounts' bridge, and its change; no name for what is in none."""
    if was and is_one:
        return ("", ZERO) if before == now <= 0 else (step_of(before, now), now - before)
    if is_one:
        return "new", now
    return ("lost", -before) if was else ("", ZERO)


def bridge(customers: Iterable[tuple[Decimal | None, Decimal | None]]) -> Bridge:
    """The bridge from each customer's sales (before, now); ``None`` is nothing recorded."""
    start = end = held_before = held_now = ZERO
    counts = dict.fromkeys(STEPS, 0)
    changes = dict.fromkeys(STEPS, ZERO)
    for then, present in customers:
        before, now = then or ZERO, present or ZERO
        start, end = start + before, end + now
        if before > 0:
            held_before, held_now = held_before + before, held_now + now
        if before == now <= 0:
            continue  # neither bought nor changed
        name = step_of(before, now)
        counts[name] += 1
        changes[name] += now - before
    steps = {name: Step(counts[name], changes[name]) for name in STEPS}
    return Bridge(start, end, held_before, held_now, steps)
