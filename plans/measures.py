"""What goals have reached, as the system knows it: one reading per goal, with formula, source and date.

Set-based: ``readings`` answers for any number of goals in at most two queries (sales, and all other
inputs together). Goals measured by hand have no reading: their ``actual`` is typed.
The caller has scoped the goals; what is read hangs from their accounts and plans and is seen with
these. Values alone, of the goals of very many accounts, are read by ``plans.rollups.measured``, by the
same definitions: what changes here changes there.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, CharField, DateField, DecimalField, F, Sum, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Contact, SalesFact
from kam.models import BudgetRate, Company
from kam.money import Rates
from kam.periods import (
    FiscalYear,
    add_months,
    company_today,
    fiscal_year_of,
    month_of,
)
from plans.attainment import dmu_coverage
from plans.calc import ratio
from plans.models import Goal, Measure, Need
from plans.phasing import GoalProgress, goal_progress
from plans.selectors import conversion
from portfolio.calc.resources import LineFigures
from portfolio.models import Judgement, LineEstimate

ZERO = Decimal(0)
HUNDRED = Decimal(100)
#: Measured from the sales facts of the plan's year; their course over the year is known.
OF_YEAR = (Measure.REVENUE, Measure.MARGIN, Measure.MARGIN_SHARE, Measure.VOLUME)
#: Measured from the sales facts of the twelve closed months, by product line.
OF_LINES = (Measure.WALLET, Measure.CROSS_SELL)
#: The criterion whose judgement stands for satisfaction.
SATISFACTION = "satisfaction"
AGREED = (Need.State.AGREED, Need.State.REALISED)


@dataclass(frozen=True, slots=True)
class Part:
    """One number that a reading is made of, named."""

    label: str
    value: Decimal | None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class MonthSales:
    """One month's sales in the plan's currency."""

    month: date
    revenue: Decimal
    margin: Decimal
    volume: Decimal


@dataclass(frozen=True, slots=True)
class Reading:
    """What a goal's measure shows now: its value and all that explains it.

    ``value`` is ``None`` where nothing is known; ``left_out`` says what is missing and therefore in
    no sum. ``months`` is the course over the plan's year of what is measured from its sales.
    """

    value: Decimal | None
    unit: str
    formula: str
    source: str
    as_of: date | None = None
    parts: tuple[Part, ...] = ()
    left_out: str = ""
    months: tuple[MonthSales, ...] = field(default=())

    def by(self, day: date, measure: str) -> Decimal | None:
        """The value as it stood at the end of a day; ``None`` where its course is not known.

        A month counts when it is over.
        """
        if measure not in OF_YEAR or self.value is None:
            return None
        over = [row for row in self.months if add_months(row.month, 1) <= day + timedelta(days=1)]
        return _of_year(measure, over)


def _of_year(measure: str, months: Sequence[MonthSales]) -> Decimal | None:
    revenue = sum((row.revenue for row in months), ZERO)
    margin = sum((row.margin for row in months), ZERO)
    if measure == Measure.MARGIN_SHARE:
        share = ratio(margin, revenue)
        return None if share is None else share * HUNDRED
    if measure == Measure.VOLUME:
        return sum((row.volume for row in months), ZERO)
    return revenue if measure == Measure.REVENUE else margin


def readings(goals: Iterable[Goal], today: date | None = None) -> dict[int, Reading]:
    """The readings of those goals that the system measures, by the goal's id.

    Each goal comes with its ``plan``. At most two queries, whatever the number of goals.
    """
    wanted = [goal for goal in goals if goal.measured_by != Measure.HAND]
    if not wanted:
        return {}
    known = _Known(wanted, today or company_today())
    return {goal.pk: _READERS[Measure(goal.measured_by)](known, goal) for goal in wanted}


def actual_of(goal: Goal, found: dict[int, Reading]) -> Decimal | None:
    """What the goal has reached: as measured, or as typed where it is measured by hand."""
    if goal.measured_by == Measure.HAND:
        return goal.actual
    reading = found.get(goal.pk)
    return None if reading is None else reading.value


def progress_of(goal: Goal, found: dict[int, Reading]) -> GoalProgress:
    """How far the goal has come, by what it has reached."""
    return goal_progress(goal.baseline, goal.target, actual_of(goal, found))


# --- what is read -----------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Fact:
    line: int
    path: tuple[int, ...]
    month: date
    currency: str
    revenue: Decimal
    cost: Decimal
    volume: Decimal


@dataclass(frozen=True, slots=True)
class _Input:
    """A row of the other inputs: a number with a word, a date and a key beside it."""

    number: Decimal | None
    word: str
    on: date | None
    key: int | None


class _Known:
    """All that the readers need, fetched once."""

    def __init__(self, goals: Sequence[Goal], today: date) -> None:
        self.today = today
        company = Company.current()
        self.start, self.currency = company.fiscal_year_start, company.currency
        self.end = month_of(today)
        self.first = add_months(self.end, -12)
        by_measure: dict[str, list[Goal]] = defaultdict(list)
        for goal in goals:
            by_measure[goal.measured_by].append(goal)
        self.facts = self._facts(by_measure)
        self.inputs = self._inputs(by_measure)
        self.rates = {year: self._rates_of(year) for year in self._rate_years(by_measure)}

    def year_of(self, goal: Goal) -> FiscalYear:
        return FiscalYear(goal.plan.year, self.start)

    def _facts(self, by_measure: dict[str, list[Goal]]) -> dict[int, list[_Fact]]:
        of_year = [goal for m in OF_YEAR for goal in by_measure[m]]
        of_lines = [goal for m in OF_LINES for goal in by_measure[m]]
        if not of_year and not of_lines:
            return {}
        starts = [self.year_of(goal).first for goal in of_year]
        ends = [self.year_of(goal).end for goal in of_year]
        if of_lines:
            starts, ends = [*starts, self.first], [*ends, self.end]
        rows = (
            SalesFact.objects.filter(account__in={g.plan.account_id for g in of_year + of_lines})
            .in_months(min(starts), max(ends))
            .order_by()
        )
        line: tuple[str, ...] = ("product__line", "product__line__path") if of_lines else ()
        found: dict[int, list[_Fact]] = defaultdict(list)
        for account, month, currency, *lines, revenue, cost, volume in rows.values_list(
            "account", "month", "currency", *line
        ).annotate(Sum("revenue"), Sum("cost"), Sum("volume")):
            pk, path = lines or (0, ())
            found[account].append(_Fact(pk, tuple(path), month, currency, revenue, cost, volume))
        return found

    def _rate_years(self, by_measure: dict[str, list[Goal]]) -> set[int]:
        years = {goal.plan.year for m in OF_YEAR for goal in by_measure[m]}
        if by_measure[Measure.WALLET]:
            ends = (self.first, add_months(self.end, -1))
            years |= {fiscal_year_of(month, self.start).year for month in ends}
        return years

    def _rates_of(self, year: int) -> Rates:
        rows = self.inputs.get((RATES, year), [])
        return Rates(self.currency, {row.word: row.number or ZERO for row in rows}, year)

    def _inputs(self, by_measure: dict[str, list[Goal]]) -> dict[tuple[str, int], list[_Input]]:
        """Rates, estimates, contacts, judgements and needs in one query."""
        asked: list[Any] = []
        kinds = (
            (Measure.WALLET, _estimates),
            (Measure.RELATIONS, _contacts),
            (Measure.SATISFACTION, _judgements),
        )
        for measure, rows in kinds:
            if by_measure[measure]:
                asked.append(rows({goal.plan.account_id for goal in by_measure[measure]}))
        if by_measure[Measure.NEEDS]:
            asked.append(_needs({goal.plan_id for goal in by_measure[Measure.NEEDS]}))
        years = self._rate_years(by_measure)
        if years:
            asked.append(_budget_rates(years))
        if not asked:
            return {}
        rows = asked[0].union(*asked[1:], all=True) if len(asked) > 1 else asked[0]
        found: dict[tuple[str, int], list[_Input]] = defaultdict(list)
        for measure, of, number, word, on, key in rows:
            found[measure, of].append(_Input(number, word, on, key))
        return found


NUMBER = DecimalField(max_digits=30, decimal_places=8)
RATES = "rates"


def _columns(
    rows: Any, measure: str, of: str, number: str, word: str, on: Any, key: str = "pk"
) -> Any:
    """The same six columns of every kind of input, so that one query reads them all."""
    return (
        rows.order_by()
        .annotate(
            _measure=Value(str(measure), CharField()),
            _of=Cast(of, BigIntegerField()),
            _number=Cast(number, NUMBER),
            _word=Cast(word, CharField()),
            _on=Cast(on, DateField()),
            _key=F(key),
        )
        .values_list("_measure", "_of", "_number", "_word", "_on", "_key")
    )


def _estimates(accounts: set[int]) -> Any:
    rows = LineEstimate.objects.active().filter(account__in=accounts, wallet__isnull=False)
    return _columns(rows, Measure.WALLET, "account_id", "wallet", "currency", "as_of", "line_id")


def _contacts(accounts: set[int]) -> Any:
    rows = Contact.objects.active().filter(account__in=accounts)
    return _columns(
        rows, Measure.RELATIONS, "account_id", "influence", "coverage", "last_contact_on"
    )


def _judgements(accounts: set[int]) -> Any:
    rows = Judgement.objects.active().filter(account__in=accounts, code=SATISFACTION)
    return _columns(rows, Measure.SATISFACTION, "account_id", "value", "source", "judged_on")


def _needs(plans: set[int]) -> Any:
    rows = Need.objects.active().filter(plan__in=plans, state__in=AGREED)
    return _columns(rows, Measure.NEEDS, "plan_id", "value", "state", "agreed_on")


def _budget_rates(years: set[int]) -> Any:
    rows = BudgetRate.objects.active().filter(year__in=years)
    return _columns(rows, RATES, "year", "rate", "currency", Value(None, DateField()))


# --- how each is read -------------------------------------------------------------------------------
def _year_sales(known: _Known, goal: Goal) -> Reading:
    year, rates = known.year_of(goal), known.rates[goal.plan.year]
    months: dict[date, MonthSales] = {}
    missing: set[str] = set()
    for fact in known.facts.get(goal.plan.account_id, ()):
        if not year.first <= fact.month < year.end:
            continue
        rate = conversion(rates, fact.currency, goal.plan.currency)
        if rate is None:
            missing.add(fact.currency)
            continue
        held = months.get(fact.month) or MonthSales(fact.month, ZERO, ZERO, ZERO)
        months[fact.month] = replace(
            held,
            revenue=held.revenue + fact.revenue * rate,
            margin=held.margin + (fact.revenue - fact.cost) * rate,
            volume=held.volume + fact.volume,
        )
    course = tuple(months[month] for month in sorted(months))
    currency = goal.plan.currency
    revenue = sum((row.revenue for row in course), ZERO)
    margin = sum((row.margin for row in course), ZERO)
    unit, formula, parts = {
        Measure.REVENUE: (currency, _("Sum of the revenue of the plan's year"), ()),
        Measure.MARGIN: (
            currency,
            _("Revenue − cost of goods of the plan's year"),
            (
                Part(_("Revenue"), revenue, currency),
                Part(_("Cost of goods"), revenue - margin, currency),
            ),
        ),
        Measure.MARGIN_SHARE: (
            "%",
            _("(Revenue − cost of goods) ÷ revenue of the plan's year"),
            (Part(_("Margin"), margin, currency), Part(_("Revenue"), revenue, currency)),
        ),
        Measure.VOLUME: ("", _("Sum of the volume of the plan's year"), ()),
    }[Measure(goal.measured_by)]
    last = course[-1].month if course else None
    return Reading(
        _of_year(goal.measured_by, course) if course or not missing else None,
        unit,
        formula,
        _("Sales facts of %(year)s, other currencies at the budget rates of that year")
        % {"year": year.label},
        None if last is None else min(known.today, add_months(last, 1) - timedelta(days=1)),
        parts,
        _no_rate(missing),
        course,
    )


def _no_rate(currencies: Iterable[str]) -> str:
    listed = ", ".join(sorted(currencies))
    return (
        _("No budget rate for %(currencies)s: left out.") % {"currencies": listed} if listed else ""
    )


def _recent(known: _Known, goal: Goal) -> list[_Fact]:
    facts = known.facts.get(goal.plan.account_id, ())
    return [fact for fact in facts if known.first <= fact.month < known.end]


def _wallet(known: _Known, goal: Goal) -> Reading:
    currency = goal.plan.currency
    last = known.rates[fiscal_year_of(add_months(known.end, -1), known.start).year]
    own = wallet = ZERO
    missing: set[str] = set()
    dates: list[date] = []
    estimates = known.inputs.get((Measure.WALLET, goal.plan.account_id), [])
    facts = _recent(known, goal)
    for row in estimates:
        factor = conversion(last, row.word, currency)
        if factor is None:
            missing.add(row.word)
            continue
        sold = ZERO
        for fact in facts:
            if row.key not in fact.path:
                continue
            rates = known.rates[fiscal_year_of(fact.month, known.start).year]
            rate = conversion(rates, fact.currency, currency)
            if rate is None:
                missing.add(fact.currency)
            else:
                sold += fact.revenue * rate
        own += sold
        wallet += (row.number or ZERO) * factor
        dates += [row.on] if row.on else []
    figures = LineFigures(own, wallet or None)
    return Reading(
        None if figures.share is None else figures.share * HUNDRED,
        "%",
        _("Our sales of the estimated product lines ÷ what the customer buys of them in all"),
        _("Wallets estimated per product line; sales facts of the twelve closed months"),
        min(dates, default=None),
        (Part(_("Our sales"), own, currency), Part(_("Wallet"), wallet or None, currency)),
        _no_rate(missing) or ("" if estimates else _("Nobody has estimated a wallet yet.")),
    )


def _cross_sell(known: _Known, goal: Goal) -> Reading:
    sums: dict[int, Decimal] = defaultdict(Decimal)
    for fact in _recent(known, goal):
        if fact.revenue > 0:
            sums[fact.line] += fact.revenue
    return Reading(
        Decimal(len(sums)),
        _("lines"),
        _("Distinct product lines bought in the last twelve closed months"),
        _("Sales facts of the twelve closed months"),
        known.end - timedelta(days=1),
    )


def _relations(known: _Known, goal: Goal) -> Reading:
    people = known.inputs.get((Measure.RELATIONS, goal.plan.account_id), [])
    coverage = dmu_coverage(
        (None if row.number is None else int(row.number), row.word) for row in people
    )
    counted = sum(1 for row in people if row.number)
    return Reading(
        None if coverage is None else coverage * HUNDRED,
        "%",
        _(
            "Our own measure: Σ influence × coverage ÷ Σ influence; no contact 0, brief ⅓, "
            "multiple ⅔, in depth 1"
        ),
        _("The account's contacts with a stated influence"),
        max((row.on for row in people if row.on), default=None),
        (Part(_("Contacts counted"), Decimal(counted)),),
        ngettext(
            "%(n)d contact without a stated influence is left out.",
            "%(n)d contacts without a stated influence are left out.",
            len(people) - counted,
        )
        % {"n": len(people) - counted}
        if len(people) > counted
        else "",
    )


def _satisfaction(known: _Known, goal: Goal) -> Reading:
    rows = known.inputs.get((Measure.SATISFACTION, goal.plan.account_id), [])
    row = max(rows, key=lambda r: (r.on or date.min, r.key or 0), default=None)
    return Reading(
        None if row is None else row.number,
        "1–5",
        _("The latest judgement by the criterion “Satisfaction”, 1 to 5: judged, not surveyed"),
        (row.word if row is not None else "") or _("Judgements of the account"),
        None if row is None else row.on,
        left_out="" if row is not None else _("Nobody has judged it yet."),
    )


def _needs_agreed(known: _Known, goal: Goal) -> Reading:
    rows = known.inputs.get((Measure.NEEDS, goal.plan_id), [])
    unknown = sum(1 for row in rows if row.number is None)
    return Reading(
        sum((row.number or ZERO for row in rows), ZERO),
        goal.plan.currency,
        _("Σ value a year of the needs that the customer has agreed to, realised ones included"),
        _("Needs of this plan"),
        max((row.on for row in rows if row.on), default=None),
        (Part(_("Needs agreed"), Decimal(len(rows))),),
        ngettext(
            "%(n)d agreed need without a value is left out.",
            "%(n)d agreed needs without a value are left out.",
            unknown,
        )
        % {"n": unknown}
        if unknown
        else "",
    )


_READERS: dict[Measure, Callable[[_Known, Goal], Reading]] = {
    **dict.fromkeys(OF_YEAR, _year_sales),
    Measure.WALLET: _wallet,
    Measure.CROSS_SELL: _cross_sell,
    Measure.RELATIONS: _relations,
    Measure.SATISFACTION: _satisfaction,
    Measure.NEEDS: _needs_agreed,
}
