"""The one query over goals, activities, contacts, needs, sections and the customer's words."""

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
from plans.models import (
    AccountPlan,
    Activity,
    Goal,
    Need,
    PlanComment,
    Review,
    ReviewDecision,
    Section,
    SharedActivity,
    SharedGoal,
    ShareEvent,
)

Kind = Review.Kind
#: How far ahead an activity counts as due soon.
SOON = timedelta(days=30)
DAY = DateField()
NUMBER = DecimalField(max_digits=20, decimal_places=2)


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


def facts_of(
    review: Review, plan: AccountPlan, since: date, today: date, wanted: tuple[str, ...]
) -> list[Fact]:
    """The rows of the parts that are wanted, in order of their day."""
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
