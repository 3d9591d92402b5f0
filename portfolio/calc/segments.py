"""Segments by thresholds: the first segment, by rank, whose every rule holds. A missing value fails."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition: ``at_least`` ≤ value < ``below``; ``None`` is no threshold on that side."""

    subject: str
    at_least: Decimal | None = None
    below: Decimal | None = None

    def holds(self, value: Decimal | None) -> bool:
        """Whether the value lies between the thresholds; a missing one never does."""
        if value is None:
            return False
        if self.at_least is not None and value < self.at_least:
            return False
        return self.below is None or value < self.below


@dataclass(frozen=True, slots=True)
class Candidate:
    """A segment with its rules; without any it takes whatever no better one took."""

    key: int
    rank: int
    rules: tuple[Rule, ...] = ()

    def holds(self, values: Mapping[str, Decimal | None]) -> bool:
        return all(rule.holds(values.get(rule.subject)) for rule in self.rules)


def ordered(candidates: Iterable[Candidate]) -> list[Candidate]:
    """In the order in which they are tried: by rank, then by key."""
    return sorted(candidates, key=lambda c: (c.rank, c.key))


def place(candidates: Iterable[Candidate], values: Mapping[str, Decimal | None]) -> int | None:
    """The key of the segment into which these values fall; ``None`` where no segment takes them."""
    for candidate in ordered(candidates):
        if candidate.holds(values):
            return candidate.key
    return None


__all__ = ["Candidate", "Rule", "ordered", "place"]
