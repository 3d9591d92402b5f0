"""What a plan's pages read beside the plan itself: sales by line and month, people, contacts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from accounts.models import Account, AccountTeamMember, Contact, SalesFact
from kam.models import Role, Team, User
from kam.money import Rates, rounded
from kam.periods import FiscalYear, company_year
from plans.models import AccountPlan, TargetMonth
from plans.phasing import ZERO, LineYear


def conversion(rates: Rates, currency: str, into: str) -> Decimal | None:
    """What one unit of ``currency`` is in ``into`` at the budget rates; ``None`` without a rate."""
    if currency == into:
        return Decimal(1)
    from_rate, into_rate = rates.rate(currency), rates.rate(into)
    return None if from_rate is None or into_rate is None else from_rate / into_rate


@dataclass(frozen=True, slots=True)
class Sales:
    """One account's sales of one fiscal year by product line and month, in one currency.

    ``missing`` holds revenue in currencies that have no budget rate: it is in no sum.
    """

    lines: tuple[LineYear, ...] = ()
    names: Mapping[int, str] = field(default_factory=dict)
    missing: Mapping[str, Decimal] = field(default_factory=dict)

    def months(self, measure: str) -> tuple[Decimal, ...]:
        """All lines' sum by month of ``revenue``, ``margin`` or ``volume``."""
        columns = [getattr(line, measure) for line in self.lines]
        return tuple(sum(month, ZERO) for month in zip(*columns, strict=True)) or (ZERO,) * 12


def sales_of(
    account_id: int, years: Iterable[FiscalYear], currency: str, rates: Rates
) -> dict[int, Sales]:
    """The account's own sales by fiscal year (one query), converted at ``rates``."""
    wanted = sorted(years, key=lambda year: year.year)
    facts = (
        SalesFact.objects.filter(account=account_id)
        .in_months(wanted[0].first, wanted[-1].end)
        .order_by()
        .values_list(
            "product__line", "product__line__path", "product__line__name", "month", "currency"
        )
        .annotate(Sum("revenue"), Sum("cost"), Sum("volume"))
    )
    return {
        year.year: sales
        for year, sales in zip(wanted, _by_year(list(facts), wanted, currency, rates), strict=True)
    }


def _by_year(
    facts: list[tuple[Any, ...]], years: list[FiscalYear], currency: str, rates: Rates
) -> Iterable[Sales]:
    for year in years:
        sums: dict[int, tuple[list[Decimal], list[Decimal], list[Decimal]]] = {}
        paths: dict[int, tuple[int, ...]] = {}
        names: dict[int, str] = {}
        missing: dict[str, Decimal] = defaultdict(Decimal)
        for line, path, name, month, in_currency, revenue, cost, volume in facts:
            if not year.first <= month < year.end:
                continue
            factor = conversion(rates, in_currency, currency)
            if factor is None:
                missing[in_currency] += revenue
                continue
            at = year.month_number(month)
            paths[line], names[line] = tuple(path), name
            row = sums.setdefault(line, ([ZERO] * 12, [ZERO] * 12, [ZERO] * 12))
            row[0][at] += revenue * factor
            row[1][at] += (revenue - cost) * factor
            row[2][at] += volume
        yield Sales(
            tuple(
                LineYear(
                    line,
                    paths[line],
                    tuple(rounded(v) for v in revenue),
                    tuple(rounded(v) for v in margin),
                    tuple(volume),
                )
                for line, (revenue, margin, volume) in sums.items()
            ),
            names,
            dict(missing),
        )


def plan_year(plan: AccountPlan) -> FiscalYear:
    """The plan's fiscal year in the company's calendar."""
    return company_year(plan.year)


def target_months(plan: AccountPlan) -> dict[date, dict[str, Decimal]]:
    """The plan's targets by month, all lines together, in the plan's currency (one query).

    ``forecast`` is what the KAM expects of each line's month; its target where nobody said.
    """
    rows = (
        TargetMonth.objects.filter(target__plan=plan, target__archived_at__isnull=True)
        .order_by()
        .values("month")
        .annotate(
            target=Sum("revenue"),
            target_margin=Sum("margin"),
            target_volume=Sum("volume"),
            expected=Sum(Coalesce("forecast", "revenue")),
        )
    )
    return {
        row["month"]: {
            "target": row["target"],
            "target_margin": row["target_margin"],
            "target_volume": row["target_volume"],
            "expected": row["expected"],
        }
        for row in rows
    }


def people_who_see(account: Account) -> QuerySet[User]:
    """Who may be made responsible for something at this account: active people who see it.

    The row rule of accounts, read the other way round.
    """
    seats = AccountTeamMember.objects.active().filter(account=account).order_by().values("user")
    seeing = Q(role__in=[Role.MANAGEMENT, Role.ADMINISTRATOR]) | Q(pk__in=seats)
    if account.owner_id:
        seeing |= Q(pk=account.owner_id)
        above = (
            Team.objects.active()
            .filter(pk__in=_path_of_team(account.owner_id))
            .order_by()
            .values("leader")
        )
        seeing |= Q(role=Role.LEADER, pk__in=above)
    return User.objects.people().filter(seeing)


def _path_of_team(owner_id: int) -> list[int]:
    path = User.objects.filter(pk=owner_id).values_list("team__path", flat=True).first()
    return path or []


def in_hierarchy(account: Account, other_id: int) -> bool:
    """Whether another account stands under the same top account."""
    if account.pk == other_id:
        return True
    paths = Account.objects.filter(pk__in=[account.pk, other_id]).values_list("path", flat=True)
    return len({path[0] for path in paths}) == 1


def contacts_around(account: Account, user: Any) -> QuerySet[Contact]:
    """The contacts of the account and of its hierarchy that this person sees, in use."""
    return (
        Contact.objects.visible_to(user)
        .active()
        .filter(account__path__overlap=[account.path[0]])
        .select_related("account")
        .order_by("name", "pk")
    )


def values_at(
    seen: Mapping[tuple[int, date], int], measure: str
) -> dict[tuple[int, date], Decimal | None]:
    """What months of targets held, in one measure, at the versions that somebody saw.

    ``seen``: (target, month) → version. From the audit trail where the month has moved on since.
    """
    rows = TargetMonth.objects.filter(target__in={target for target, _month in seen})
    held: dict[tuple[int, date], Decimal | None] = {}
    moved: dict[int, tuple[tuple[int, date], int]] = {}
    for row in rows:
        key = (row.target_id, row.month)
        if key in seen and seen[key] == row.version:
            held[key] = getattr(row, measure)
        elif seen.get(key):
            moved[row.pk] = (key, seen[key])
    if moved:
        kept: type[Any] = TargetMonth._meta.get_field("events").related_model  # made by the audit
        events = kept._default_manager.filter(pgh_obj__in=moved)
        for event in events.order_by("pgh_id"):
            key, version = moved[event.pgh_obj_id]
            if event.version == version:
                held[key] = getattr(event, measure)
    return held
