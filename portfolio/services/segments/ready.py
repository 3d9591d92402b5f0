"""Schemes that are ready to be taken."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy

from portfolio.models import SegmentScheme
from portfolio.services.segments.placing import LEVELS
from portfolio.services.segments.schemes import Thresholds, create_scheme, create_segment


@dataclass(frozen=True, slots=True)
class ReadySegment:
    name: Any
    rules: Thresholds


@dataclass(frozen=True, slots=True)
class ReadyScheme:
    """A scheme to begin with; its names are put in the language of whoever takes it."""

    name: Any
    description: Any
    segments: tuple[ReadySegment, ...]


def _from(**floors: int) -> Thresholds:
    return {subject: (Decimal(floor), None) for subject, floor in floors.items()}


READY: tuple[ReadyScheme, ...] = (
    ReadyScheme(
        gettext_lazy("Segment 1–3"),
        gettext_lazy("By profitability and potential: 1 has both, 2 has one of them, 3 the rest."),
        (
            ReadySegment(gettext_lazy("Segment 1"), _from(profitability=50, potential=50)),
            ReadySegment(gettext_lazy("Segment 2, potential"), _from(potential=50)),
            ReadySegment(gettext_lazy("Segment 2, profitability"), _from(profitability=50)),
            ReadySegment(gettext_lazy("Segment 3"), {}),
        ),
    ),
    ReadyScheme(
        gettext_lazy("A–D"),
        gettext_lazy("By revenue of the last twelve months."),
        (
            ReadySegment("A", _from(revenue=1_000_000)),
            ReadySegment("B", _from(revenue=250_000)),
            ReadySegment("C", _from(revenue=50_000)),
            ReadySegment("D", {}),
        ),
    ),
    ReadyScheme(
        gettext_lazy("Key account level"),
        gettext_lazy("Key accounts from territory to global; other accounts stand outside."),
        tuple(
            ReadySegment(
                level.label, {"is_key_account": (Decimal(1), None), "level": (Decimal(n), None)}
            )
            for n, level in reversed(list(enumerate(LEVELS, 1)))
        ),
    ),
)


@transaction.atomic
def create_ready() -> list[SegmentScheme]:
    """Makes those ready schemes whose name is not taken yet; returns the new ones."""
    taken = set(SegmentScheme.objects.values_list("name", flat=True))
    made = []
    for ready in READY:
        if str(ready.name) in taken:
            continue
        scheme = create_scheme(name=str(ready.name), description=str(ready.description))
        for rank, segment in enumerate(ready.segments, 1):
            create_segment(scheme, name=str(segment.name), rank=rank, rules=segment.rules)
        made.append(scheme)
    return made
