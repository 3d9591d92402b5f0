"""How far goals and relations have come (METHODS: attainment, DMU coverage). Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from plans.calc import ratio

ZERO = Decimal(0)


# --- the scorecard ------------------------------------------------------------------------------------
def weighted_share(parts: Iterable[tuple[int, Decimal | None]]) -> Decimal | None:
    """Σ weight × attainment / Σ weight of (weight, attainment) pairs; ``None`` without any.

    Each attainment counts from 0 to 1, so that one goal far above its target hides no other. A goal
    whose attainment is not known is left out of both sums.
    """
    known = [(Decimal(weight), share) for weight, share in parts if share is not None and weight]
    whole = _sum(weight for weight, _share in known)
    if whole <= 0:
        return None
    one = Decimal(1)
    return _sum(weight * max(ZERO, min(one, share)) for weight, share in known) / whole


# --- the decision-making unit (METHODS: DMU coverage, the product's own measure) -----------------------
#: How far we have come with a person, as a share.
COVERED = {
    "unknown": ZERO,
    "none": ZERO,
    "brief": Decimal(1) / 3,
    "multiple": Decimal(2) / 3,
    "in_depth": Decimal(1),
}


def dmu_coverage(people: Iterable[tuple[int | None, str]]) -> Decimal | None:
    """Σ influence × coverage / Σ influence of (influence, coverage) pairs; a ratio.

    People whose influence nobody has stated are left out; ``None`` where nobody is left.
    """
    known = [(Decimal(influence), COVERED[how]) for influence, how in people if influence]
    return ratio(_sum(weight * share for weight, share in known), _sum(w for w, _s in known))


def _sum(values: Iterable[Decimal]) -> Decimal:
    return sum(values, ZERO)
