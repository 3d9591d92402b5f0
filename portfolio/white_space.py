"""Where more can be sold: white space and cross-selling by account, improvement potential.

White space of a product line = the account's wallet − what we sold it of that line in the twelve
closed months, never below zero; lines without an estimate are unknown and add nothing. Only the
accounts with the largest wallets are looked at in full: white space is never more than the wallet,
so the first of the ranking are right as far as they reach ``bound``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Case, DecimalField, F, Sum, Value, When

from accounts.models import Account, ProductLine, SalesFact
from kam.money import Rates, rates_for
from kam.periods import add_months, company_year, month_of
from portfolio.concentration import LARGE, Portfolio, kept
from portfolio.models import AccountScore, LineEstimate, ScoringRun
from portfolio.querysets import seen_by

ZERO = Decimal(0)
CANDIDATES = 200
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Opening:
    """An account's room for more; amounts in company currency, a year."""

    account: Account
    wallet: Decimal
    sold: Decimal
    white_space: Decimal
    lines_bought: int
    lines_offered: int

    @property
    def share(self) -> Decimal | None:
        """Share of wallet, of the lines that have an estimate."""
        return self.sold / self.wallet if self.wallet > 0 else None

    @property
    def penetration(self) -> Decimal | None:
        return Decimal(self.lines_bought) / self.lines_offered if self.lines_offered else None


@dataclass(frozen=True, slots=True)
class WhiteSpace:
    """The ranking; ``exact`` says whether no account outside of it can have more."""

    rows: tuple[Opening, ...]
    exact: bool
    without_rate: tuple[str, ...]


def white_space(portfolio: Portfolio, today: date, rates: Rates) -> WhiteSpace:
    """The accounts with most white space (four queries). Converted at the present year's rates."""
    estimates = seen_by(LineEstimate.objects.active(), portfolio.user)
    if portfolio.accounts is not None:
        estimates = estimates.filter(account__in=portfolio.accounts.order_by().values("pk"))
    estimates = estimates.filter(wallet__gt=0).order_by()
    money = DecimalField(max_digits=24, decimal_places=6)
    rate = Case(
        When(currency=rates.currency, then=Value(Decimal(1))),
        *(When(currency=currency, then=Value(value)) for currency, value in rates.known),
        output_field=money,
    )
    wallets = estimates.values("account").annotate(
        total=Sum(F("wallet") * rate, output_field=money)
    )
    first = list(
        wallets.filter(total__isnull=False)
        .order_by("-total", "account")
        .values_list("account", "total")[: CANDIDATES + 1]
    )
    bound = first[CANDIDATES][1] if len(first) > CANDIDATES else ZERO
    ids = [account for account, _total in first[:CANDIDATES]]
    wallet_of: dict[tuple[int, int], Decimal] = {}
    missing = set()
    for account, line, currency, wallet in estimates.filter(account__in=ids).values_list(
        "account", "line", "currency", "wallet"
    ):
        found = rates.rate(currency)
        if found is None:
            missing.add(currency)
        else:
            wallet_of[account, line] = (wallet or ZERO) * found
    sold = _sold(portfolio, ids, today, rates, missing)
    offered = ProductLine.objects.visible_to(portfolio.user).active().count()
    accounts = Account.objects.visible_to(portfolio.user).in_bulk(ids)
    rows = []
    for pk in ids:
        lines = {line: wallet for (account, line), wallet in wallet_of.items() if account == pk}
        own = {line: value for (account, line), value in sold.items() if account == pk}
        if pk not in accounts:
            continue
        rows.append(
            Opening(
                accounts[pk],
                sum(lines.values(), ZERO),
                sum((own.get(line, ZERO) for line in lines), ZERO),
                sum((max(w - own.get(line, ZERO), ZERO) for line, w in lines.items()), ZERO),
                sum(value > 0 for value in own.values()),
                offered,
            )
        )
    rows.sort(key=lambda one: (-one.white_space, one.account.pk))
    shown = tuple(rows[:SHOWN])
    exact = not shown or shown[-1].white_space >= bound
    return WhiteSpace(shown, exact, tuple(sorted(missing)))


def last_white_space(portfolio: Portfolio, today: date) -> WhiteSpace:
    """The ranking now; in a large company the last night's."""
    year = company_year().year

    def make() -> WhiteSpace:
        return white_space(portfolio, today, rates_for(year))

    if not ScoringRun.objects.filter(state=ScoringRun.State.WHOLE, scored__gte=LARGE).exists():
        return make()
    return kept("white-space", portfolio, [year], make).value


def _sold(
    portfolio: Portfolio, ids: list[int], today: date, rates: Rates, missing: set[str]
) -> dict[tuple[int, int], Decimal]:
    """Revenue by account and line of the twelve closed months."""
    end = month_of(today)
    facts = SalesFact.objects.visible_to(portfolio.user).in_months(add_months(end, -12), end)
    sums = facts.filter(account__in=ids).order_by().values("account", "product__line", "currency")
    found: dict[tuple[int, int], Decimal] = {}
    for row in sums.annotate(total=Sum("revenue")):
        rate = rates.rate(row["currency"])
        if rate is None:
            missing.add(row["currency"])
            continue
        key = row["account"], row["product__line"]
        found[key] = found.get(key, ZERO) + row["total"] * rate
    return found


def most_improvable(portfolio: Portfolio) -> list[AccountScore]:
    """The accounts by the improvement potential that the last night found (one query)."""
    rows = seen_by(AccountScore.objects.current(), portfolio.user)
    if portfolio.accounts is not None:
        rows = rows.filter(account__in=portfolio.accounts.order_by().values("pk"))
    found = (
        rows.filter(improvement__isnull=False)
        .select_related("account")
        .defer("raw", "as_of", "values", "account__description")
    )
    return list(found.order_by(F("improvement").desc(nulls_last=True), "-account_id")[:SHOWN])
