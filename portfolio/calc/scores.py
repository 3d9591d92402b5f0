"""From facts to scores: value functions, weighted groups, cells (METHODS: weighted scores).

Values and scores are 0–100. A criterion's value is rounded to four places and a score to two, half
up, as PostgreSQL's ``round`` does: the nightly statement and these functions give the same numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

HUNDRED = Decimal(100)
ZERO = Decimal(0)
VALUE_STEP, SCORE_STEP = Decimal("0.0001"), Decimal("0.01")


def rounded(value: Decimal, step: Decimal) -> Decimal:
    return value.quantize(step, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Rule:
    """How one criterion's fact becomes a value, and how much it weighs within its group.

    ``input`` names the fact (a measure's or a judgement's code). ``floors`` rise; a fact at or above
    a floor has the value beside it, one below them all 0.
    """

    input: str
    function: str  # linear, bands, percentile
    weight: Decimal
    worst: Decimal | None = None
    best: Decimal | None = None
    floors: tuple[Decimal, ...] = ()
    values: tuple[Decimal, ...] = ()
    up: bool = True
    default: Decimal | None = None

    def value(self, raw: Decimal | None, rank: Decimal | None = None) -> Decimal | None:
        """0–100, or ``None`` where the fact is missing and no default stands in.

        ``rank`` (0–1, see ``mid_rank``) is needed where the rule ranks.
        """
        found = None if raw is None else self._of(raw, rank)
        if found is None:
            return self.default
        return rounded(found, VALUE_STEP)

    def _of(self, raw: Decimal, rank: Decimal | None) -> Decimal | None:
        if self.function == "percentile":
            return None if rank is None else rank * HUNDRED
        if self.function == "bands":
            below = [v for f, v in zip(self.floors, self.values, strict=True) if raw >= f]
            return below[-1] if below else ZERO
        if self.worst is None or self.best is None:
            raise ValueError("a linear rule needs a worst and a best")
        share = (raw - self.worst) / (self.best - self.worst)
        return min(max(share, ZERO), Decimal(1)) * HUNDRED


def mid_rank(raw: Decimal, all_raws: Sequence[Decimal], *, up: bool = True) -> Decimal:
    """The share of the other accounts that this fact surpasses, equal ones counting half.

    0 for the worst alone, 1 for the best alone; one half where all are equal, and where there is no
    other to compare with. ``all_raws`` holds the facts of all accounts, this one's too.
    """
    others = len(all_raws) - 1
    if others < 1:
        return Decimal("0.5")
    worse = sum(1 for other in all_raws if (other < raw if up else other > raw))
    equal = sum(1 for other in all_raws if other == raw) - 1
    return Decimal(2 * worse + equal) / (2 * others)


@dataclass(frozen=True, slots=True)
class Group:
    """Criteria weighed among themselves, then against the axis's other groups by ``weight``."""

    weight: Decimal
    weights: tuple[Decimal, ...]


def weighted_mean(values: Sequence[Decimal | None], weights: Sequence[Decimal]) -> Decimal | None:
    """Σ wᵢ·sᵢ / Σ wᵢ over what is known; ``None`` where nothing of any weight is."""
    known = [(v, w) for v, w in zip(values, weights, strict=True) if v is not None]
    total = sum((w for _v, w in known), ZERO)
    return sum((v * w for v, w in known), ZERO) / total if total else None


def axis_score(
    groups: Sequence[Group], values: Sequence[Sequence[Decimal | None]]
) -> Decimal | None:
    """The axis's score, 0–100: each group's weighted mean first, then the groups'.

    ``values[i]`` are those of the criteria of ``groups[i]``.
    """
    means = [weighted_mean(v, g.weights) for g, v in zip(groups, values, strict=True)]
    score = weighted_mean(means, [g.weight for g in groups])
    return None if score is None else rounded(score, SCORE_STEP)


def shares(groups: Sequence[Group]) -> list[list[Decimal]]:
    """Each criterion's share of the axis (they add up to 1) when nothing is missing."""
    weighing = [g for g in groups if sum(g.weights, ZERO)]
    total = sum((g.weight for g in weighing), ZERO)
    return [
        [
            (g.weight / total) * (w / sum(g.weights, ZERO))
            if total and sum(g.weights, ZERO)
            else ZERO
            for w in g.weights
        ]
        for g in groups
    ]


def completeness(
    axes: Mapping[str, Sequence[Group]], known: Mapping[str, Sequence[Sequence[bool]]]
) -> Decimal:
    """Percent of the weight whose fact is known, the mean over the axes."""
    found = [
        sum(
            (
                share
                for row, flags in zip(shares(groups), known[axis], strict=True)
                for share, flag in zip(row, flags, strict=True)
                if flag
            ),
            ZERO,
        )
        for axis, groups in axes.items()
    ]
    return rounded(sum(found, ZERO) * HUNDRED / len(found), SCORE_STEP) if found else ZERO


def cell(
    profitability: Decimal | None,
    potential: Decimal | None,
    profitability_cut: Decimal,
    potential_cut: Decimal,
) -> str:
    """The matrix cell: develop if and only if potential is high, nurture iff profitability is."""
    if profitability is None or potential is None:
        return ""
    return {
        (False, False): "retain",
        (True, False): "nurture",
        (False, True): "develop",
        (True, True): "all",
    }[profitability >= profitability_cut, potential >= potential_cut]
