"""The demo company's needs in all states, value propositions, strategies, steps, dependencies."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import Contact
from plans.demo import company
from plans.demo.customers import rng
from plans.models import AccountPlan, Activity, Goal, Measure, Need
from plans.services import activities, goals, needs

#: (kind, need, diagnosis, line, consequence, capability, measure, from, to, value in EUR, chance).
NEEDS: tuple[tuple[Any, ...], ...] = (
    (
        "pain", "Unplanned stops of the main line",
        "Seals are changed when they leak, not when they are worn; nobody measures vibration.",
        "other_cost", "Each stop costs a shift and the penalty of a late delivery.",
        "Condition monitoring on the ten most critical pumps, and service by its figures.",
        "Unplanned stops a year", 9, 3, 180_000, 60,
    ),
    (
        "gain", "Lower energy use for pumping",
        "Pumps were sized for twice the present flow and are throttled.",
        "other_cost", "Energy is their third largest cost.",
        "Smaller impellers and speed control, paid from what is saved.",
        "kWh per 1,000 m³", 410, 350, 95_000, 45,
    ),
    (
        "pain", "Too much capital in spare parts",
        "Each site keeps its own stock; half of it fits no pump any more.",
        "working_capital", "Parts for two years lie on the shelves.",
        "One shared stock at ours, with delivery in a day.",
        "Spare parts in stock, kEUR", 640, 300, 60_000, 70,
    ),
    (
        "gain", "Shorter start-up after a rebuild",
        "Contractors commission pump by pump; documents come last.",
        "revenue", "Each week earlier is a week of production.",
        "Pre-tested skids with their documents, and our people on site.",
        "Weeks from delivery to production", 9, 6, 240_000, 25,
    ),
    (
        "pain", "Proof of emissions for their customers",
        "Figures per pump are not kept; the yearly report is estimated.",
        "risk", "Two of their largest customers ask for it from next year.",
        "Measured figures from the monitoring, as a yearly certificate.",
        "Pumps with measured figures, %", 10, 90, None, 50,
    ),
    (
        "pain", "Few people for maintenance",
        "", "personnel", "", "", "", None, None, None, None,
    ),
)  # fmt: skip
#: How far the needs of a plan have come, by its rank.
WAYS = (
    ("realised", "agreed", "proposed", "diagnosed", "found"),
    ("agreed", "proposed", "proposed", "dropped"),
    ("proposed", "diagnosed", "found"),
    ("agreed", "diagnosed"),
)
#: Role in the decision → (proposition, proof).
PROPOSITIONS = {
    "decider": (
        "Production that runs as promised, without a larger budget for maintenance.",
        "Two comparable works have had no unplanned stop for eighteen months.",
    ),
    "approver": (
        "Paid back in under two years, shown in your own figures before you decide.",
        "The calculation of the energy study, checked by your controller.",
    ),
    "buyer": (
        "One agreement and one contact for pumps, valves and parts.",
        "Fewer suppliers at three customers of your size, with prices fixed for three years.",
    ),
    "influencer": (
        "You know a week ahead which pump needs you.",
        "A month of measurements on a pump of your choice, free of charge.",
    ),
    "user": ("Fewer calls at night.", "Ask your colleagues at the reference."),
}
STRATEGIES = (
    ("Measure together at one line first", "Then agree on the result, and only then on the price."),
    ("From the works to the management", "Operations vouch for us; our sponsor opens the door."),
    ("Service before products", "What we learn from service makes the next offer."),
)
#: (title, measure, target): what the system measures of key accounts; None: 8 % above last year.
MEASURED: tuple[tuple[str, str, str, Decimal | None], ...] = (
    ("Product lines that they buy from us", Measure.CROSS_SELL, "customer", Decimal(6)),
    ("Everybody who decides knows us", Measure.RELATIONS, "process", Decimal(70)),
    ("Share of wallet", Measure.WALLET, "finance", Decimal(40)),
    ("Value agreed with the customer", Measure.NEEDS, "customer", Decimal(2_000_000)),
    ("Satisfied above the industry", Measure.SATISFACTION, "customer", Decimal(4)),
)
PERSPECTIVES = ("customer", "finance", "process", "learning")


def scored(plan: AccountPlan, at: int) -> dict[str, Any]:
    """Where the plan's goal number ``at`` stands in the scorecard."""
    chance = rng("scorecard", plan.account.name, plan.year, at)
    return {
        "perspective": PERSPECTIVES[(at + chance.randint(0, 3)) % 4],
        "weight": chance.choice([1, 1, 2, 3]),
    }


def make_work(making: Any, plan: AccountPlan, made: Sequence[Goal], *, key: bool) -> None:
    """Needs, strategies and steps of a plan that is still a draft; the more of them the larger it is."""
    chance = rng("work", plan.account.name, plan.year)
    people = list(Contact.objects.filter(account=plan.account).order_by("pk"))
    own = plan.account.owner is not None and plan.account.owner == making.people["kam"]
    if (key or own) and plan.year >= making.year:
        _needs(making, plan, people, chance)
    if not key:
        return
    for title, measure, perspective, target in chance.sample(MEASURED, 3):
        goals.add_goal(
            plan,
            title=title,
            measured_by=measure,
            perspective=perspective,
            target=target,
            weight=2,
            due_on=date(plan.year, 12, 31),
        )
    if made:
        _strategies(plan, made, chance)
        _steps(plan, made[0])


def _needs(making: Any, plan: AccountPlan, people: list[Contact], chance: Any) -> None:
    way = WAYS[chance.randrange(len(WAYS))]
    rate = Decimal(str(company.price_level(plan.currency)))
    found = []
    for seed, state in zip(chance.sample(NEEDS, len(way)), way, strict=True):
        kind, title, diagnosis, line, text, capability, measure, start, end, value, odds = seed
        need = needs.add_need(
            plan,
            kind=kind,
            title=title,
            diagnosis=diagnosis,
            customer_line=line,
            consequence_text=text,
            consequence=None if value is None else _round(Decimal(value) * rate * Decimal("1.4")),
            capability=capability,
            measure=measure,
            measured=start,
            attainable=end,
            value=None if value is None else _round(Decimal(value) * rate),
            chance=odds,
            improved_by=date(plan.year, 12, 31) if measure else None,
            source="Talk with the plant manager" if diagnosis else "",
            source_on=making.today - timedelta(days=chance.randint(10, 120)) if diagnosis else None,
        )
        found.append(_taken(making, need, state, people, chance))
    for person in people[:4]:
        if person.dmu_role in PROPOSITIONS and chance.random() < 0.8:
            words, proof = PROPOSITIONS[person.dmu_role]
            needs.add_proposition(
                plan,
                contact=person,
                need=chance.choice(found),
                proposition=words,
                proof=proof,
            )


def _taken(making: Any, need: Need, state: str, people: list[Contact], chance: Any) -> Need:
    """The need as far as it was to come; as far as its facts carry it."""
    if state == "found" or needs.missing_for(need, Need.State.PROPOSED):
        return need
    need = needs.diagnose(need)
    if state == "diagnosed":
        return need
    need = needs.propose(need)
    if state == "dropped":
        return needs.drop(need)
    if state == "proposed" or not people:
        return need
    day = making.today - timedelta(days=chance.randint(40, 90))
    need = needs.agree(need, people[0], day)
    if state == "agreed" or need.value is None:
        return need
    return needs.realise(need, _round(need.value * Decimal("0.7")), day + timedelta(days=30))


def _strategies(plan: AccountPlan, made: Sequence[Goal], chance: Any) -> None:
    found = [
        goals.add_strategy(plan, title=title, description=text, goal=chance.choice(made))
        for title, text in chance.sample(STRATEGIES, 2)
    ]
    before: Activity | None = None
    for activity in plan.activities.order_by("due_on", "pk"):  # type: ignore[attr-defined]
        changes: dict[str, Any] = {}
        if chance.random() < 0.6:
            strategy = chance.choice(found)
            changes |= {"strategy": strategy, "goal": strategy.goal}
        if activity.is_open and activity.due_on is not None:
            changes["starts_on"] = activity.due_on - timedelta(days=chance.randint(5, 45))
            changes["effort_hours"] = Decimal(chance.choice([4, 8, 12, 24]))
            if before is not None and chance.random() < 0.5:
                changes["depends_on"] = before
            before = activity
        if chance.random() < 0.15:
            changes["side"] = Goal.Side.CUSTOMER
        if changes:
            activities.change_activity(activity, changes, base_version=None)


def _steps(plan: AccountPlan, goal: Goal) -> None:
    """Quarter by quarter from the baseline to the target; what was reached is on its way."""
    if goal.baseline is None or goal.target is None:
        return
    for quarter in range(1, 5):
        share = Decimal(quarter) / 4
        day = date(plan.year, quarter * 3, 30)
        goals.add_step(
            goal,
            on=day,
            target=_round(goal.baseline + (goal.target - goal.baseline) * share),
            actual=None
            if goal.actual is None or quarter > 2
            else _round(goal.baseline + (goal.actual - goal.baseline) * share),
        )


def _round(value: Decimal) -> Decimal:
    return value.quantize(Decimal(1))
