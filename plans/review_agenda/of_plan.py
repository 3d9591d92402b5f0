"""The agenda of a plan's review."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from django.db.models import Q

from kam.money import rates_for
from kam.periods import company_year
from plans.calc import MonthFigures, YearFigures
from plans.measures import actual_of, readings
from plans.models import AccountPlan, Goal, Measure, Review, TargetMonth
from plans.phasing import ZERO
from plans.review_agenda.facts import Fact, facts_of
from plans.review_agenda.rows import Row, figure_rows, number_text, part
from plans.review_calc import standing
from plans.selectors import sales_of
from portfolio.models import AccountScore, SegmentPlacement

Kind = Review.Kind
#: What each kind of review of a plan looks at, in this order.
PARTS: dict[str, tuple[str, ...]] = {
    Kind.ACTIVITIES: ("decisions", "late", "soon", "done"),
    Kind.PLAN: (
        "decisions", "figures", "goals", "late", "done", "scores", "contacts", "customer", "needs",
        "facts",
    ),
    Kind.CUSTOMER: ("decisions", "figures", "goals", "late", "soon", "done", "customer", "needs"),
}  # fmt: skip


def of_plan(review: Review, plan: AccountPlan, since: date, today: date) -> Iterator[Row]:
    """Since when (before this) · rates · sales · targets · facts · scores · segments."""
    wanted = PARTS[review.kind]
    figures = None
    if "figures" in wanted:
        figures, lines = _year(plan, today)
    facts: dict[str, list[Fact]] = {}
    for fact in facts_of(review, plan, since, today, wanted):
        facts.setdefault(fact.part, []).append(fact)
    for name in wanted:
        if name == "figures" and figures is not None:
            outside = review.kind == Kind.CUSTOMER
            yield part(name, figure_rows(figures, lines, margin=not outside, targets=not outside))
        elif name == "goals":
            year = company_year(plan.year)
            measured = _measured(facts.get(name, []), figures)
            rows = (
                _goal(fact, measured, year.first, year.end, today) for fact in facts.get(name, [])
            )
            yield part(name, (row for row in rows if row))
        elif name == "scores":
            yield part(name, _scores(plan, since))
        elif name == "contacts":
            yield part(name, (row for fact in facts.get(name, []) if (row := _contact(fact))))
        else:
            yield part(name, (_plain(fact) for fact in facts.get(name, [])))


def _year(plan: AccountPlan, today: date) -> tuple[YearFigures, list[tuple[str, YearFigures]]]:
    """The plan's year, and that of each product line with a target (three queries)."""
    year = company_year(plan.year)
    closed = year.closed_months(today)
    sales = sales_of(plan.account_id, [year], plan.currency, rates_for(plan.year))[year.year]
    months = list(year.months())
    targets: dict[int, dict[date, TargetMonth]] = {}
    names: dict[int, str] = {}
    rows = TargetMonth.objects.active().filter(target__plan=plan, target__archived_at__isnull=True)
    for row in rows.select_related("target__line"):
        targets.setdefault(row.target.line_id, {})[row.month] = row
        names[row.target.line_id] = row.target.line.name

    def figures(line: int | None) -> YearFigures:
        """Of one line with what stands below it; ``None``: of all that was sold and planned."""
        sold = [row for row in sales.lines if line is None or line in row.path]
        planned = [targets[line]] if line is not None else list(targets.values())
        return YearFigures(
            tuple(
                MonthFigures(
                    month,
                    at < closed,
                    sum((row.revenue[at] for row in sold), ZERO),
                    sum((row.margin[at] for row in sold), ZERO),
                    sum((held[month].revenue for held in planned if month in held), ZERO),
                    sum((held[month].margin for held in planned if month in held), ZERO),
                    sum((_expected(held[month]) for held in planned if month in held), ZERO),
                )
                for at, month in enumerate(months)
            )
        )

    lines = [(names[line], figures(line)) for line in sorted(names, key=names.__getitem__)]
    return figures(None), lines


def _expected(month: TargetMonth) -> Decimal:
    return month.revenue if month.forecast is None else month.forecast


def _measured(goals: Iterable[Fact], figures: YearFigures | None) -> dict[int, Decimal | None]:
    """What the system measures of these goals: revenue and margin from the figures at hand, the rest
    by ``plans.measures`` (three queries more, where there are such goals)."""
    found: dict[int, Decimal | None] = {}
    others = []
    for fact in goals:
        if figures is not None and fact.code == Measure.REVENUE:
            found[fact.pk] = figures.actual
        elif figures is not None and fact.code == Measure.MARGIN:
            found[fact.pk] = figures.actual_margin
        elif fact.code != Measure.HAND:
            others.append(fact.pk)
    if others:
        rows = list(Goal.objects.filter(pk__in=others).select_related("plan__account"))
        known = readings(rows)
        found |= {goal.pk: actual_of(goal, known) for goal in rows}
    return found


def _goal(
    fact: Fact, measured: dict[int, Decimal | None], start: date, end: date, today: date
) -> Row | None:
    """A goal that is off its pace; ``None`` for one that is on it, or that cannot be asked."""
    actual = measured.get(fact.pk, fact.c)
    if fact.pk in measured and actual is None:
        return None
    found = standing(
        baseline=fact.a,
        target=fact.b,
        actual=actual,
        start=start,
        due=fact.day,
        end=end,
        today=today,
    )
    if not found.off_pace:
        return None
    share = None if found.attained is None else f"{found.attained:.4f}"
    return {
        **_plain(fact),
        "code": "off" if actual is not None else "unmeasured",
        "numbers": [number_text(actual), number_text(fact.b), share, f"{found.expected:.4f}"],
    }


def _contact(fact: Fact) -> Row | None:
    """A contact that is new, or of whom attitude or coverage changed."""
    attitude, attitude_now, coverage, coverage_now = fact.code.split("|")
    row = _plain(fact)
    if not attitude and not coverage:
        return {**row, "code": "new"}
    if (attitude, coverage) == (attitude_now, coverage_now):
        return None
    return {
        **row,
        "code": "changed",
        "before": [attitude, coverage],
        "after": [attitude_now, coverage_now],
    }


def _scores(plan: AccountPlan, since: date) -> Iterator[Row]:
    """Scores, cell and segments then and now (two queries)."""
    then = Q(first_night__lte=since) & (Q(last_night=None) | Q(last_night__gte=since))
    rows = list(
        AccountScore.objects.filter(Q(last_night=None) | then, account=plan.account_id)
        .order_by("first_night")
        .only("profitability", "potential", "cell", "first_night", "last_night")
    )
    if len(rows) > 1:
        before, now = rows[0], rows[-1]
        if before.cell != now.cell:
            yield {"code": "cell", "title": "", "before": before.cell, "after": now.cell}
        for axis in ("profitability", "potential"):
            old, new = getattr(before, axis), getattr(now, axis)
            if old != new:
                yield {"code": axis, "title": "", "numbers": [number_text(old), number_text(new)]}
    places = SegmentPlacement.objects.filter(Q(last_night=None) | then, account=plan.account_id)
    by_scheme: dict[int, list[SegmentPlacement]] = {}
    for place in places.select_related("segment", "scheme").order_by("first_night"):
        by_scheme.setdefault(place.scheme_id, []).append(place)
    for found in by_scheme.values():
        if found[0].segment_id != found[-1].segment_id:
            yield {
                "code": "segment",
                "title": str(found[-1].scheme),
                "before": str(found[0].segment),
                "after": str(found[-1].segment),
            }


def _plain(fact: Fact) -> Row:
    return {
        "id": fact.pk,
        "title": fact.title,
        "code": fact.code,
        "day": fact.day.isoformat() if fact.day else None,
        "who": fact.who,
        "numbers": [number_text(fact.a), number_text(fact.b), number_text(fact.c)],
    }
