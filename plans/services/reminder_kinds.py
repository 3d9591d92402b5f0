"""What can be due: of each kind of row, its open ones with their day and whose they are.

``person`` is who is to do it, ``owner`` who answers for it (the account's KAM); inactive people are
passed over. The same queryset selects, and asks again when somebody is told.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, DateField, F, Func, Q, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kam.periods import company_year
from kam.scoping import ScopedQuerySet
from plans.models import (
    AccountPlan,
    Activity,
    CascadeShare,
    Goal,
    GoalStep,
    Need,
    PlanShare,
    Review,
    Section,
)

#: How long somebody has to answer a share of a target.
ANSWER_DAYS = 14


@dataclass(frozen=True, slots=True)
class DueKind:
    """One kind of row. ``late``: whether its day may be missed (else it only comes near).

    ``rows`` gives the open ones, annotated with ``due``, ``person`` and ``owner``; ``text`` what one is
    called, ``url`` where it stands, ``list_url`` where several do.
    """

    name: str
    one: Any
    many: Any
    rows: Callable[[], ScopedQuerySet]
    text: Callable[[Any], str]
    url: Callable[[Any], str]
    list_url: Callable[[], str]
    related: tuple[str, ...]
    late: bool = True


def _in_use(path: str) -> Q:
    """The plan at ``path`` and its account are in use, and the plan is not closed."""
    closed = Q(**{f"{path}__status": AccountPlan.Status.CLOSED})
    return ~closed & Q(
        **{f"{path}__archived_at": None, f"{path}__account__archived_at": None, "archived_at": None}
    )


def _working(field: str) -> Case:
    """The person, where they can still be given work."""
    still = {f"{field}__is_active": True, f"{field}__archived_at": None}
    return Case(When(**still, then=F(f"{field}_id")), default=None)


def _marked(rows: ScopedQuerySet, due: Any, owner: str, person: str = "") -> ScopedQuerySet:
    held = _working(owner)
    doing = Coalesce(_working(person), held) if person else held
    return rows.annotate(due=due, person=doing, owner_of=held)


def _activities() -> ScopedQuerySet:
    rows = Activity.objects.open().filter(_in_use("plan"), due_on__isnull=False)
    return _marked(rows, F("due_on"), "plan__account__owner", "responsible")


def _reviews() -> ScopedQuerySet:
    rows = Review.objects.active().filter(Q(plan=None) | _in_use("plan"), state=Review.State.DUE)
    due = F("due_on")
    owner = Coalesce(_working("owner"), _working("plan__account__owner"))
    return rows.annotate(due=due, person=Coalesce(_working("led_by"), owner), owner_of=owner)


def _reached() -> Q:
    """A goal measured by hand that has arrived, upwards or downwards from its baseline."""
    up = Q(baseline=None) | Q(baseline__lte=F("target"))
    return Q(actual__isnull=False, target__isnull=False) & (
        (up & Q(actual__gte=F("target"))) | (~up & Q(actual__lte=F("target")))
    )


def _goals() -> ScopedQuerySet:
    rows = Goal.objects.filter(_in_use("plan"), due_on__isnull=False)
    return _marked(rows.exclude(_reached()), F("due_on"), "plan__account__owner")


def _steps() -> ScopedQuerySet:
    rows = GoalStep.objects.filter(_in_use("goal__plan"), goal__archived_at=None)
    rows = rows.filter(actual=None, goal__measured_by="hand")
    return _marked(rows, F("on"), "goal__plan__account__owner")


def _needs() -> ScopedQuerySet:
    over = [Need.State.REALISED, Need.State.DROPPED]
    rows = Need.objects.filter(_in_use("plan"), improved_by__isnull=False)
    return _marked(rows.exclude(state__in=over), F("improved_by"), "plan__account__owner")


def _sections() -> ScopedQuerySet:
    rows = Section.objects.filter(
        _in_use("plan"),
        confirmed_on__isnull=False,
        plan__year__gte=company_year().year,
        weight__gt=0,
    )
    until = Func(
        F("confirmed_on"),
        F("fresh_days"),
        template="(%(expressions)s)",
        arg_joiner=" + ",
        output_field=DateField(),
    )
    return _marked(rows, until, "plan__account__owner")


def _shares() -> ScopedQuerySet:
    rows = PlanShare.objects.filter(_in_use("plan"))
    return _marked(rows, F("expires_on"), "plan__account__owner", "created_by")


def _cascades() -> ScopedQuerySet:
    rows = CascadeShare.objects.active().filter(
        state=CascadeShare.State.PROPOSED, plan__archived_at=None
    )
    until = Func(
        F("created_at"),
        Value(ANSWER_DAYS),
        template="(%(expressions)s)",
        arg_joiner="::date + ",
        output_field=DateField(),
    )
    answers = Coalesce(_working("owner"), _working("team__leader"), _working("account__owner"))
    return rows.annotate(due=until, person=answers, owner_of=answers)


def _of_plan(row: Any, plan: AccountPlan, words: object) -> str:
    return f"{words} · {plan.account}"


def _to(route: str) -> Callable[[Any], str]:
    return lambda row: reverse(route, args=[row.plan_id])


def _list(route: str, query: str = "") -> Callable[[], str]:
    return lambda: reverse(route) + query


ACCOUNT = ("plan__account",)
KINDS: tuple[DueKind, ...] = (
    DueKind(
        "review", _("Review"), _("Reviews"), _reviews,
        lambda row: str(row), lambda row: reverse("plans:review_detail", args=[row.pk]),
        _list("plans:review_list"), ("plan__account", "owner"),
    ),
    DueKind(
        "activity", _("Activity"), _("Activities"), _activities,
        lambda row: _of_plan(row, row.plan, row), _to("plans:plan_activities"),
        _list("plans:activity_list"), ACCOUNT,
    ),
    DueKind(
        "goal", _("Goal"), _("Goals"), _goals,
        lambda row: _of_plan(row, row.plan, row), _to("plans:goal_list"),
        _list("plans:list"), ACCOUNT,
    ),
    DueKind(
        "step", _("Step of a goal"), _("Steps of goals"), _steps,
        lambda row: _of_plan(row, row.goal.plan, row.goal),
        lambda row: reverse("plans:goal_list", args=[row.goal.plan_id]),
        _list("plans:list"), ("goal__plan__account",),
    ),
    DueKind(
        "need", _("Improvement"), _("Improvements"), _needs,
        lambda row: _of_plan(row, row.plan, row), _to("plans:detail"),
        _list("plans:list"), ACCOUNT,
    ),
    DueKind(
        "section", _("Facts to confirm"), _("Facts to confirm"), _sections,
        lambda row: _of_plan(row, row.plan, row.heading), _to("plans:detail"),
        _list("plans:list"), ACCOUNT,
    ),
    DueKind(
        "share", _("Customer's link ends"), _("Customers' links end"), _shares,
        lambda row: str(row), _to("plans:detail"),
        _list("plans:list"), ("plan__account", "contact"), late=False,
    ),
    DueKind(
        "cascade", _("Target to answer"), _("Targets to answer"), _cascades,
        lambda row: str(row.plan), lambda row: reverse("plans:rollup"),
        _list("plans:rollup"), ("plan",),
    ),
)  # fmt: skip
BY_NAME = {kind.name: kind for kind in KINDS}
