"""What goals have reached, measured by night for the levels above a portfolio (``MeasuredGoals``)."""

from datetime import date

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Account
from kam.models import Company
from kam.money import rates_for
from kam.periods import fiscal_year_of
from plans.models import MeasuredGoals
from plans.rollups.goals import goal_sums_by_owner

_LOCK = "hashtext('plans.measured_goals')"
#: The accounts of so many owners are measured in one statement.
OWNERS_AT_ONCE = 50
#: Plan years measured, from the present one: the last, this and the next.
YEARS = (-1, 0, 1)


def measure_goals(today: date) -> int:
    """Measures all goals anew, as of ``today``; returns how many sums are kept.

    Safe to repeat and to break off: a year's sums are exchanged together.
    """
    year = fiscal_year_of(today, Company.current().fiscal_year_start).year
    return sum(_measure(year + offset, today) for offset in YEARS)


def _measure(year: int, today: date) -> int:
    rates, now = rates_for(year), timezone.now()
    accounts = Account.objects.filter(archived_at__isnull=True)
    owners: list[int] = sorted(
        accounts.filter(owner__isnull=False).order_by().values_list("owner", flat=True).distinct()
    )
    some = [accounts.filter(owner__isnull=True)]
    for at in range(0, len(owners), OWNERS_AT_ONCE):
        some.append(accounts.filter(owner__in=owners[at : at + OWNERS_AT_ONCE]))
    found = [
        MeasuredGoals(
            owner_id=owner, year=year, measure=measure, measured_at=now,
            **dict(zip(MeasuredGoals.SUMS, sums, strict=True)),
        )
        for batch in some
        for owner, measure, *sums in goal_sums_by_owner(batch, year, rates, today)
    ]  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
        MeasuredGoals.objects.filter(year=year).delete()
        MeasuredGoals.objects.bulk_create(found)
    return len(found)


__all__ = ["measure_goals"]
