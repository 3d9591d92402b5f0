"""How good forecasts were, of a level and of its parts (METHODS: opportunities and processes).

Read from what the night prepared (``plans.models.ForecastOutcome``), so that it costs the same
however many accounts there are. A month's forecast and actual are those of the same accounts; who
answered for an account when the forecast was kept answers for its error.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from accounts.models import Account
from kam.models import Team, User
from kam.money import Rates
from kam.periods import add_months, month_of
from plans.calc import ZERO, ForecastAccuracy, forecast_accuracy, ratio
from plans.models import ForecastOutcome, KeptForecast

#: Months shown.
SHOWN = 12
LINES_SHOWN = 100


@dataclass(slots=True)
class MonthOutcome:
    """One month: what was forecast for it so many months ahead, and what came."""

    month: date
    accounts: int = 0
    typed: int = 0
    left_out: int = 0
    forecast: Decimal = ZERO
    actual: Decimal = ZERO
    deviation: Decimal = ZERO

    @property
    def error(self) -> Decimal:
        """Actual − forecast: above zero, too little was forecast."""
        return self.actual - self.forecast

    @property
    def share(self) -> Decimal | None:
        """The error in parts of the actual."""
        return ratio(self.error, self.actual)


@dataclass(slots=True)
class PartAccuracy:
    """A level or one of its parts: its months, and what they say together."""

    kind: str
    pk: int | None
    label: str
    months: dict[date, MonthOutcome] = field(default_factory=dict)

    @property
    def accuracy(self) -> ForecastAccuracy:
        """Of the months in which there is an account whose amounts all have a rate."""
        told = (m for m in self.shown if m.accounts > m.left_out)
        return forecast_accuracy((m.forecast, m.actual) for m in told)

    @property
    def shown(self) -> list[MonthOutcome]:
        """The months in their order."""
        return [self.months[month] for month in sorted(self.months)]

    @property
    def account_wape(self) -> Decimal | None:
        """Σ |error| of the single accounts / Σ actual: errors that cancel each other out count."""
        return ratio(
            sum((m.deviation for m in self.shown), ZERO), sum((m.actual for m in self.shown), ZERO)
        )

    @property
    def left_out(self) -> int:
        return sum(month.left_out for month in self.shown)

    @property
    def typed_share(self) -> Decimal | None:
        """Of the account months, those for which the KAM gave a forecast; else it is the target."""
        return ratio(
            Decimal(sum(m.typed for m in self.shown)), Decimal(sum(m.accounts for m in self.shown))
        )

    def add(self, month: date, values: Iterable[Any]) -> None:
        held = self.months.setdefault(month, MonthOutcome(month))
        for name, value in zip(
            ("accounts", "typed", "left_out", "forecast", "actual", "deviation"),
            values,
            strict=True,
        ):
            setattr(held, name, getattr(held, name) + value)


@dataclass(frozen=True, slots=True)
class LevelAccuracy:
    """A level's accuracy with its parts. ``computed_at`` is when the night prepared it."""

    whole: PartAccuracy
    parts: tuple[PartAccuracy, ...]
    computed_at: datetime | None


def level_accuracy(
    whole: PartAccuracy,
    owners: QuerySet[User],
    teams: Mapping[int, str],
    lead: int,
    today: date,
    *,
    nobody: str = "",
) -> LevelAccuracy:
    """The accuracy of these owners together and by part (one query).

    ``teams`` are the parts that are teams, by id, with their names: an owner in one of them, or
    below it, counts there; others are parts of their own. ``nobody`` names the part of accounts
    that had no owner; empty leaves them out.
    """
    since = add_months(month_of(today), -SHOWN)
    rows = ForecastOutcome.objects.filter(lead=lead, month__gte=since, month__lt=month_of(today))
    mine = rows.filter(owner__in=owners)
    if nobody:
        mine = mine | rows.filter(owner__isnull=True)
    parts: dict[tuple[str, int | None], PartAccuracy] = {}
    computed_at: datetime | None = None
    found = mine.order_by().values_list(
        "owner", "owner__name", "owner__team__path", "computed_at", "month",
        "accounts", "typed", "left_out", "forecast", "actual", "deviation",
    )  # fmt: skip
    for owner, name, path, at, month, *values in found:
        inside = next((pk for pk in path or () if pk in teams), None)
        if inside is not None:
            key, label = ("team", inside), teams[inside]
        elif owner is None:
            key, label = ("unowned", None), nobody
        else:
            key, label = ("kam", owner), name
        part = parts.setdefault(key, PartAccuracy(*key, label))
        part.add(month, values)
        whole.add(month, values)
        computed_at = at if computed_at is None else max(at, computed_at)
    shown = sorted(parts.values(), key=lambda part: part.label.casefold())
    return LevelAccuracy(whole, tuple(shown), computed_at)


def part_teams(teams: QuerySet[Team], parent: int | None) -> dict[int, str]:
    """The teams that are the parts of a level: those right below it, or the top ones (one query)."""
    rows = list(teams.order_by().values_list("pk", "parent_id", "name"))
    known = {pk for pk, _parent, _name in rows}
    return {
        pk: name
        for pk, above, name in rows
        if (above == parent if parent is not None else above not in known)
    }


@dataclass(frozen=True, slots=True)
class ForecastLine:
    """One account's month: what was kept, in which currency, and what came."""

    account_id: int
    account: str
    owner: str | None
    kept_on: date
    typed: bool
    currency: str
    amount: Decimal
    forecast: Decimal | None
    actual: Decimal | None

    @property
    def error(self) -> Decimal | None:
        if self.forecast is None or self.actual is None:
            return None
        return self.actual - self.forecast


def forecast_lines(
    accounts: QuerySet[Account],
    owners: QuerySet[User],
    month: date,
    lead: int,
    rates: Rates,
    *,
    unowned: bool,
) -> tuple[list[ForecastLine], int]:
    """The accounts that a month's figure consists of, the largest forecasts first (two queries).

    At most ``LINES_SHOWN``, and how many there are. ``accounts``: those that the reader sees;
    ``unowned`` adds those that had no owner when the forecast was kept.
    """
    answering = Q(owner__in=owners) | Q(owner__isnull=True) if unowned else Q(owner__in=owners)
    rows = KeptForecast.objects.filter(
        answering, month=month, kept_on=add_months(month, -lead), account__in=accounts
    )
    found = list(
        rows.order_by("-forecast", "account_id").values_list(
            "account", "account__name", "owner__name", "kept_on", "typed", "currency", "forecast"
        )[: LINES_SHOWN + 1]
    )
    actuals: dict[int, dict[str, Decimal]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT account_id, currency, sum(revenue) FROM accounts_salesfact"
            " WHERE account_id = ANY(%s) AND month = %s GROUP BY 1, 2",
            [[row[0] for row in found], month],
        )
        for account, currency, revenue in cursor.fetchall():
            actuals[account][currency] = revenue
    lines = []
    for account, name, owner, kept_on, typed, currency, amount in found[:LINES_SHOWN]:
        rate, came = rates.rate(currency), rates.total(actuals[account].items())
        lines.append(
            ForecastLine(
                account, name, owner, kept_on, typed, currency, amount,
                None if rate is None else amount * rate,
                came.amount if came.complete else None,
            )
        )  # fmt: skip
    return lines, len(found)
