"""What a review is about: what has changed since the last one.

``made_for`` reads the facts (at most eight queries) and gives plain data that is kept with the review:
parts, each with rows. Words are found when it is shown (``plans.review_words``), in the reader's
language; what not every reader of the review may see keeps its id and is asked for again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import (
    CharField,
    DateField,
    DecimalField,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Concat

from accounts.models import Contact
from kam.models import Company
from kam.money import rates_for
from kam.periods import company_today, company_year
from plans import rollups
from plans.calc import MonthFigures, YearFigures
from plans.measures import actual_of, readings
from plans.models import (
    AccountPlan,
    Activity,
    Goal,
    Measure,
    Need,
    PlanComment,
    Review,
    ReviewDecision,
    Section,
    SharedActivity,
    SharedGoal,
    ShareEvent,
    TargetMonth,
)
from plans.phasing import ZERO
from plans.review_calc import standing
from plans.rollup_scope import scope_of
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
#: How far ahead an activity counts as due soon.
SOON = timedelta(days=30)
#: How many rows of a part are kept; the rest is a number.
KEPT = 30
DAY = DateField()
NUMBER = DecimalField(max_digits=20, decimal_places=2)
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of whatever kind, as the one query over all of them gives it."""

    part: str
    pk: int
    title: str
    code: str
    day: date | None
    who: str
    a: Decimal | None
    b: Decimal | None
    c: Decimal | None


def made_for(review: Review, user: Any) -> dict[str, Any]:
    """The agenda as it stands now, of what this person may see."""
    today = company_today()
    since = _since(review)
    if review.plan is None:
        parts = list(_of_portfolio(review, user, since, today))
    else:
        parts = list(_of_plan(review, review.plan, since, today))
    return {
        "since": since.isoformat(),
        "made_on": today.isoformat(),
        "currency": review.plan.currency if review.plan else Company.current().currency,
        "parts": [part for part in parts if part["rows"]],
    }


def _since(review: Review) -> date:
    """The last review of this kind, else the decision on the plan, else its beginning (one query)."""
    held = Review.objects.filter(
        kind=review.kind, plan=review.plan_id, owner=review.owner_id, state=Review.State.HELD
    )
    last = held.exclude(pk=review.pk).order_by("-held_on").values_list("held_on", flat=True).first()
    if last is not None:
        return last
    begun = review.plan.decided_at or review.plan.created_at if review.plan else review.created_at
    return begun.astimezone(ZoneInfo(Company.current().timezone)).date()


def _part(name: str, rows: Iterable[Row]) -> Row:
    found = list(rows)
    return {"part": name, "rows": found[:KEPT], "more": max(0, len(found) - KEPT)}


# --- of a plan --------------------------------------------------------------------------------------
def _of_plan(review: Review, plan: AccountPlan, since: date, today: date) -> Iterator[Row]:
    """Since when (before this) · rates · sales · targets · facts · scores · segments."""
    wanted = PARTS[review.kind]
    figures = None
    if "figures" in wanted:
        figures, lines = _year(plan, today)
    facts: dict[str, list[Fact]] = {}
    for fact in _facts(review, plan, since, today, wanted):
        facts.setdefault(fact.part, []).append(fact)
    for name in wanted:
        if name == "figures" and figures is not None:
            outside = review.kind == Kind.CUSTOMER
            yield _part(name, figure_rows(figures, lines, margin=not outside, targets=not outside))
        elif name == "goals":
            year = company_year(plan.year)
            measured = _measured(facts.get(name, []), figures)
            rows = (
                _goal(fact, measured, year.first, year.end, today) for fact in facts.get(name, [])
            )
            yield _part(name, (row for row in rows if row))
        elif name == "scores":
            yield _part(name, _scores(plan, since))
        elif name == "contacts":
            yield _part(name, (row for fact in facts.get(name, []) if (row := _contact(fact))))
        else:
            yield _part(name, (_plain(fact) for fact in facts.get(name, [])))


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


def figure_rows(
    whole: YearFigures,
    lines: Iterable[tuple[str, YearFigures]],
    *,
    margin: bool,
    targets: bool,
) -> Iterator[Row]:
    """Revenue and margin of the closed months against their targets, then the lines off pace.

    With the customer: what they bought, without our margin and targets. Pure.
    """
    actual = whole.closed_actual
    if not targets:
        yield _figure("bought", "", actual, None, None)
        for name, line in lines:
            yield _figure("bought_line", name, line.closed_actual, None, None)
        return
    yield _figure("revenue", "", actual, whole.target_to_date, whole.pace)
    if margin:
        got = sum((m.actual_margin for m in whole.months if m.closed), ZERO)
        planned = sum((m.target_margin for m in whole.months if m.closed), ZERO)
        yield _figure("margin", "", got, planned, got / planned if planned > 0 else None)
    for name, line in lines:
        if line.pace is not None and line.pace < 1:
            yield _figure("line", name, line.closed_actual, line.target_to_date, line.pace)


def _figure(
    code: str, title: str, actual: Decimal, target: Decimal | None, pace: Decimal | None
) -> Row:
    return {
        "code": code,
        "title": title,
        "numbers": [_text(actual), _text(target), None if pace is None else f"{pace:.4f}"],
    }


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
        "numbers": [_text(actual), _text(fact.b), share, f"{found.expected:.4f}"],
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
                yield {"code": axis, "title": "", "numbers": [_text(old), _text(new)]}
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
        "numbers": [_text(fact.a), _text(fact.b), _text(fact.c)],
    }


def _text(number: Decimal | None) -> str | None:
    return None if number is None else f"{number:.2f}"


# --- the one query over goals, activities, contacts, needs, sections and the customer's words -----------
def _facts(
    review: Review, plan: AccountPlan, since: date, today: date, wanted: tuple[str, ...]
) -> list[Fact]:
    midnight = datetime.combine(since, time(), ZoneInfo(Company.current().timezone))
    found = {
        "decisions": lambda: [_decisions(review)],
        "goals": lambda: [_goals(plan, review.kind)],
        "late": lambda: [_activities(plan, review.kind, "late", Q(due_on__lt=today), is_open=True)],
        "soon": lambda: [
            _activities(
                plan, review.kind, "soon", Q(due_on__range=(today, today + SOON)), is_open=True
            )
        ],
        "done": lambda: [
            _activities(plan, review.kind, "done", Q(done_on__gte=since), is_open=False)
        ],
        "contacts": lambda: [_contacts(plan, midnight)],
        "customer": lambda: [_comments(plan, midnight), _answers(plan, midnight)],
        "needs": lambda: [_needs(plan, since)],
        "facts": lambda: [_expired(plan, today)],
    }
    queries = [query for name in wanted if name in found for query in found[name]()]
    rows = queries[0].union(*queries[1:], all=True).order_by("u_day", "u_pk")
    return [Fact(*row) for row in rows]


def _columns(
    rows: QuerySet[Any],
    part: str,
    title: Any,
    *,
    code: Any = None,
    day: Any = None,
    who: Any = None,
    a: Any = None,
    b: Any = None,
    c: Any = None,
) -> QuerySet[Any]:
    """The rows in the columns of ``Fact``, each of one type whatever the kind of row."""

    def text(value: Any) -> Any:
        return Cast(Coalesce(value, Value("")), CharField()) if value is not None else _empty()

    def typed(value: Any, field: Any) -> Any:
        return Cast(value if value is not None else Value(None), field)

    return (
        rows.order_by()
        .annotate(
            u_part=Value(part, CharField()),
            u_pk=F("pk"),
            u_title=Cast(title, CharField()),
            u_code=text(code),
            u_day=typed(day, DAY),
            u_who=text(who),
            u_a=typed(a, NUMBER),
            u_b=typed(b, NUMBER),
            u_c=typed(c, NUMBER),
        )
        .values_list("u_part", "u_pk", "u_title", "u_code", "u_day", "u_who", "u_a", "u_b", "u_c")
    )


def _empty() -> Value:
    return Value("", CharField())


def joint(kind: str, model: Any, by_link: Any) -> Q:
    """With the customer at the table: what is theirs, or stands behind a link that they got."""
    if kind != Kind.CUSTOMER:
        return Q()
    field = "goal" if model is Goal else "activity"
    shown = by_link.objects.active().order_by().values(field)
    return Q(side=Goal.Side.CUSTOMER) | Q(pk__in=shown)


def _goals(plan: AccountPlan, kind: str) -> QuerySet[Any]:
    rows = Goal.objects.active().filter(joint(kind, Goal, SharedGoal), plan=plan)
    return _columns(
        rows, "goals", F("title"), code=F("measured_by"), day=F("due_on"), who=F("metric"),
        a=F("baseline"), b=F("target"), c=F("actual"),
    )  # fmt: skip


def _activities(
    plan: AccountPlan, kind: str, part: str, when: Q, *, is_open: bool
) -> QuerySet[Any]:
    rows = Activity.objects.open() if is_open else Activity.objects.active().filter(status="done")
    rows = rows.filter(joint(kind, Activity, SharedActivity), when, plan=plan)
    day = F("due_on") if is_open else F("done_on")
    return _columns(rows, part, F("title"), code=F("side"), day=day, who=F("responsible__name"))


def _decisions(review: Review) -> QuerySet[Any]:
    """What earlier reviews of the plan decided and is still open; with the customer at the table, what
    was decided with them."""
    earlier = ReviewDecision.objects.active().filter(review__plan=review.plan_id)
    earlier = earlier.exclude(review=review.pk)
    if review.kind == Kind.CUSTOMER:
        earlier = earlier.filter(review__kind=Kind.CUSTOMER)
    rows = Activity.objects.open().filter(
        plan=review.plan_id, pk__in=earlier.order_by().values("activity")
    )
    return _columns(
        rows, "decisions", F("title"), code=F("status"), day=F("due_on"), who=F("responsible__name")
    )


def _contacts(plan: AccountPlan, midnight: datetime) -> QuerySet[Any]:
    events: Any = Contact._meta.get_field("events").related_model  # made by the audit
    before = (
        events._default_manager.filter(pgh_obj=OuterRef("pk"), pgh_created_at__lt=midnight)
        .order_by("-pgh_id")
        .values
    )
    rows = Contact.objects.active().filter(account=plan.account_id, updated_at__gte=midnight)
    bar = Value("|")
    code = Concat(
        Coalesce(Subquery(before("attitude")[:1]), Value("")), bar, F("attitude"), bar,
        Coalesce(Subquery(before("coverage")[:1]), Value("")), bar, F("coverage"),
        output_field=CharField(),
    )  # fmt: skip
    return _columns(rows, "contacts", F("name"), code=code, who=F("title"))


def _comments(plan: AccountPlan, midnight: datetime) -> QuerySet[Any]:
    rows = PlanComment.objects.active().filter(
        plan=plan, share__isnull=False, created_at__gte=midnight
    )
    return _columns(
        rows, "customer", F("body"), code=Value("comment"), day=F("created_at"),
        who=F("share__contact__name"),
    )  # fmt: skip


def _answers(plan: AccountPlan, midnight: datetime) -> QuerySet[Any]:
    answers = [ShareEvent.What.CONFIRMED, ShareEvent.What.REFUSED]
    rows = ShareEvent.objects.filter(share__plan=plan, at__gte=midnight, what__in=answers)
    return _columns(
        rows, "customer", F("goal__title"), code=F("what"), day=F("at"),
        who=F("share__contact__name"),
    )  # fmt: skip


def _needs(plan: AccountPlan, since: date) -> QuerySet[Any]:
    agreed = Q(state=Need.State.AGREED, agreed_on__gte=since)
    realised = Q(state=Need.State.REALISED, realised_on__gte=since)
    rows = Need.objects.active().filter(agreed | realised, plan=plan)
    return _columns(
        rows, "needs", F("title"), code=F("state"), day=Coalesce("realised_on", "agreed_on"),
        who=F("agreed_by__name"), a=F("value"), b=F("realised_value"),
    )  # fmt: skip


def _expired(plan: AccountPlan, today: date) -> QuerySet[Any]:
    until = Func(
        F("confirmed_on"),
        Cast("fresh_days", IntegerField()),
        template="(%(expressions)s)",
        arg_joiner=" + ",
        output_field=DAY,
    )
    rows = Section.objects.active().filter(plan=plan, confirmed_on__isnull=False, weight__gt=0)
    rows = rows.annotate(until=until).filter(until__lt=today)
    return _columns(rows, "facts", F("title"), code=F("kind"), day=F("until"))


# --- of a portfolio -----------------------------------------------------------------------------------
def _of_portfolio(review: Review, user: Any, since: date, today: date) -> Iterator[Row]:
    """The KAM's year, the accounts furthest behind, what is late, who moved in the matrix."""
    year = company_year()
    scope, owner = scope_of(user), review.owner_id
    node = scope.node("kam", owner, year, today)
    yield _part("figures", figure_rows(node.figures.year, [], margin=True, targets=True))
    found, _owners = scope.accounts_of("kam", owner)
    counts = node.counts
    yield _part(
        "plans",
        [
            {"code": code, "title": "", "numbers": [str(n), str(counts.accounts), None]}
            for code, n in (("unplanned", counts.unplanned), ("late", counts.late_activities))
            if n
        ],
    )
    sheet = rollups.Sheet(year, year.closed_months(today), node.rates)
    shown = list(rollups.with_plans(found, year, today).order_by("pk")[:2_000])
    behind = sorted(
        (
            (part.figures.year.closed_actual - part.figures.year.target_to_date, part)
            for part in rollups.account_parts(shown, sheet)
            if part.figures.year.pace is not None and part.figures.year.pace < 1
        ),
        key=lambda pair: pair[0],
    )
    yield _part(
        "behind",
        [
            {
                **_figure(
                    "line", part.account.name, part.figures.year.closed_actual,
                    part.figures.year.target_to_date, part.figures.year.pace,
                ),
                "id": part.account.pk,
            }
            for _gap, part in behind
        ],
    )  # fmt: skip
    late = Activity.objects.late(today).filter(
        plan__account__owner=owner, plan__archived_at=None, plan__account__archived_at=None
    )
    yield _part("late", _named_rows(late.exclude(plan__status="closed"), "late"))
    waiting = Review.objects.active().filter(
        plan__account__owner=owner, state=Review.State.DUE, due_on__lt=today, plan__archived_at=None
    )
    rows = waiting.order_by("due_on", "pk").values_list(
        "pk", "plan__account__name", "kind", "due_on"
    )
    yield _part(
        "reviews",
        [
            {
                "id": pk,
                "title": name,
                "code": kind,
                "day": day.isoformat(),
                "who": "",
                "numbers": [],
            }
            for pk, name, kind, day in rows[: KEPT * 4]
        ],
    )
    moved = AccountScore.objects.current().filter(account__owner=owner, cell_since__gt=since)
    yield _part(
        "scores",
        [
            {"code": "cell", "title": name, "before": before, "after": now}
            for name, before, now in moved.exclude(cell_before="")
            .order_by("account__name")
            .values_list("account__name", "cell_before", "cell")[: KEPT * 4]
        ],
    )


def _named_rows(rows: QuerySet[Any], code: str) -> Iterator[Row]:
    listed = rows.order_by("due_on", "pk").values_list(
        "pk", "title", "due_on", "responsible__name", "plan__account__name"
    )
    for pk, title, day, who, account in listed[: KEPT * 4]:
        yield {
            "id": pk,
            "title": f"{account}: {title}",
            "code": code,
            "day": day.isoformat(),
            "who": who or "",
            "numbers": [],
        }
