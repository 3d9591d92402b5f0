"""Time and costs of one account, and what it leaves over."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, Sum

from accounts.models import Account, SalesFact
from kam.models import Company
from kam.money import ZERO
from kam.periods import FiscalYear, company_today, fiscal_year_of
from portfolio.calc.resources import Return
from portfolio.models import HoursSpent, PlannedHours, PortfolioSettings, ServiceCost
from portfolio.resources.period import Period, YearRates, closed_year

#: Costs that the panel shows; what is left out is said.
MOST_COSTS = 60


@dataclass(frozen=True, slots=True)
class PersonHours:
    """One person's hours on an account in a fiscal year."""

    name: str
    planned: PlannedHours | None
    spent: Decimal
    from_meetings: Decimal = ZERO


@dataclass(slots=True)
class TimeAndReturn:
    """Hours of this fiscal year by person; costs and return of twelve closed months."""

    people: list[PersonHours]
    planned: Decimal
    spent: Decimal
    costs: list[ServiceCost]
    more_costs: bool
    result: Return
    period: Period
    year: FiscalYear
    currency: str
    missing: list[str]
    archived_plans: list[PlannedHours]


def time_and_return(account: Account) -> TimeAndReturn:
    """The account's hours, costs to serve and return (6 queries)."""
    company, period = Company.current(), closed_year()
    year = fiscal_year_of(company_today(company), company.fiscal_year_start)
    rates = YearRates(period, company)
    plans = list(
        PlannedHours.objects.filter(account=account, year=year.year)
        .select_related("user")
        .order_by("user__name", "pk")
    )
    in_year = Q(week__gte=year.first, week__lt=year.end)
    in_period = Q(week__gte=period.first, week__lt=period.end)
    spent = {
        pk: (name, this or ZERO, twelve or ZERO, met or ZERO)
        for pk, name, this, twelve, met in HoursSpent.objects.active()
        .filter(in_year | in_period, account=account)
        .order_by()
        .values_list("user", "user__name")
        .annotate(
            this=Sum("hours", filter=in_year),
            twelve=Sum("hours", filter=in_period),
            met=Sum("from_meetings", filter=in_year),
        )
    }
    active = [row for row in plans if row.archived_at is None]
    people = [
        PersonHours(str(row.user), row, this, met)
        for row in active
        for _name, this, _twelve, met in [spent.get(row.user_id, ("", ZERO, ZERO, ZERO))]
    ]
    planned_by = {row.user_id for row in active}
    people += [
        PersonHours(name, None, this, met)
        for pk, (name, this, _twelve, met) in sorted(spent.items(), key=lambda item: item[1][0])
        if this and pk not in planned_by
    ]
    costs = list(
        ServiceCost.objects.active()
        .filter(account=account, month__gte=period.first)
        .order_by("-month", "kind", "pk")
    )
    services = rates.company(
        (row.month, row.currency, row.amount) for row in costs if row.month < period.end
    )
    facts = list(
        SalesFact.objects.filter(account=account)
        .in_months(period.first, period.end)
        .order_by()
        .values_list("month", "currency")
        .annotate(Sum("revenue"), Sum("cost"))
    )
    result = Return(
        revenue=rates.company((m, c, revenue) for m, c, revenue, _cost in facts).amount,
        goods=rates.company((m, c, cost) for m, c, _revenue, cost in facts).amount,
        hours=sum((twelve for _name, _this, twelve, _met in spent.values()), ZERO),
        hourly_cost=PortfolioSettings.current().hourly_cost,
        services=services.amount,
    )
    return TimeAndReturn(
        people,
        sum((row.hours for row in active), ZERO),
        sum((person.spent for person in people), ZERO),
        costs[:MOST_COSTS],
        len(costs) > MOST_COSTS,
        result,
        period,
        year,
        company.currency,
        sorted(rates.missing),
        [row for row in plans if row.archived_at is not None],
    )
