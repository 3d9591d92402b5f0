"""What the loss of a customer would mean: for the portfolio, and for each concerned KAM."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum

from accounts.models import Account, AccountYear
from kam.models import User
from kam.money import Rates, rates_for
from kam.periods import FiscalYear
from portfolio.models import HoursSpent, PortfolioSettings, ServiceCost

ZERO = Decimal(0)


#: KAMs' ids and a fiscal year → each one's revenue target in company currency.
Targets = Callable[[Collection[int], FiscalYear], Mapping[int, Decimal | None]]
_targets: list[Targets] = []


def targets_from(find: Targets) -> Targets:
    """Says where the KAMs' targets stand; called while the apps are loaded."""
    _targets[:] = [find]
    return find


@dataclass(frozen=True, slots=True)
class OwnerLoss:
    """What one KAM's portfolio would lose: revenue of the year, company currency.

    ``target``: the KAM's revenue target of the year; ``None`` where there is none, or not all of it
    can be converted.
    """

    owner: User
    revenue: Decimal
    portfolio: Decimal
    target: Decimal | None = None

    @property
    def share(self) -> Decimal | None:
        return self.revenue / self.portfolio if self.portfolio > 0 else None

    @property
    def attainment(self) -> Decimal | None:
        """Revenue of the year / target, as it is."""
        return self.portfolio / self.target if self.target else None

    @property
    def attainment_without(self) -> Decimal | None:
        """The same without the customer; the target stays."""
        return (self.portfolio - self.revenue) / self.target if self.target else None


@dataclass(frozen=True, slots=True)
class Loss:
    """What a portfolio would lose with one customer, in a fiscal year and company currency.

    Contribution = revenue − cost of goods − costs to serve − hours × the cost of an hour.
    """

    customer: Account
    year: int
    revenue: Decimal
    revenue_all: Decimal
    contribution: Decimal
    contribution_all: Decimal
    owners: tuple[OwnerLoss, ...]
    missing: dict[str, Decimal]

    @property
    def revenue_share(self) -> Decimal | None:
        return self.revenue / self.revenue_all if self.revenue_all > 0 else None

    @property
    def contribution_share(self) -> Decimal | None:
        return self.contribution / self.contribution_all if self.contribution_all > 0 else None


def what_if_lost(user: Any, account: Account, year: FiscalYear) -> Loss:
    """What this person's portfolio, and each concerned KAM's, would lose with the customer.

    The customer is ``account`` with all accounts under the same top that the person sees.
    """
    top = account.path[0]
    rates = rates_for(year.year)
    inside = Q(account__path__0=top)
    facts = AccountYear.objects.visible_to(user).filter(year=year.year).order_by()
    lost, whole = _converted(facts, inside, rates, ("revenue", "cost"))
    months = {"month__gte": year.first, "month__lt": year.end}
    service = ServiceCost.objects.visible_to(user).active().filter(**months).order_by()
    lost_cost, all_cost = _converted(service, inside, rates, ("amount",))
    weeks = HoursSpent.objects.visible_to(user).active()
    hours = weeks.filter(week__gte=year.first, week__lt=year.end).aggregate(
        lost=Sum("hours", filter=inside), whole=Sum("hours")
    )
    hourly = PortfolioSettings.current().hourly_cost

    def contribution(sums: dict[str, Decimal], cost: dict[str, Decimal], spent: Any) -> Decimal:
        return sums["revenue"] - sums["cost"] - cost["amount"] - (spent or ZERO) * hourly

    return Loss(
        customer=account,
        year=year.year,
        revenue=lost["revenue"],
        revenue_all=whole["revenue"],
        contribution=contribution(lost, lost_cost, hours["lost"]),
        contribution_all=contribution(whole, all_cost, hours["whole"]),
        owners=_owners(user, facts, top, rates, year),
        missing=_without_rate(facts, rates),
    )


def _converted(
    rows: Any, inside: Q, rates: Rates, names: Sequence[str]
) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """Sums of the customer and of all, currency by currency (one query)."""
    sums = {f"all_{name}": Sum(name) for name in names}
    sums |= {f"lost_{name}": Sum(name, filter=inside) for name in names}
    lost, whole = dict.fromkeys(names, ZERO), dict.fromkeys(names, ZERO)
    for row in rows.values("currency").annotate(**sums):
        rate = rates.rate(row["currency"])
        if rate is None:
            continue
        for name in names:
            lost[name] += (row[f"lost_{name}"] or ZERO) * rate
            whole[name] += (row[f"all_{name}"] or ZERO) * rate
    return lost, whole


def _without_rate(facts: Any, rates: Rates) -> dict[str, Decimal]:
    known = [rates.currency, *(currency for currency, _rate in rates.known)]
    missing = facts.exclude(currency__in=known).values("currency")
    return {row["currency"]: row["t"] for row in missing.annotate(t=Sum("revenue"))}


def _owners(
    user: Any, facts: Any, top: int, rates: Rates, year: FiscalYear
) -> tuple[OwnerLoss, ...]:
    """Each KAM of the customer whose figures this person may see, largest loss first."""
    concerned = Account.objects.visible_to(user).filter(path__0=top).order_by().values("owner")
    owners = User.objects.figures_visible_to(user).filter(pk__in=concerned).in_bulk()
    lost: dict[int, Decimal] = {}
    whole: dict[int, Decimal] = {}
    rows = facts.filter(account__owner__in=list(owners)).values("account__owner", "currency")
    sums = rows.annotate(lost=Sum("revenue", filter=Q(account__path__0=top)), whole=Sum("revenue"))
    for row in sums:
        rate = rates.rate(row["currency"]) or ZERO
        owner = row["account__owner"]
        lost[owner] = lost.get(owner, ZERO) + (row["lost"] or ZERO) * rate
        whole[owner] = whole.get(owner, ZERO) + row["whole"] * rate
    targets = _targets[0](list(lost), year) if _targets and lost else {}
    found = [OwnerLoss(owners[pk], lost[pk], whole[pk], targets.get(pk)) for pk in lost]
    return tuple(sorted(found, key=lambda one: (-one.revenue, one.owner.pk)))
