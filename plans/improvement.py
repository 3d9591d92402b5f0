"""The improvement potential index of a plan's needs (METHODS). Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from plans.calc import ratio

ZERO = Decimal(0)
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class NeedValue:
    """One need in numbers, a year and in one currency.

    ``attainable``: what meeting the need is worth to the customer. ``present``: what of it they have
    already. ``chance``: that we attain it, 0–100. ``agreed``: the customer has agreed to it.
    """

    attainable: Decimal | None
    present: Decimal | None = None
    chance: Decimal | None = None
    agreed: bool = False

    @property
    def left(self) -> Decimal | None:
        """Attainable − present value, never below zero; ``None`` until somebody names the value."""
        if self.attainable is None:
            return None
        return max(self.attainable - (self.present or ZERO), ZERO)

    @property
    def potential(self) -> Decimal | None:
        """(Attainable − present value) × chance; ``None`` until both are known."""
        if self.left is None or self.chance is None:
            return None
        return self.left * self.chance / HUNDRED


@dataclass(frozen=True, slots=True)
class ImprovementPotential:
    """The index of a plan with its parts: sums over those needs whose value and chance are known.

    ``index`` is their (attainable − present) × chance; ``agreed`` the value of what the customer
    has agreed to; ``unknown`` counts needs without a value or a chance, which are in no part.
    """

    attainable: Decimal
    present: Decimal
    index: Decimal
    agreed: Decimal
    counted: int
    unknown: int

    @property
    def chance(self) -> Decimal | None:
        """The mean chance, weighted by what is left to attain: a ratio."""
        return ratio(self.index, max(self.attainable - self.present, ZERO))


def improvement_potential(needs: Iterable[NeedValue]) -> ImprovementPotential:
    """The improvement potential index of these needs; dropped ones are left out by the caller.

    What a need has realised above its attainable value adds nothing to the present value.
    """
    listed = list(needs)
    known = [need for need in listed if need.potential is not None]
    return ImprovementPotential(
        attainable=_sum(need.attainable or ZERO for need in known),
        present=_sum(min(need.present or ZERO, need.attainable or ZERO) for need in known),
        index=_sum(need.potential or ZERO for need in known),
        agreed=_sum(need.attainable or ZERO for need in listed if need.agreed),
        counted=len(known),
        unknown=len(listed) - len(known),
    )


def _sum(values: Iterable[Decimal]) -> Decimal:
    return sum(values, ZERO)
