"""An account's wallets and potentials against what it buys of us."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from accounts.models import Account, SalesFact
from kam.models import Company
from kam.money import ZERO, Total
from portfolio.calc.resources import LineFigures
from portfolio.models import LineEstimate
from portfolio.resources.period import Period, YearRates, closed_year


@dataclass(slots=True)
class EstimateLine:
    """A product line of the account: its estimate (or none yet) and the sums made with it.

    ``figures`` are in the estimate's currency, ``own`` in the company's. ``sales`` are the lines
    that the own sales stand in: the line itself and those below it.
    """

    line: Any
    estimate: LineEstimate | None
    figures: LineFigures
    own: Total
    sales: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Estimates:
    """All lines of an account, and their sums in company currency."""

    lines: list[EstimateLine]
    without: list[EstimateLine]
    archived: list[LineEstimate]
    total: LineFigures
    improvement: Decimal | None
    period: Period
    currency: str
    missing: list[str]


def estimates_of(account: Account) -> Estimates:
    """The account's wallets and potentials against its sales of twelve closed months (3 queries)."""
    company, period = Company.current(), closed_year()
    rates = YearRates(period, company)
    rows = list(LineEstimate.objects.filter(account=account).select_related("line"))
    sales: dict[int, list[tuple[date, str, Decimal]]] = defaultdict(list)
    names: dict[int, tuple[str, list[int]]] = {}
    facts = (
        SalesFact.objects.filter(account=account)
        .in_months(period.first, period.end)
        .order_by()
        .values_list(
            "product__line", "product__line__name", "product__line__path", "month", "currency"
        )
        .annotate(Sum("revenue"))
    )
    for pk, name, path, month, currency, revenue in facts:
        names[pk] = (name, path)
        sales[pk].append((month, currency, revenue))
    lines, estimated = [], set()
    for row in rows:
        if row.archived_at is not None:
            continue
        below = [pk for pk, (_name, path) in names.items() if row.line_id in path]
        estimated |= set(below)
        amounts = [amount for pk in below for amount in sales[pk]]
        lines.append(
            EstimateLine(
                row.line,
                row,
                LineFigures(
                    rates.into(row.currency, amounts), row.wallet, row.potential, row.chance
                ),
                rates.company(amounts),
                sorted(names[pk][0] for pk in below),
            )
        )
    without = [
        EstimateLine(
            {"pk": pk, "name": names[pk][0]}, None, LineFigures(own.amount), own, [names[pk][0]]
        )
        for pk in sorted(set(names) - estimated, key=lambda pk: names[pk][0])
        for own in [rates.company(sales[pk])]
    ]
    total, improvement = _totals(lines, rates)
    return Estimates(
        lines,
        without,
        [row for row in rows if row.archived_at is not None],
        total,
        improvement,
        period,
        company.currency,
        sorted(rates.missing),
    )


def _totals(lines: list[EstimateLine], rates: YearRates) -> tuple[LineFigures, Decimal | None]:
    """Sums in company currency: wallet and own of the lines with a wallet; improvement of all."""
    own, wallet, improvement = ZERO, ZERO, ZERO
    any_wallet = any_improvement = False
    latest = rates.latest()
    for line in lines:
        figures = line.figures
        rate = latest.rate(line.estimate.currency) if line.estimate else None
        if rate is None:
            rates.missing |= {line.estimate.currency} if line.estimate else set()
            continue
        if figures.wallet is not None and figures.own is not None:
            any_wallet = True
            wallet += figures.wallet * rate
            own += figures.own * rate
        if figures.improvement is not None:
            any_improvement = True
            improvement += figures.improvement * rate
    total = LineFigures(own if any_wallet else None, wallet if any_wallet else None)
    return total, improvement if any_improvement else None
