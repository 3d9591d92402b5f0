"""Weights by pairwise comparison: AHP, Saaty.

METHODS: weights by pairwise comparison. Aw = λmax·w, the principal eigenvector (not column averages,
not geometric means); CI = (λmax − n)/(n − 1); CR = CI/RI. Above 0.10 a judgement should be
reconsidered. Judgements are the upper triangle of the matrix, row by row: a ratio of 9 means that
the former counts extremely more than the latter, 1/9 the reverse.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

#: Saaty's random index, by the number of things compared.
RANDOM_INDEX = {
    n: Decimal(text)
    for n, text in enumerate(
        ("0.58", "0.90", "1.12", "1.24", "1.32", "1.41", "1.45", "1.49"), start=3
    )
}
#: More things than these have no published random index, and nobody judges 55 pairs well.
MOST = max(RANDOM_INDEX)
#: Above this consistency ratio the judgements contradict each other too much.
LIMIT = Decimal("0.10")
#: The steps from "the latter extremely more" (−8: 1/9) by "equal" (0: 1) to "the former" (8: 9).
SCALE = range(-8, 9)
STEPS_AT_MOST = 2000
CLOSE = Decimal("1e-14")
#: Below this the deviation is the rounding of 1/3 to nine decimals, no contradiction.
ROUNDING = Decimal("1e-6")


@dataclass(frozen=True, slots=True)
class Doubt:
    """The judgement that fits the others least: items by position, what was said, what would fit."""

    row: int
    column: int
    said: Decimal
    implied: Decimal


@dataclass(frozen=True, slots=True)
class Weighing:
    """What a matrix of judgements says: weights (sum 1), and how consistent it is."""

    weights: tuple[Decimal, ...]
    lambda_max: Decimal
    index: Decimal
    ratio: Decimal
    doubt: Doubt | None

    @property
    def consistent(self) -> bool:
        """Whether the consistency ratio is at most 0.10."""
        return self.ratio <= LIMIT


def pairs(count: int) -> list[tuple[int, int]]:
    """The pairs in the order of the judgements: (0, 1), (0, 2), …, (1, 2), …"""
    return [(row, column) for row in range(count) for column in range(row + 1, count)]


def scale_value(step: int) -> Decimal:
    """The ratio of a step of Saaty's scale, with the nine decimals that are kept."""
    value = Decimal(step + 1) if step >= 0 else 1 / Decimal(1 - step)
    return round(value, 9)


def nearest(ratio: Decimal) -> int:
    """The step of Saaty's scale that is nearest to a ratio, by proportion."""
    return min(SCALE, key=lambda step: abs((ratio / scale_value(step)).ln()))


def weigh(count: int, judgements: Sequence[Decimal]) -> Weighing:
    """Weights of ``count`` things from the judgements of their pairs.

    Raises ``ValueError`` where the judgements are no matrix of 1 to 10 things, or not above zero.
    """
    if not 1 <= count <= MOST:
        raise ValueError(f"1 to {MOST} things can be compared, not {count}")
    if len(judgements) != count * (count - 1) // 2:
        raise ValueError(f"{count} things have {count * (count - 1) // 2} pairs")
    if any(value <= 0 for value in judgements):
        raise ValueError("a ratio is above zero")
    matrix = [[Decimal(1)] * count for _ in range(count)]
    for (row, column), value in zip(pairs(count), judgements, strict=True):
        matrix[row][column] = value
        matrix[column][row] = 1 / value
    weights, lambda_max = _principal(matrix)
    index = max(Decimal(0), (lambda_max - count) / (count - 1)) if count > 2 else Decimal(0)
    ratio = index / RANDOM_INDEX[count] if count > 2 else Decimal(0)
    return Weighing(weights, lambda_max, index, ratio, _doubt(matrix, weights))


def combined(sheets: Sequence[Sequence[Decimal]]) -> list[Decimal]:
    """One sheet from several people's: the geometric mean of each judgement.

    Raises ``ValueError`` where there are none or they are of different length.
    """
    if not sheets:
        raise ValueError("nobody has compared")
    means = []
    for column in zip(*sheets, strict=True):
        product = Decimal(1)
        for value in column:
            product *= value
        means.append(product ** (Decimal(1) / len(column)))
    return means


def _principal(matrix: Sequence[Sequence[Decimal]]) -> tuple[tuple[Decimal, ...], Decimal]:
    """The principal eigenvector (sum 1) and its eigenvalue, by power iteration.

    All entries are above zero, so it exists, is unique, and the iteration goes there.
    """
    count = len(matrix)
    weights = [Decimal(1) / count] * count
    value = Decimal(count)
    with localcontext(prec=20):
        for _step in range(STEPS_AT_MOST):
            grown = [sum(a * w for a, w in zip(row, weights, strict=True)) for row in matrix]
            value = Decimal(sum(grown))
            new = [Decimal(g) / value for g in grown]
            moved = max(abs(n - w) for n, w in zip(new, weights, strict=True))
            weights = new
            if moved < CLOSE:
                break
    return tuple(weights), value


def _doubt(matrix: Sequence[Sequence[Decimal]], weights: Sequence[Decimal]) -> Doubt | None:
    """The pair whose judgement is furthest, by proportion, from the ratio of the weights."""
    found, furthest = None, ROUNDING
    for row, column in pairs(len(weights)):
        implied = weights[row] / weights[column]
        distance = abs((matrix[row][column] / implied).ln())
        if distance > furthest and len(weights) > 2:
            found, furthest = Doubt(row, column, matrix[row][column], implied), distance
    return found
