"""Hours planned for an account by one person, as an annotation and as an input holds them."""

from decimal import Decimal
from typing import Any

from django.db.models import F, FilteredRelation, Q

from kam.models import User


def plain(hours: Decimal | None) -> str:
    """Hours as a number input holds them; empty for none."""
    return "" if hours is None else f"{hours.normalize():f}"


def with_plan(accounts: Any, person: User, year: int) -> Any:
    """Accounts with ``planned`` hours of this person in a fiscal year, and their row's version."""
    return accounts.annotate(
        plan=FilteredRelation(
            "planned_hours",
            condition=Q(
                planned_hours__user=person,
                planned_hours__year=year,
                planned_hours__archived_at__isnull=True,
            ),
        ),
        planned=F("plan__hours"),
        plan_version=F("plan__version"),
    )
