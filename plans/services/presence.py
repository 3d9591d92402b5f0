"""Who has a plan open now, and which text they write in.

A row for each person and plan, written by their page every few seconds; who has not been heard of
for half a minute is gone. Rows are right with any number of web processes, and cost two queries.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from kam.models import User
from plans.models import AccountPlan, Presence, Section

#: Who was last heard of longer ago has left; rows of long ago are taken away.
HERE = timedelta(seconds=30)
KEPT = timedelta(minutes=10)
#: A field in place, as its element is called on the page.
_PLACE = re.compile(r"^(accountplan|section|goal|activity)-([0-9]{1,18})-([a-z_]{1,40})$")


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody else in the plan. ``place`` is the element of the text they write in, where the reader
    may know it; ``heading`` what it is called."""

    person: User
    writing: bool
    place: str = ""
    heading: str = ""


def be_present(plan: AccountPlan, user: User, field: str = "") -> list[Present]:
    """Says that somebody is here, and who else is (two queries; one more while others write)."""
    now = timezone.now()
    Presence.objects.bulk_create(
        [Presence(plan=plan, user=user, field=field if _PLACE.match(field) else "", seen_at=now)],
        update_conflicts=True,
        unique_fields=["plan", "user"],
        update_fields=["field", "seen_at"],
    )
    rows = list(
        Presence.objects.filter(plan=plan).exclude(user=user).select_related("user").order_by("pk")
    )
    if any(row.seen_at < now - KEPT for row in rows):
        Presence.objects.filter(plan=plan, seen_at__lt=now - KEPT).delete()
    here = [row for row in rows if row.seen_at >= now - HERE]
    headings = _headings(plan, user, here)
    return [_present(row, headings) for row in here]


def _headings(plan: AccountPlan, user: User, rows: list[Presence]) -> dict[int, str]:
    """What the sections are called in which others write, of those that this reader reads."""
    keys = {int(found[2]) for row in rows if (found := _section(row.field))}
    if not keys:
        return {}
    mine = Section.objects.visible_to(user).filter(Q(plan=plan), pk__in=keys)
    return {section.pk: section.heading for section in mine}


def _section(field: str) -> Any:
    found = _PLACE.match(field)
    return found if found is not None and found[1] == "section" else None


def _present(row: Presence, headings: dict[int, str]) -> Present:
    found = _PLACE.match(row.field)
    if found is None:
        return Present(row.user, writing=False)
    if found[1] != "section":
        return Present(row.user, writing=True, place=row.field)
    heading = headings.get(int(found[2]))
    if heading is None:  # kept to others: that they write is no secret, where they write is
        return Present(row.user, writing=True)
    return Present(row.user, writing=True, place=row.field, heading=heading)
