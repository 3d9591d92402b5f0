"""What the demo company's customers bought: 36 months up to last month."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import floor

from kam.periods import add_months, month_of
from plans.demo import company
from plans.demo.customers import AccountSeed, rng

MONTHS = 36

#: Industry → how its money is spread over our lines (parts of 100).
MIXES = {
    "Pulp and paper": {
        "Centrifugal pumps": 30, "Shut-off valves": 15, "Control valves": 12,
        "Seals and spare parts": 22, "Service agreements": 9, "Field service": 8,
        "Condition monitoring": 4,
    },
    "Mining and minerals": {
        "Centrifugal pumps": 42, "Submersible pumps": 12, "Shut-off valves": 10,
        "Seals and spare parts": 24, "Field service": 12,
    },
    "Chemicals": {
        "Dosing pumps": 24, "Centrifugal pumps": 22, "Control valves": 26,
        "Seals and spare parts": 16, "Service agreements": 8, "Condition monitoring": 4,
    },
    "Food and dairy": {
        "Centrifugal pumps": 28, "Dosing pumps": 14, "Control valves": 18,
        "Seals and spare parts": 20, "Service agreements": 14, "Field service": 6,
    },
    "Aquaculture": {
        "Submersible pumps": 40, "Centrifugal pumps": 18, "Shut-off valves": 10,
        "Seals and spare parts": 16, "Field service": 16,
    },
    "Water and wastewater": {
        "Submersible pumps": 44, "Shut-off valves": 22, "Dosing pumps": 10,
        "Service agreements": 14, "Condition monitoring": 10,
    },
    "Energy and district heating": {
        "Centrifugal pumps": 36, "Control valves": 22, "Shut-off valves": 14,
        "Service agreements": 14, "Seals and spare parts": 10, "Condition monitoring": 4,
    },
    "Shipyards and offshore": {
        "Centrifugal pumps": 44, "Shut-off valves": 24, "Control valves": 14,
        "Seals and spare parts": 10, "Field service": 8,
    },
    "Steel and metals": {
        "Centrifugal pumps": 38, "Shut-off valves": 16, "Seals and spare parts": 26,
        "Field service": 14, "Condition monitoring": 6,
    },
    "Pharmaceuticals": {
        "Dosing pumps": 38, "Control valves": 24, "Seals and spare parts": 14,
        "Service agreements": 20, "Condition monitoring": 4,
    },
    "Building materials": {
        "Centrifugal pumps": 26, "Submersible pumps": 18, "Shut-off valves": 22,
        "Seals and spare parts": 22, "Field service": 12,
    },
}  # fmt: skip

#: Line → January … December, as parts of a normal month.
SEASONS = {
    "Centrifugal pumps": (0.8, 0.85, 1.05, 1.1, 1.15, 1.1, 0.6, 0.95, 1.15, 1.15, 1.1, 1.0),
    "Dosing pumps": (0.9, 0.95, 1.05, 1.05, 1.05, 1.0, 0.7, 0.95, 1.1, 1.1, 1.1, 1.05),
    "Submersible pumps": (0.7, 0.75, 1.05, 1.3, 1.35, 1.2, 0.8, 1.0, 1.1, 1.05, 0.9, 0.8),
    "Control valves": (0.85, 0.9, 1.05, 1.05, 1.1, 1.05, 0.65, 0.95, 1.1, 1.15, 1.1, 1.05),
    "Shut-off valves": (0.85, 0.9, 1.05, 1.1, 1.15, 1.1, 0.7, 0.95, 1.1, 1.1, 1.05, 0.95),
    "Seals and spare parts": (0.95, 0.95, 1.05, 1.1, 1.15, 0.9, 0.75, 1.0, 1.15, 1.1, 1.0, 0.9),
    "Service agreements": (1.0,) * 12,
    # The maintenance stops: spring and autumn.
    "Field service": (0.6, 0.7, 1.0, 1.5, 1.6, 1.0, 0.5, 0.8, 1.4, 1.5, 0.9, 0.5),
    "Condition monitoring": (1.0,) * 12,
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One account × product × month, in the account's currency."""

    account: str
    product: str
    month: date
    currency: str
    revenue: Decimal
    cost: Decimal
    volume: Decimal


def months_until(today: date) -> list[date]:
    """The 36 months up to last month."""
    return [add_months(month_of(today), -MONTHS + i) for i in range(MONTHS)]


def facts(account: AccountSeed, today: date) -> Iterator[Fact]:
    """What an account bought. Sparse: where nothing was bought there is no fact."""
    if account.shape == "prospect" or account.type == "group":
        return
    months = months_until(today)
    holes = set(
        rng("holes", account.name).sample(range(MONTHS), rng(account.name).choice([0, 0, 1, 2]))
    )
    level = company.price_level(account.currency)
    for product, yearly in _basket(account):
        chance = rng("sales", account.name, product.number)
        discount = chance.uniform(0.04, 0.22 if account.is_key else 0.12)
        growth = _yearly_growth(account, product)
        for at, month in enumerate(months):
            if at in holes:
                continue
            season = SEASONS[product.line][month.month - 1]
            wanted = yearly / 12 * season * (1 + growth) ** ((at - MONTHS / 2) / 12)
            wanted *= _presence(account, at) * chance.uniform(0.72, 1.28)
            # Pieces are whole: small customers buy in some months only.
            pieces = floor(wanted / product.price + chance.random())
            if pieces > 0 and chance.random() < 0.012:
                pieces = -max(1, pieces // 3)  # a credit note outweighs the month
            if pieces == 0:
                continue
            price = product.price * level * (1 - discount) * 1.025 ** ((at - MONTHS) / 12)
            revenue = Decimal(round(pieces * price)).quantize(Decimal("0.01"))
            margin = product.margin - discount * 0.5 + chance.uniform(-0.04, 0.04)
            yield Fact(
                account=account.number,
                product=product.number,
                month=month,
                currency=account.currency,
                revenue=revenue,
                cost=(revenue * Decimal(f"{1 - margin:.4f}")).quantize(Decimal("0.01")),
                volume=Decimal(pieces),
            )


def _basket(account: AccountSeed) -> Iterator[tuple[company.ProductSeed, float]]:
    """Which products, and for how much a year (EUR)."""
    chance = rng("basket", account.name)
    mix = dict(MIXES[account.industry])
    if not account.is_key:  # smaller customers know fewer of our lines: white space
        kept = chance.sample(list(mix), max(1, len(mix) - chance.randint(1, 4)))
        mix = {line: mix[line] for line in mix if line in kept}
    whole = sum(mix.values())
    for line, part in mix.items():
        yearly = account.size * part / whole
        products = [p for p in company.PRODUCTS if p.line == line]
        fitting = [p for p in products if p.price < yearly * 1.5] or [
            min(products, key=lambda p: p.price)
        ]
        chosen = chance.sample(fitting, min(len(fitting), 2 if account.is_key else 1))
        weights = [chance.uniform(0.5, 1.5) for _product in chosen]
        for product, weight in zip(chosen, weights, strict=True):
            yield product, yearly * weight / sum(weights)


def _yearly_growth(account: AccountSeed, product: company.ProductSeed) -> float:
    chance = rng("growth", account.name, product.line)
    base = {"growing": 0.19, "declining": -0.16, "dying": -0.2, "new": 0.25}.get(
        account.shape, 0.02
    )
    return base + chance.uniform(-0.07, 0.07)


def _presence(account: AccountSeed, at: int) -> float:
    """How much of a customer is there in a month: new ones start, dying ones stop."""
    turn = rng("turn", account.name).randint(4, 11)
    if account.shape == "new":
        return min(1.0, max(0, at - (MONTHS - 22 + turn)) / 4)
    if account.shape == "dying":
        return 1.0 if at < MONTHS - turn - 6 else 0.35 if at < MONTHS - turn else 0.0
    if account.shape == "lumpy":
        return 4.2 if (at + turn) % 7 == 0 else 0.25
    return 1.0
