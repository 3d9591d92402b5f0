"""Figures and trees of customers. Scoped querysets and periods go in, values come out."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import BooleanField, Case, F, Sum, Value, When

from accounts.models import Account, AccountYear
from kam.models import BudgetRate, Company
from kam.money import ZERO, Rates, Total
from kam.periods import FiscalYear, fiscal_year_of


def rates_of(*years: int) -> dict[int, Rates]:
    """The budget rates of some fiscal years (one query)."""
    stored: dict[int, dict[str, Decimal]] = {year: {} for year in years}
    rows = BudgetRate.objects.active().filter(year__in=years)
    for year, currency, rate in rows.values_list("year", "currency", "rate"):
        stored[year][currency] = rate
    company = Company.current().currency
    return {year: Rates(company, rates, year) for year, rates in stored.items()}


@dataclass(slots=True)
class Sums:
    """Revenue and cost in company currency, with what has no rate beside it."""

    revenue: Total = field(default_factory=Total)
    cost: Total = field(default_factory=Total)

    def add(self, rates: Rates, currency: str, revenue: Decimal, cost: Decimal) -> None:
        self.revenue = self.revenue + rates.total([(currency, revenue)])
        self.cost = self.cost + rates.total([(currency, cost)])

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.revenue + other.revenue, self.cost + other.cost)

    @property
    def margin(self) -> Decimal:
        """Revenue less cost, of what has a rate."""
        return self.revenue.amount - self.cost.amount

    @property
    def margin_share(self) -> Decimal | None:
        """Margin per revenue; none without revenue."""
        return self.margin / self.revenue.amount if self.revenue.amount else None


@dataclass(frozen=True, slots=True)
class AccountSales:
    """One account's sales in a fiscal year and the one before, in company currency.

    ``closed`` months of the year are over; ``same`` are the same months of the year before.
    A month without facts is not in ``months``.
    """

    year: FiscalYear
    months: Mapping[date, Sums]
    this: Sums
    before: Sums
    to_date: Sums
    same: Sums
    closed: int
    currencies: frozenset[str]

    @property
    def change(self) -> Decimal | None:
        """Growth of the closed months over the same months of the year before."""
        base = self.same.revenue.amount
        if not self.closed or base <= 0 or not self.complete:
            return None
        return self.to_date.revenue.amount / base - 1

    @property
    def complete(self) -> bool:
        return self.this.revenue.complete and self.before.revenue.complete

    @property
    def no_rate(self) -> list[str]:
        return sorted({*self.this.revenue.missing, *self.before.revenue.missing})


def account_sales(facts: Any, year: FiscalYear, today: date) -> AccountSales:
    """What a queryset of facts holds of a fiscal year and the one before (two queries)."""
    last = year.shifted(-1)
    rates = rates_of(year.year, last.year)
    rows = (
        facts.in_months(last.first, year.end)
        .order_by()
        .values_list("month", "currency")
        .annotate(Sum("revenue"), Sum("cost"))
    )
    months: dict[date, Sums] = defaultdict(Sums)
    this, before, to_date, same = Sums(), Sums(), Sums(), Sums()
    closed = year.closed_months(today)
    currencies = set()
    for month, currency, revenue, cost in rows:
        own = fiscal_year_of(month, year.start_month)
        rate = rates[own.year]
        currencies.add(currency)
        months[month].add(rate, currency, revenue, cost)
        (this if own.year == year.year else before).add(rate, currency, revenue, cost)
        if own.month_number(month) < closed:
            (to_date if own.year == year.year else same).add(rate, currency, revenue, cost)
    return AccountSales(
        year, dict(months), this, before, to_date, same, closed, frozenset(currencies)
    )


def year_sums(accounts: Any, year: int, rates: Rates) -> Sums:
    """The sum of a queryset of accounts in one fiscal year, each account once (one query)."""
    sums = Sums()
    rows = (
        AccountYear.objects.filter(account__in=accounts.order_by().values("pk"), year=year)
        .order_by()
        .values_list("currency")
        .annotate(Sum("revenue"), Sum("cost"))
    )
    for currency, revenue, cost in rows:
        sums.add(rates, currency, revenue, cost)
    return sums


@dataclass(slots=True)
class GroupNode:
    """An account in its group: its own figures, and all that stands below it apart.

    ``own`` and ``below`` never overlap; ``total`` counts every account once.
    """

    account: Account
    depth: int
    own: Sums
    below: Sums

    @property
    def total(self) -> Sums:
        return self.own + self.below


def group(accounts: Sequence[Account], year: int, rates: Rates) -> list[GroupNode]:
    """The accounts of a group in the order of their tree, with rolled-up figures (one query).

    An account whose parent is not among them stands at the top.
    """
    nodes = {a.pk: GroupNode(a, 0, Sums(), Sums()) for a in accounts}
    rows = AccountYear.objects.filter(account__in=list(nodes), year=year)
    for pk, currency, revenue, cost in rows.values_list("account", "currency", "revenue", "cost"):
        nodes[pk].own.add(rates, currency, revenue, cost)
    children: dict[int | None, list[GroupNode]] = defaultdict(list)
    for node in nodes.values():
        above = [pk for pk in node.account.path[:-1] if pk in nodes]
        node.depth = len(above)
        children[above[-1] if above else None].append(node)
        for pk in above:
            nodes[pk].below = nodes[pk].below + node.own
    ordered: list[GroupNode] = []
    waiting = sorted(children[None], key=_by_name, reverse=True)
    while waiting:
        node = waiting.pop()
        ordered.append(node)
        waiting.extend(sorted(children[node.account.pk], key=_by_name, reverse=True))
    return ordered


def _by_name(node: GroupNode) -> tuple[str, int]:
    return node.account.name, node.account.pk


@dataclass(frozen=True, slots=True)
class ProductSales:
    """What an account bought of one product in two fiscal years."""

    product_id: int
    product: str
    line: str
    this: Sums
    before: Sums
    volume: Decimal
    unit: str


def product_sales(facts: Any, year: FiscalYear) -> list[ProductSales]:
    """Facts of a fiscal year and the one before by product, best first (two queries)."""
    last = year.shifted(-1)
    rates = rates_of(year.year, last.year)
    rows = (
        facts.in_months(last.first, year.end)
        .order_by()
        .values_list("product_id", "product__name", "product__line__name", "product__unit")
        .annotate(
            this_year=_in_year(year),
            money=F("currency"),
            revenue=Sum("revenue"),
            cost=Sum("cost"),
            volume=Sum("volume"),
        )
    )
    found: dict[int, dict[str, Any]] = {}
    for pk, name, line, unit, this_year, currency, revenue, cost, volume in rows:
        entry = found.setdefault(
            pk,
            {
                "product_id": pk,
                "product": name,
                "line": line,
                "unit": unit,
                "this": Sums(),
                "before": Sums(),
                "volume": ZERO,
            },
        )
        sums = entry["this"] if this_year else entry["before"]
        sums.add(rates[year.year if this_year else last.year], currency, revenue, cost)
        if this_year:
            entry["volume"] += volume
    sales = [ProductSales(**entry) for entry in found.values()]
    return sorted(
        sales, key=lambda s: (-s.this.revenue.amount, -s.before.revenue.amount, s.product)
    )


def _in_year(year: FiscalYear) -> Any:
    return Case(
        When(month__gte=year.first, then=Value(True)),
        default=Value(False),
        output_field=BooleanField(),
    )


def ancestors(user: Any, account: Account) -> list[Account]:
    """The accounts above this one that the user sees, top first."""
    above = account.path[:-1]
    if not above:
        return []
    rows = Account.objects.visible_to(user).in_bulk(above)
    return [rows[pk] for pk in above if pk in rows]


__all__ = [
    "AccountSales",
    "GroupNode",
    "ProductSales",
    "Sums",
    "account_sales",
    "ancestors",
    "group",
    "product_sales",
    "rates_of",
    "year_sums",
]


def decides_on(user: Any, account: Account) -> bool:
    """Whether this person decides on the account (see ``AccountQuerySet.staffed_by``).

    One query for each account as fetched, not for each of its fields on a page.
    """
    known = account.__dict__.setdefault("_decided_by", {})
    if user not in known:
        known[user] = Account.objects.staffed_by(user).filter(pk=account.pk).exists()
    return known[user]
