"""Money: amounts carry a currency, and are converted by the year's budget rate or shown apart.

A missing rate is never guessed: what it would convert stays outside the sum and is named.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

#: ISO 4217 codes offered; the names stand in the templates' language through Intl-free short codes.
CURRENCIES = [
    (code, code)
    for code in [
        "AUD",
        "BRL",
        "CAD",
        "CHF",
        "CNY",
        "CZK",
        "DKK",
        "EUR",
        "GBP",
        "HKD",
        "HUF",
        "INR",
        "ISK",
        "JPY",
        "KRW",
        "MXN",
        "NOK",
        "NZD",
        "PLN",
        "RON",
        "SEK",
        "SGD",
        "THB",
        "TRY",
        "USD",
        "ZAR",
    ]
]
CENT = Decimal("0.01")
ZERO = Decimal(0)


def rounded(amount: Decimal, step: Decimal = CENT) -> Decimal:
    """The amount in whole ``step``s, half up (as PostgreSQL's ``round``). Round last."""
    return amount.quantize(step, rounding=ROUND_HALF_UP)


@dataclass(slots=True)
class Total:
    """A sum in the company's currency, with what could not be converted beside it.

    ``amount`` is in company currency; ``missing`` holds amounts per currency without a rate.
    """

    amount: Decimal = ZERO
    missing: dict[str, Decimal] = field(default_factory=dict)

    def __add__(self, other: "Total") -> "Total":
        missing = defaultdict(Decimal, self.missing)
        for currency, amount in other.missing.items():
            missing[currency] += amount
        return Total(self.amount + other.amount, dict(missing))

    @property
    def complete(self) -> bool:
        return not self.missing


class Rates:
    """Budget rates of one fiscal year into the company's currency."""

    def __init__(self, company_currency: str, rates: Mapping[str, Decimal], year: int) -> None:
        self.currency = company_currency
        self.year = year
        self._rates = {**rates, company_currency: Decimal(1)}

    def rate(self, currency: str) -> Decimal | None:
        """Units of company currency for one unit; ``None`` where nobody has set it."""
        return self._rates.get(currency)

    @property
    def known(self) -> list[tuple[str, Decimal]]:
        """The foreign currencies that have a rate, with it."""
        return sorted((c, r) for c, r in self._rates.items() if c != self.currency)

    def total(self, amounts: Iterable[tuple[str, Decimal]]) -> Total:
        """The sum of (currency, amount) pairs; unrounded."""
        amount, missing = ZERO, defaultdict[str, Decimal](Decimal)
        for currency, value in amounts:
            rate = self.rate(currency)
            if rate is None:
                missing[currency] += value
            else:
                amount += value * rate
        return Total(amount, {c: v for c, v in missing.items() if v})


def rates_for(year: int) -> Rates:
    """The rates of a fiscal year (one query)."""
    from kam.models import BudgetRate, Company

    stored = BudgetRate.objects.active().filter(year=year).values_list("currency", "rate")
    return Rates(Company.current().currency, dict(stored), year)


#: Functions of the apps above: year → currencies in which that year has amounts.
_users_of_rates: list[Callable[[int], Iterable[str]]] = []


def uses_rates(currencies_in: Callable[[int], Iterable[str]]) -> Callable[[int], Iterable[str]]:
    """Registers a function that says in which currencies a fiscal year has amounts."""
    _users_of_rates.append(currencies_in)
    return currencies_in


def currencies_without_rate(year: int) -> list[str]:
    """Currencies in which the fiscal year has amounts, but no budget rate: they are in no sum."""
    rates = rates_for(year)
    used = {currency for currencies_in in _users_of_rates for currency in currencies_in(year)}
    return sorted(currency for currency in used if rates.rate(currency) is None)
