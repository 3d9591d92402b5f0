"""The demo company's account plans: which accounts have one, in which state, with what in it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from plans.demo import words
from plans.demo.customers import AccountSeed, pick, rng
from plans.demo.sales import MIXES

#: Kari's accounts, the largest first: every state can be seen in her portfolio.
OWN_STATES = (
    "active", "active", "returned", "submitted", "active", "active", "draft", "active", "submitted",
    "draft", "active",
)  # fmt: skip
STATES = {"active": 62, "submitted": 9, "returned": 6, "draft": 18}
#: Accounts that buy less in a year (EUR) are looked after without a plan.
SMALL = 180_000
#: From this month on, plans for the next year are being written.
PLANNING_SEASON = 9


@dataclass(frozen=True, slots=True)
class GoalSeed:
    side: str
    title: str
    metric: str
    baseline: Decimal
    target: Decimal
    actual: Decimal | None
    due_on: date


@dataclass(frozen=True, slots=True)
class ActivitySeed:
    """``who``: a person's key, or nothing. ``contact``: the role of the contact."""

    title: str
    reason: str
    contact: str
    who: str
    due_on: date
    status: str
    goal: int | None


@dataclass(slots=True)
class PlanSeed:
    """A plan. ``growth``: per cent above last year. ``forecast``: share of the target expected."""

    account: AccountSeed
    year: int
    status: str
    growth: Decimal
    texts: dict[str, str]
    note: str = ""
    forecast: Decimal | None = None
    goals: list[GoalSeed] = field(default_factory=list)
    activities: list[ActivitySeed] = field(default_factory=list)


def plans(accounts: list[AccountSeed], year: int, today: date) -> list[PlanSeed]:
    """Plans of last year (closed), of this year (all states), and in autumn of the next one."""
    return [
        *_last_year(accounts, year - 1, today),
        *_this_year(accounts, year, today),
        *_next_year(accounts, year + 1, today),
    ]


def _planned(accounts: list[AccountSeed]) -> Iterator[tuple[AccountSeed, int]]:
    """Accounts that get a plan this year, with their rank in their KAM's portfolio."""
    by_owner: dict[str, list[AccountSeed]] = {}
    for account in accounts:
        if account.owner and account.shape != "prospect" and account.type != "group":
            by_owner.setdefault(account.owner, []).append(account)
    for owner, own in by_owner.items():
        own.sort(key=lambda a: (not a.is_key, -a.size))
        # Who buys more than a little has a plan; the long tail has none.
        keep = sum(a.is_key or a.size > SMALL for a in own)
        if owner == "kam":
            keep = max(keep, len(OWN_STATES))
        yield from ((account, rank) for rank, account in enumerate(own[:keep]))


def _this_year(accounts: list[AccountSeed], year: int, today: date) -> Iterator[PlanSeed]:
    for account, rank in _planned(accounts):
        chance = rng("state", account.name)
        status = pick(chance, STATES)
        if account.owner == "kam" and rank < len(OWN_STATES):
            status = OWN_STATES[rank]
        if account.owner != "kam" and rank == 1:
            status = "submitted"  # something to decide for every leader
        yield _plan(account, year, status, today)


def _last_year(accounts: list[AccountSeed], year: int, today: date) -> Iterator[PlanSeed]:
    for account, rank in _planned(accounts):
        if account.shape != "new" and account.is_key and rank < 3:
            yield _plan(account, year, "closed", today)


def _next_year(accounts: list[AccountSeed], year: int, today: date) -> Iterator[PlanSeed]:
    if today.month < PLANNING_SEASON:
        return
    for account, rank in _planned(accounts):
        if account.is_key and rank < (2 if account.owner == "kam" else 1):
            chance = rng("next", account.name)
            status = (
                "draft" if account.owner == "kam" else pick(chance, {"draft": 3, "submitted": 1})
            )
            yield _plan(account, year, status, today)


def _plan(account: AccountSeed, year: int, status: str, today: date) -> PlanSeed:
    chance = rng("plan", account.name, year)
    line = max(MIXES[account.industry].items(), key=lambda item: item[1])[0].lower()
    market, needs, offer = words.MARKETS[account.industry]
    texts = {
        "summary": chance.choice(words.SUMMARIES).format(line=line),
        "situation": market,
        "needs": needs,
        "value": offer,
        "competitors": chance.choice(words.COMPETITORS),
        "strategy": chance.choice(words.STRATEGIES),
        "risks": chance.choice(words.RISKS),
    }
    if status == "draft":  # begun, not finished
        texts = {name: texts[name] for name in list(texts)[: chance.randint(1, 4)]}
    growth = {"growing": 12, "new": 18, "declining": -4, "dying": -15}.get(account.shape, 4)
    plan = PlanSeed(
        account=account,
        year=year,
        status=status,
        growth=Decimal(growth + chance.randint(-2, 4)),
        texts=texts,
    )
    if status == "returned":
        plan.note = chance.choice(words.RETURN_NOTES)
    elif status in ("active", "closed"):
        plan.note = chance.choice(words.APPROVE_NOTES)
    if status == "active" and account.is_key:
        plan.forecast = Decimal(chance.choice(["0.86", "0.94", "1.00", "1.05", "1.12"]))
    plan.goals = list(_goals(plan, line, today))
    plan.activities = list(_activities(plan, line, today))
    return plan


def _goals(plan: PlanSeed, line: str, today: date) -> Iterator[GoalSeed]:
    chance = rng("goals", plan.account.name, plan.year)
    ours = [g for g in words.GOALS if g[0] == "ours"]
    theirs = [g for g in words.GOALS if g[0] == "customer"]
    count = 2 if plan.account.is_key or plan.account.owner == "kam" else 1
    if plan.status == "draft":
        count = 1
    chosen = [
        *chance.sample(ours, count + int(plan.account.is_key)),
        *chance.sample(theirs, 0 if plan.status == "draft" else count),
    ]
    passed = min(1.0, max(0.0, (today - date(plan.year, 1, 1)).days / 365))
    for side, title, metric, baseline, target, reached in chosen:
        way = min(1.1, reached * passed * chance.uniform(0.6, 1.6))
        actual = Decimal(round(baseline + (target - baseline) * way))
        yield GoalSeed(
            side=side,
            title=title.format(line=line),
            metric=metric,
            baseline=Decimal(baseline),
            target=Decimal(target),
            actual=actual if plan.status in ("active", "closed") else None,
            due_on=date(plan.year, chance.choice([6, 9, 12]), 30),
        )


def _activities(plan: PlanSeed, line: str, today: date) -> Iterator[ActivitySeed]:
    chance = rng("activities", plan.account.name, plan.year)
    pool = chance.sample(words.ACTIVITIES, 9)
    helpers = [seat.person for seat in plan.account.seats if seat.person != plan.account.owner]
    for at, (days, status) in enumerate(_days(plan, today)):
        title, reason, role = pool[at % len(pool)]
        who = plan.account.owner
        if helpers and chance.random() < 0.28:
            who = chance.choice(helpers)
        if status == "planned" and days > 14 and chance.random() < 0.18:
            who = ""
        yield ActivitySeed(
            title=title.format(line=line),
            reason=reason,
            contact=role,
            who=who,
            due_on=today + timedelta(days=days),
            status=status,
            goal=chance.randrange(len(plan.goals))
            if plan.goals and chance.random() < 0.6
            else None,
        )


def _days(plan: PlanSeed, today: date) -> Iterator[tuple[int, str]]:
    """When the plan's activities are due, in days from today, and how they stand."""
    chance = rng("days", plan.account.name, plan.year)
    if plan.status == "closed":
        end = (date(plan.year, 12, 15) - today).days
        for at in range(3):
            yield end - 90 * at - chance.randint(0, 20), "cancelled" if at == 2 else "done"
        return
    if plan.year > today.year:
        start = (date(plan.year, 1, 12) - today).days
        yield from ((start + chance.randint(0, 90), "planned") for _ in range(2))
        return
    if plan.status in ("draft", "returned"):
        yield from ((chance.randint(5, 60), "planned") for _ in range(chance.randint(1, 3)))
        return
    own = plan.account.owner == "kam"
    for _ in range(chance.randint(2, 4) if own or plan.account.is_key else 1):
        yield -chance.randint(15, 210), "done"
    if plan.account.is_key or chance.random() < 0.5:
        yield -chance.randint(2, 25), chance.choice(["planned", "in_progress"])  # late
    if own or chance.random() < 0.4:
        yield chance.randint(0, 6), chance.choice(["planned", "in_progress"])  # this week
    if own and chance.random() < 0.5:
        yield 0, "planned"
    for _ in range(chance.randint(1, 3) if own or plan.account.is_key else 1):
        yield chance.randint(10, 120), "planned"
