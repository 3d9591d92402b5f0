"""What the demo company's people know about their accounts: the same in every run of one day."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.db.models import F, Sum

from accounts.models import Account, ProductLine, SalesFact
from kam.audit import source
from kam.models import Role, User
from kam.periods import add_months, company_year
from portfolio.models import (
    Capacity,
    Confidence,
    HoursSpent,
    Judgement,
    LineEstimate,
    PlannedHours,
    PortfolioSettings,
    ServiceCost,
)
from portfolio.resources import closed_year
from portfolio.services.hours import monday
from portfolio.services.inputs import change_settings

HOURLY_COST = Decimal(85)
WEEKS = 52
SOURCES = (
    "Talk with purchasing",
    "Annual report",
    "Plant visit",
    "Supplier survey",
    "Tender documents",
    "KAM's estimate",
)
EVIDENCE = {
    1: ("They answer late and share nothing.", "Chose a competitor twice this year."),
    2: ("Meets us only about prices.", "One contact, no access above purchasing."),
    3: ("Open in projects, closed on strategy.", "Yearly meeting with the plant manager."),
    4: ("Shares plans half a year ahead.", "Invited us to the technical board."),
    5: ("Plans investments together with us.", "Recommended us to two other plants."),
}
NOTES = ("", "", "", "Offer", "Plant visit", "Service review", "Price talks", "Start-up", "Audit")


def make_inputs(*, today: date, judged: Sequence[str], settings: bool = True) -> None:
    """Makes estimates, judgements (for the codes of ``judged``), costs, hours, capacities, settings.

    Needs accounts with owners and sales facts; writes set by set, in the name of each owner.
    """
    world = _World(today, judged)
    for owner in world.owners:
        with source("command", user=owner.pk):
            world.make(owner)
    if settings:
        world.make_settings()


def _rng(*about: object) -> Random:
    return Random(":".join(map(str, ("inputs", *about))))  # noqa: S311 - no secret


def _rounded(amount: float, step: int = 500) -> Decimal:
    return Decimal(max(step, round(amount / step) * step))


def _half(hours: float) -> Decimal:
    return Decimal(max(1, round(hours * 2))) / 2


class _World:
    """What is there already, read once."""

    def __init__(self, today: date, judged: Sequence[str]) -> None:
        self.today, self.judged = today, judged
        self.period = closed_year(today)
        self.year = company_year().year
        self.accounts: dict[int, list[Account]] = defaultdict(list)
        rows = Account.objects.active().filter(owner__isnull=False).order_by("number", "pk")
        for account in rows:
            self.accounts[account.owner_id or 0].append(account)
        self.owners = list(User.objects.filter(pk__in=self.accounts).order_by("email"))
        self.lines = [
            line
            for line in ProductLine.objects.active().order_by("name")
            if line.products.active().exists()
        ]
        self.sales: dict[int, dict[int, float]] = defaultdict(dict)
        facts = (
            SalesFact.objects.in_months(self.period.first, self.period.end)
            .filter(currency=F("account__currency"))
            .order_by()
            .values_list("account", "product__line")
            .annotate(Sum("revenue"))
        )
        for account, line, revenue in facts:
            self.sales[account][line] = float(revenue)

    def make(self, owner: User) -> None:
        mine = self.accounts[owner.pk]
        for model, rows in (
            (LineEstimate, self.estimates(mine)),
            (Judgement, self.judgements(owner, mine)),
            (ServiceCost, self.costs(mine)),
            (HoursSpent, self.hours(owner, mine)),
            (PlannedHours, self.planned(owner, mine)),
            (Capacity, self.capacities(owner)),
        ):
            manager: Any = model._default_manager
            manager.bulk_create(list(rows), batch_size=1000)

    # --- wallet and potential -----------------------------------------------------------------------
    def estimates(self, accounts: list[Account]) -> Iterator[LineEstimate]:
        for account in accounts:
            chance = _rng("estimates", account.number)
            if not account.is_key_account and chance.random() < 0.15:
                continue
            sales = self.sales[account.pk]
            taken: list[ProductLine] = []
            others = chance.sample(self.lines, min(len(self.lines), 2 if sales else 3))
            for line in [*(line for line in self.lines if sales.get(line.pk, 0) > 0), *others]:
                if any(line.pk in o.path or o.pk in line.path for o in taken):
                    continue
                taken.append(line)
                yield self._estimate(account, line, max(sales.get(line.pk, 0.0), 0.0), chance)

    def _estimate(
        self, account: Account, line: ProductLine, own: float, chance: Random
    ) -> LineEstimate:
        size = sum(self.sales[account.pk].values())
        wallet = own * chance.uniform(1.05, 3.5) if own else max(size, 40_000) * chance.uniform(
            0.05, 0.4
        )  # fmt: skip
        potential = own + (wallet - own) * chance.uniform(0.15, 0.6)
        return LineEstimate(
            account=account,
            line=line,
            currency=account.currency,
            wallet=_rounded(wallet) if chance.random() < 0.92 else None,
            potential=_rounded(potential),
            chance=Decimal(chance.randrange(10, 85, 5)) if chance.random() < 0.9 else None,
            source=chance.choice(SOURCES),
            as_of=self.today - timedelta(days=chance.randrange(10, 400)),
            confidence=chance.choices(Confidence.values, (3, 5, 2))[0],
        )

    # --- judgements ---------------------------------------------------------------------------------
    def judgements(self, owner: User, accounts: list[Account]) -> Iterator[Judgement]:
        for account in accounts:
            chance = _rng("judgements", account.number)
            level = chance.gauss(3.6 if account.is_key_account else 2.7, 0.6)
            share = 0.95 if account.is_key_account else 0.75
            for code in self.judged:
                if chance.random() > share:
                    continue
                value = max(1, min(5, round(chance.gauss(level, 0.8))))
                yield Judgement(
                    account=account,
                    code=code,
                    value=value,
                    evidence=chance.choice(EVIDENCE[value]),
                    source=chance.choice(SOURCES),
                    judged_on=self.today - timedelta(days=chance.randrange(5, 330)),
                    judged_by=owner,
                )

    # --- costs to serve -----------------------------------------------------------------------------
    def costs(self, accounts: list[Account]) -> Iterator[ServiceCost]:
        for account in accounts:
            chance = _rng("costs", account.number)
            month_sales = sum(self.sales[account.pk].values()) / 12
            every = 1 if account.is_key_account else 3
            if month_sales <= 0 or (every == 3 and chance.random() < 0.6):
                continue
            rate = chance.uniform(0.005, 0.03)
            for n in range(0, 12, every):
                month = add_months(self.period.first, n)
                amount = month_sales * every * rate * chance.uniform(0.7, 1.3)
                yield self._cost(account, month, "logistics", amount, "Freight invoices")
            if account.is_key_account:
                bonus = month_sales * 12 * chance.uniform(0.005, 0.02)
                yield self._cost(account, self.period.last, "discount", bonus, "Bonus agreement")
                if chance.random() < 0.3:
                    month = add_months(self.period.first, chance.randrange(12))
                    amount = chance.uniform(5_000, 40_000)
                    yield self._cost(account, month, "investment", amount, "Test bench, on site")

    def _cost(
        self, account: Account, month: date, kind: str, amount: float, origin: str
    ) -> ServiceCost:
        return ServiceCost(
            account=account,
            month=month,
            kind=kind,
            currency=account.currency,
            amount=_rounded(amount, 10),
            source=origin,
        )

    # --- hours --------------------------------------------------------------------------------------
    def hours(self, owner: User, accounts: list[Account]) -> Iterator[HoursSpent]:
        """A year of weeks: key accounts and habit take the most; few hours in July and at Christmas."""
        chance = _rng("hours", owner.email)
        habit = {account.pk: self._weight(account) for account in accounts}
        this = monday(self.today)
        for back in range(WEEKS, -1, -1):
            week = this - timedelta(days=7 * back)
            budget = chance.uniform(20, 32) * self._season(week) * (0.4 if not back else 1.0)
            left = list(accounts)
            for _turn in range(chance.randint(5, 8)):
                if budget < 1 or not left:
                    break
                account = chance.choices(left, [habit[a.pk] for a in left])[0]
                left.remove(account)
                spent = min(_half(chance.uniform(1, 7)), _half(budget))
                budget -= float(spent)
                yield HoursSpent(
                    account=account,
                    user=owner,
                    week=week,
                    hours=spent,
                    note=chance.choice(NOTES),
                )

    def _weight(self, account: Account) -> float:
        chance = _rng("habit", account.number)
        return chance.uniform(0.4, 1.6) * (6.0 if account.is_key_account else 1.0)

    @staticmethod
    def _season(week: date) -> float:
        if week.month == 7:
            return 0.25
        return 0.4 if (week.month, week.day) >= (12, 20) else 1.0

    def planned(self, owner: User, accounts: list[Account]) -> Iterator[PlannedHours]:
        """Hours by weight, so that they come to 85 to 112 % of the capacity."""
        for year in (self.year, self.year + 1):
            chance = _rng("planned", owner.email, year)
            weights = {account.pk: self._weight(account) for account in accounts}
            total = float(self._capacity(owner, year)) * chance.uniform(0.85, 1.12)
            scale = total / sum(weights.values())
            for account in accounts:
                hours = round(weights[account.pk] * scale * chance.uniform(0.8, 1.2))
                if hours >= 2:
                    yield PlannedHours(account=account, user=owner, year=year, hours=Decimal(hours))

    def capacities(self, owner: User) -> Iterator[Capacity]:
        for year in (self.year - 1, self.year, self.year + 1):
            yield Capacity(user=owner, year=year, hours=self._capacity(owner, year))

    def _capacity(self, owner: User, year: int) -> Decimal:
        full = 1300 if owner.role == Role.KAM else 400
        return Decimal(full + 50 * _rng("capacity", owner.email, year).randint(-3, 3))

    # --- settings -----------------------------------------------------------------------------------
    def make_settings(self) -> None:
        """Room for few more key accounts than there are: the limit is felt."""
        keys = Counter(
            account.owner_id
            for accounts in self.accounts.values()
            for account in accounts
            if account.is_key_account
        )
        change_settings(
            PortfolioSettings.current(),
            {
                "hourly_cost": HOURLY_COST,
                "key_account_limit": sum(keys.values()) + 2,
                "key_accounts_per_kam": max(keys.values(), default=10) + 1,
            },
            base_version=None,
        )
