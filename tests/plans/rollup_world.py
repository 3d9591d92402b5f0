"""A messy company, and the same figures computed in plain Python from its rows."""

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils import timezone

from accounts.models import Account, Product, ProductLine, SalesFact
from kam.models import BudgetRate, Company, Role, Team, User
from kam.periods import FiscalYear, add_months
from plans.models import AccountPlan, Activity, PortfolioCount, PortfolioMonth, Target, TargetMonth

CURRENCIES = [
    "EUR",
    "NOK",
    "SEK",
    "USD",
]  # nobody has set a rate for USD; SEK has one this year only
#: The world's year, and a day in its seventh month: six months are over.
WORLD_YEAR = FiscalYear(2026, 1)
MID_YEAR = date(2026, 7, 10)


@dataclass
class World:
    year: FiscalYear
    teams: list[Team]
    owners: list[User]
    accounts: list[Account]
    products: list[Product]
    random: random.Random


def messy_world(year: FiscalYear, *, accounts: int = 30, seed: int = 7) -> World:
    """Teams four deep, people in and outside them, accounts with and without owner, plan, rate."""
    rng = random.Random(seed)
    Company.objects.update_or_create(
        pk=1, defaults={"currency": "EUR", "fiscal_year_start": year.start_month}
    )
    for of_year, currency, rate in (
        (year.year, "NOK", "0.0875"),
        (year.year, "SEK", "0.0913"),
        (year.year - 1, "NOK", "0.0901"),
    ):
        BudgetRate.objects.create(year=of_year, currency=currency, rate=Decimal(rate))
    teams: list[Team] = []
    for index in range(9):
        parent = None if index < 2 else teams[(index - 2) // 2 * 1 if index < 6 else index - 2]
        teams.append(Team.objects.create(name=f"Team {index}", parent=parent))
    owners = [
        User.objects.create(
            email=f"kam{index}@example.com",
            name=f"Kam {index}",
            role=Role.KAM,
            team=teams[index % len(teams)] if index < 12 else None,
        )
        for index in range(14)
    ]
    lines = [ProductLine.objects.create(name=f"Line {index}") for index in range(3)]
    products = [
        Product.objects.create(name=f"Product {i}", number=f"P{i}", line=lines[i % 3])
        for i in range(5)
    ]
    made: list[Account] = []
    for index in range(accounts):
        made.append(
            Account.objects.create(
                name=f"Account {index}",
                owner=rng.choice([*owners, None, None]),
                parent=rng.choice([*made, None]) if made else None,
                currency=rng.choice(CURRENCIES),
                is_key_account=rng.random() < 0.3,
                archived_at=timezone.now() if rng.random() < 0.15 else None,
            )
        )
    world = World(year, teams, owners, made, products, rng)
    facts = []
    for account in made:
        for offset in range(-13, 14):  # one month more than the two years at both ends
            for product in rng.sample(products, rng.randint(0, 2)):
                facts.append(
                    SalesFact(
                        account=account,
                        product=product,
                        month=add_months(year.first, offset),
                        currency=rng.choice(CURRENCIES),
                        revenue=Decimal(rng.randint(-5_000, 90_000)) / 100,
                        cost=Decimal(rng.randint(0, 50_000)) / 100,
                    )
                )
    SalesFact.objects.bulk_create(facts)
    for account in made:
        for of_year in (year.year, year.year - 1):
            if rng.random() < 0.7:
                plan_for(world, account, of_year)
    return world


def plan_for(world: World, account: Account, of_year: int) -> AccountPlan:
    rng = world.random
    plan = AccountPlan.objects.create(
        account=account,
        year=of_year,
        currency=account.currency,
        status=rng.choice(AccountPlan.Status.values),
        archived_at=timezone.now() if rng.random() < 0.1 else None,
    )
    fiscal = FiscalYear(of_year, world.year.start_month)
    for line in rng.sample(list(ProductLine.objects.all()), rng.randint(0, 3)):
        target = Target.objects.create(
            plan=plan, line=line, archived_at=timezone.now() if rng.random() < 0.1 else None
        )
        TargetMonth.objects.bulk_create(
            TargetMonth(
                target=target,
                month=month,
                revenue=Decimal(rng.randint(0, 90_000)) / 100,
                margin=Decimal(rng.randint(0, 30_000)) / 100,
                forecast=rng.choice([None, Decimal(rng.randint(0, 90_000)) / 100]),
            )
            for month in fiscal.months()
            if rng.random() < 0.9
        )
    for _ in range(rng.randint(0, 3)):
        Activity.objects.create(
            plan=plan,
            title="Visit",
            status=rng.choice(Activity.Status.values),
            due_on=rng.choice([None, date(of_year, rng.randint(1, 12), 3)]),
            archived_at=timezone.now() if rng.random() < 0.1 else None,
        )
    return plan


# --- the oracle: nothing of what it proves is used here -------------------------------------------


def expected_cells() -> dict[tuple, list[Decimal]]:
    """(owner, month, currency) → actual, its margin, target, its margin, forecast."""
    owner_of = {a.pk: a.owner_id for a in Account.objects.all() if a.archived_at is None}
    cells: dict[tuple, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 5)
    for fact in SalesFact.objects.all():
        if fact.account_id in owner_of:
            cell = cells[owner_of[fact.account_id], fact.month, fact.currency]
            cell[0] += fact.revenue
            cell[1] += fact.revenue - fact.cost
    for month in counted_targets():
        if month.account in owner_of:
            cell = cells[owner_of[month.account], month.month, month.currency]
            cell[2] += month.revenue
            cell[3] += month.margin
            cell[4] += month.expected
    return dict(cells)


@dataclass(frozen=True)
class CountedTarget:
    """A month of a target that counts; ``expected`` is its forecast, or itself."""

    account: int
    line: int
    month: date
    currency: str
    revenue: Decimal
    margin: Decimal
    expected: Decimal


def counted_targets() -> list[CountedTarget]:
    """The targets of all plans; of those being amended as they stand in the version in force."""
    found = []
    rows = {(m.target_id, m.month): m for m in TargetMonth.objects.select_related("target__plan")}
    frozen: dict[int, dict] = {}
    for plan in AccountPlan.objects.filter(
        in_force__gt=0, status__in=["draft", "submitted", "returned", "amending"]
    ):
        frozen[plan.pk] = plan.versions.get(number=plan.in_force).content
        currency = frozen[plan.pk]["plan"]["currency"]
        for target in frozen[plan.pk]["targets"] if plan.archived_at is None else []:
            for day, (revenue, margin, _volume) in target["months"].items():
                month = date.fromisoformat(day)
                forecast = rows[target["id"], month].forecast
                if forecast is None or plan.currency != currency:
                    forecast = Decimal(revenue)
                found.append(
                    CountedTarget(
                        plan.account_id, target["line"], month, currency, Decimal(revenue),
                        Decimal(margin), forecast,
                    )
                )  # fmt: skip
    for (_target, month), row in rows.items():
        target, plan = row.target, row.target.plan
        if plan.pk in frozen or row.archived_at or target.archived_at or plan.archived_at:
            continue
        expected = row.revenue if row.forecast is None else row.forecast
        found.append(
            CountedTarget(
                plan.account_id, target.line_id, month, plan.currency, row.revenue, row.margin,
                expected,
            )
        )  # fmt: skip
    return found


def stored_cells() -> dict[tuple, list[Decimal]]:
    return {
        (p.owner_id, p.month, p.currency): [
            p.actual_revenue,
            p.actual_margin,
            p.target_revenue,
            p.target_margin,
            p.forecast_revenue,
        ]
        for p in PortfolioMonth.objects.all()
    }


def expected_counts(today: date) -> dict[tuple, list[int]]:
    """(owner, year; 0 for the accounts) → accounts, key accounts, planned, approved, open, late."""
    counts: dict[tuple, list[int]] = defaultdict(lambda: [0] * 6)
    living = {a.pk: a for a in Account.objects.all() if a.archived_at is None}
    for account in living.values():
        counts[account.owner_id, 0][0] += 1
        counts[account.owner_id, 0][1] += account.is_key_account
    plans = {
        p.pk: p
        for p in AccountPlan.objects.all()
        if p.archived_at is None and p.account_id in living
    }
    for plan in plans.values():
        row = counts[living[plan.account_id].owner_id, plan.year]
        row[2] += 1
        row[3] += plan.in_force > 0 or plan.status in ("approved", "active", "amending", "closed")
    for activity in Activity.objects.all():
        if activity.plan_id not in plans or activity.archived_at:
            continue
        if activity.status not in ("planned", "in_progress"):
            continue
        plan = plans[activity.plan_id]
        row = counts[living[plan.account_id].owner_id, plan.year]
        row[4] += 1
        row[5] += activity.due_on is not None and activity.due_on < today
    return dict(counts)


def stored_counts() -> dict[tuple, list[int]]:
    return {
        (c.owner_id, c.year): [
            c.accounts,
            c.key_accounts,
            c.planned,
            c.approved,
            c.open_activities,
            c.late_activities,
        ]
        for c in PortfolioCount.objects.all()
    }


def expected_sum(owner_ids: set[int | None], year: FiscalYear) -> tuple[list[Decimal], dict]:
    """The year's five sums of these owners in EUR by the rates as stored, and what has no rate."""
    rates = {r.currency: r.rate for r in BudgetRate.objects.filter(year=year.year)}
    rates["EUR"] = Decimal(1)
    sums = [Decimal(0)] * 5
    missing: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    months = list(year.months())
    for (owner, month, currency), values in expected_cells().items():
        if owner not in owner_ids or month not in months:
            continue
        if currency in rates:
            sums = [s + v * rates[currency] for s, v in zip(sums, values, strict=True)]
        else:
            for name, index in (("actual", 0), ("target", 2), ("forecast", 4)):
                missing[name, currency] += values[index]
    return sums, {key: value for key, value in missing.items() if value}


def owners_below(team: Team) -> set[int]:
    """The people of a team and of all teams below it, by walking the parents."""
    parents = dict(Team.objects.values_list("pk", "parent_id"))

    def is_below(pk: int | None) -> bool:
        while pk is not None:
            if pk == team.pk:
                return True
            pk = parents[pk]
        return False

    return {u.pk for u in User.objects.all() if is_below(u.team_id)}
