"""What goals have reached, measured by night for the levels above a portfolio (``MeasuredGoals``)."""

from collections.abc import Iterator
from datetime import date

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import Account
from kam.money import rates_for
from plans.models import MeasuredGoals
from plans.rollups.goals import ASKED_FOR, goal_sums_by_owner, measured_by_night, nightly_years

_LOCK = "hashtext('plans.measured_goals')"
#: The accounts of so many owners are measured in one statement.
OWNERS_AT_ONCE = 50
#: Owners of whom there are goals of a measure that is not kept.
_NEW = f"""
    SELECT DISTINCT a.owner_id
      FROM (SELECT p.account_id, g.measured_by FROM {ASKED_FOR} AND g.measured_by = ANY(%(measures)s)) q
      JOIN accounts_account a ON a.id = q.account_id AND a.archived_at IS NULL
     WHERE NOT EXISTS (
        SELECT FROM plans_measuredgoals m
         WHERE m.year = %(year)s AND m.measure = q.measured_by
           AND m.owner_id IS NOT DISTINCT FROM a.owner_id)
"""  # noqa: S608 - our own names


def measure_goals(today: date) -> int:
    """Measures all goals anew, as of ``today``; returns how many sums are kept.

    Safe to repeat and to break off: a year's sums are exchanged together.
    """
    return sum(_measure(year, today) for year in nightly_years(today))


def measure_new_goals(today: date) -> int:
    """Measures the goals of those owners of whom a measure is not kept yet; returns how many sums are
    new. In an installation that has no night behind it these are all."""
    done = 0
    for year in nightly_years(today):
        with connection.cursor() as cursor:
            cursor.execute(_NEW, {"year": year, "measures": sorted(measured_by_night())})
            owners = [row[0] for row in cursor.fetchall()]
        if owners:
            done += _measure(year, today, owners)
    return done


def _measure(year: int, today: date, owners: list[int | None] | None = None) -> int:
    """Exchanges the sums of a year; of these owners (``None``: of nobody's accounts), or all."""
    rates, now = rates_for(year), timezone.now()
    found = [
        MeasuredGoals(
            owner_id=owner, year=year, measure=measure, measured_at=now,
            **dict(zip(MeasuredGoals.SUMS, sums, strict=True)),
        )
        for batch in _batches(owners)
        for owner, measure, *sums in goal_sums_by_owner(batch, year, rates, today)
    ]  # fmt: skip
    kept = MeasuredGoals.objects.filter(year=year)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
        (kept if owners is None else kept.filter(_of(owners))).delete()
        MeasuredGoals.objects.bulk_create(found)
    return len(found)


def _batches(owners: list[int | None] | None) -> Iterator[QuerySet[Account]]:
    """The accounts in use, those of a few owners at a time."""
    accounts = Account.objects.filter(archived_at__isnull=True)
    if owners is None:
        owners = list(accounts.order_by().values_list("owner", flat=True).distinct())
    if None in owners:
        yield accounts.filter(owner__isnull=True)
    people = sorted(owner for owner in owners if owner is not None)
    for at in range(0, len(people), OWNERS_AT_ONCE):
        yield accounts.filter(owner__in=people[at : at + OWNERS_AT_ONCE])


def _of(owners: list[int | None]) -> Q:
    of = Q(owner__in=[owner for owner in owners if owner is not None])
    return of | Q(owner__isnull=True) if None in owners else of


__all__ = ["measure_goals", "measure_new_goals"]
