"""Everybody's load against their capacity, and where the hours went by matrix cell."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from accounts.models import Account
from kam.models import Role, User
from kam.money import ZERO
from kam.periods import FiscalYear
from kam.scoping import principal
from portfolio.calc.resources import Load
from portfolio.models import Capacity, CellText, HoursSpent, PlannedHours, PortfolioNight

PEOPLE_A_PAGE = 25


def people_with_load(user: Any, year: FiscalYear) -> QuerySet:
    """Those whose portfolio ``user`` may open, with capacity, planned and spent hours of a year."""
    person = principal(user)
    of_person = {"user": OuterRef("pk"), "archived_at__isnull": True}

    def summed(rows: QuerySet) -> Coalesce:
        hours = rows.order_by().values("user").annotate(s=Sum("hours")).values("s")
        return Coalesce(Subquery(hours), ZERO)

    owns = Account.objects.filter(owner=OuterRef("pk"), archived_at__isnull=True)
    return (
        User.objects.figures_visible_to(user)
        .people()
        .filter(Q(role=Role.KAM) | Q(pk=person.pk if person else None) | Exists(owns))
        .annotate(
            capacity=Subquery(
                Capacity.objects.filter(**of_person, year=year.year).order_by().values("hours")[:1]
            ),
            planned=summed(PlannedHours.objects.filter(**of_person, year=year.year)),
            spent=summed(
                HoursSpent.objects.filter(**of_person, week__gte=year.first, week__lt=year.end)
            ),
        )
    )


def load_of(person: Any) -> Load:
    """The load of somebody from ``people_with_load``."""
    return Load(person.capacity, person.planned, person.spent)


def wanted_shares() -> dict[str, Decimal | None]:
    """What the company says about each cell's share of the hours, in the order of the cells."""
    said = dict(CellText.objects.active().values_list("cell", "resource_share"))
    return {cell: said.get(cell) for cell in CellText.Cell.values}


@dataclass(frozen=True, slots=True)
class SpentByCell:
    """Hours of twelve months by cell, as the last night found them; ``night`` is that night."""

    hours: dict[str, Decimal]
    night: date | None


def spent_by_cell(owners: QuerySet) -> SpentByCell:
    """Where the hours of these owners' accounts went, from the prepared nights (one query)."""
    newest = PortfolioNight.objects.order_by("-night").values("night")[:1]
    rows = (
        PortfolioNight.objects.filter(night=Subquery(newest), owner__in=owners)
        .order_by()
        .values_list("cell")
        .annotate(Sum("hours"), Max("night"))
    )
    hours, night = {}, None
    for cell, total, when in rows:
        hours[cell], night = total, when
    return SpentByCell(hours, night)
