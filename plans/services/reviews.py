"""Reviews: when the next one is, beginning, holding and skipping one, what is decided in it.

There is at most one review to be held of each kind and plan (or portfolio): the database holds that.
Each step locks the review and asks again whether it is still to be held.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import (
    Case,
    DateField,
    Exists,
    F,
    IntegerField,
    Max,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Account, Contact
from kam.editing import save_fields
from kam.forms import violation
from kam.leaders import leaders_above
from kam.models import User
from kam.periods import add_months, company_today, company_year
from kam.scoping import principal
from plans import review_agenda
from plans.models import AccountPlan, Activity, PlanSettings, PlanTemplate, Review, ReviewDecision
from plans.querysets import ReviewQuerySet
from plans.services import review_people
from plans.services.activities import add_activity
from plans.services.locks import require_open_activities
from plans.services.refusals import PlanRefusal

Kind, State = Review.Kind, Review.State
#: Kinds of reviews of a plan, with the template's field that says every how many months.
RHYTHMS = {
    Kind.ACTIVITIES: "activity_review_months",
    Kind.PLAN: "plan_review_months",
    Kind.CUSTOMER: "customer_review_months",
}
#: A plan in force is reviewed.
REVIEWED = (AccountPlan.Status.ACTIVE, AccountPlan.Status.AMENDING)
PAGE = 2_000
#: A plan of a later year than these gets its reviews when they come nearer.
YEARS_AHEAD = 10
#: Reviews within this time stand on the start page.
NEAR = timedelta(days=14)
#: What is said of a review when it is held, and may be changed later.
AFTERWARDS = frozenset({"minutes", "others"})
#: How far ahead the next review may be put.
FARTHEST = timedelta(days=800)


class NotToBeHeld(PlanRefusal):
    """The review was held or skipped, or its plan stands still."""


# --- when -----------------------------------------------------------------------------------------
def months_between(kind: str, template: PlanTemplate | None) -> int | None:
    """Every how many months a plan is reviewed; ``None``: not at all. Without a template, as the
    template's fields begin."""
    field = RHYTHMS[Kind(kind)]
    if template is None:
        return getattr(PlanTemplate(), field)  # as the field begins
    return getattr(template, field)


def later(day: date, months: int) -> date:
    """The same day so many months later; the month's last where it has no such day."""
    month = add_months(day.replace(day=1), months)
    last = add_months(month, 1) - timedelta(days=1)
    return month.replace(day=min(day.day, last.day))


def next_day(after: date, months: int, end: date, today: date) -> date | None:
    """When the next review is: so many months after the last, not in the past; ``None`` where the
    plan's year (until ``end``, exclusive) is over by then."""
    day = max(later(after, months), today)
    return day if day < end else None


def schedule_missing(today: date | None = None) -> dict[str, int]:
    """Gives plans in force and portfolios the next review where they have none to be held.

    Plans by pages of keys, one statement each; safe to run twice and by several at once.
    """
    today = today or company_today()
    return {"plans": _schedule_plans(today), "portfolios": _schedule_portfolios(today)}


def schedule_plan(plan: AccountPlan, today: date | None = None) -> int:
    """The same for one plan."""
    return _schedule(AccountPlan.objects.filter(pk=plan.pk), today or company_today())[1]


#: The next reviews of a page of plans. A plan whose year ends before its next review has none; months
#: later is the same day, or the month's last where it has no such day, as in ``later``.
SCHEDULE = """
    WITH item AS MATERIALIZED ({rows}),
    years(year, over) AS (SELECT * FROM unnest(%s::int[], %s::date[])),
    next_one AS (
        SELECT item.id, k.kind, years.over,
               greatest((k.last + make_interval(months => k.months))::date, %s) AS due_on
          FROM item JOIN years USING (year), LATERAL (VALUES {kinds}) k(kind, has, last, months)
         WHERE NOT k.has AND k.months IS NOT NULL
    ),
    made AS (
        INSERT INTO plans_review
               (version, created_at, updated_at, kind, state, plan_id, due_on, notes, reason, others)
        SELECT 1, %s, %s, kind, 'due', id, due_on, '', '', '' FROM next_one WHERE due_on < over
         ORDER BY id, kind
            ON CONFLICT DO NOTHING
        RETURNING 1
    )
    SELECT max(id), (SELECT count(*) FROM made) FROM item
"""


def _schedule_plans(today: date) -> int:
    made, key = 0, 0
    while True:
        plans = AccountPlan.objects.filter(pk__gt=key).order_by("pk")
        last, new = _schedule(plans, today)
        if last is None:
            return made
        made, key = made + new, last


def _reviewed(plans: Any) -> Any:
    """Plans in force, of a year that is not over, that lack a review of some kind."""
    year = company_year().year
    waiting = Review.objects.active().filter(plan=OuterRef("pk"), state=State.DUE)
    missing = {f"has_{kind}": Exists(waiting.filter(kind=kind)) for kind in RHYTHMS}
    plans = plans.active().filter(
        status__in=REVIEWED, year__gte=year, account__archived_at__isnull=True
    )
    lacking = plans.annotate(**missing)
    without = Q(template=None) | Q(template__customer_review_months=None)
    return lacking.exclude(Q(has_customer=True) | without, has_activities=True, has_plan=True)


def _schedule(plans: Any, today: date) -> tuple[int | None, int]:
    """Gives the first page of these plans their next reviews, in one statement.

    Returns the last plan looked at (``None``: there was none) and how many reviews are new.
    """
    past = (
        Review.objects.filter(plan=OuterRef("pk"), state__in=[State.HELD, State.SKIPPED])
        .order_by()
        .values("plan")
    )
    columns: dict[str, Any] = {}
    for kind, field in RHYTHMS.items():
        last = past.filter(kind=kind).annotate(last=Max("due_on")).values("last")
        columns[f"last_{kind}"] = Coalesce(Subquery(last), Value(today, DateField()))
        columns[f"months_{kind}"] = Case(
            When(template=None, then=Value(months_between(kind, None))),
            default=F(f"template__{field}"),
            output_field=IntegerField(),
        )
    names = ["id", "year", *(f"has_{kind}" for kind in RHYTHMS), *columns]
    rows = _reviewed(plans).annotate(**columns).values(*names)[:PAGE]
    sql, asked = rows.query.sql_with_params()
    kinds = ", ".join(f"('{k}', has_{k}, last_{k}, months_{k})" for k in map(str, RHYTHMS))
    this_year, now = company_year(), timezone.now()
    years = [this_year.shifted(n) for n in range(YEARS_AHEAD)]
    with connection.cursor() as cursor:
        cursor.execute(
            SCHEDULE.format(rows=sql, kinds=kinds),
            [*asked, [y.year for y in years], [y.end for y in years], today, now, now],
        )
        return cursor.fetchone()


def _insert(rows: list[Review]) -> list[Review]:
    """Who came first has made the review already: then this one is left out."""
    return Review.objects.bulk_create(rows, ignore_conflicts=True, batch_size=PAGE)


def _schedule_portfolios(today: date) -> int:
    """Four reads and one insert, whatever their number."""
    months = PlanSettings.current().portfolio_review_months
    waiting = Review.objects.active().filter(owner=OuterRef("pk"), state=State.DUE)
    owned = Account.objects.active().filter(owner=OuterRef("pk"))
    past = (
        Review.objects.filter(owner=OuterRef("pk"), state__in=[State.HELD, State.SKIPPED])
        .order_by()
        .values("owner")
        .annotate(last=Max("due_on"))
        .values("last")
    )
    people = User.objects.people().annotate(last=past).filter(Exists(owned), ~Exists(waiting))
    found = list(people.order_by("pk").values_list("pk", "team", "last"))
    leaders = leaders_above((pk, team) for pk, team, _last in found)
    rows = [
        Review(
            kind=Kind.PORTFOLIO,
            owner_id=pk,
            due_on=max(later(last or today, months), today),
            led_by_id=leaders.get(pk),
        )
        for pk, _team, last in found
    ]
    return len(_insert(rows))


def add_review(plan: AccountPlan, kind: str, due_on: date) -> Review:
    """One more review of a plan. Raises ``PlanLocked``, and ``ValidationError`` by field."""
    _check_day(due_on, "due_on")
    if kind not in RHYTHMS:
        raise ValidationError({"kind": _("A plan has no review of this kind.")})
    try:
        with transaction.atomic():
            require_open_activities(plan)
            return Review.objects.create(plan=plan, kind=kind, due_on=due_on)
    except IntegrityError as error:
        raise violation(error, Review) from error


# --- holding one ----------------------------------------------------------------------------------
def begin(review: Review, by: User) -> Review:
    """Opens the review: from now on its agenda is what had changed at this moment."""
    with transaction.atomic():
        held = _to_be_held(review)
        if held.begun_at is None:
            agenda = review_agenda.made_for(held, by)
            changes = {
                "begun_at": timezone.now(),
                "agenda": agenda,
                "led_by": held.led_by or principal(by),
            }
            held = save_fields(held, changes, base_version=None, validate=False)
    return held


def change_review(
    review: Review, changes: Mapping[str, Any], *, base_version: int | None = None
) -> Review:
    """Saves the touched fields: the day and who leads it before it is held, how long it took and who
    else was there afterwards, the notes at any time."""
    with transaction.atomic():
        if set(changes) - {"notes"} - AFTERWARDS:
            _to_be_held(review)
        if set(changes) & AFTERWARDS:
            held = review_people.require_held(review)
            review_people.check_others(held, changes.get("others", ""))
        if "due_on" in changes:
            _check_day(changes["due_on"], "due_on")
        return save_fields(review, changes, base_version=base_version)


@transaction.atomic
def decide(
    review: Review,
    text: str,
    by: User,
    *,
    plan: AccountPlan | None = None,
    responsible: User | None = None,
    due_on: date | None = None,
) -> ReviewDecision:
    """Writes a decision down and makes it an activity of the plan in the same step.

    A portfolio's review names the ``plan`` that the decision is about, or none: then there is no
    activity. Raises ``PlanLocked`` and ``ValidationError`` by field.
    """
    held = _to_be_held(review)
    if not text.strip():
        raise ValidationError({"text": _("Say what was decided.")})
    decision = ReviewDecision(review=held, text=text.strip()[:500])
    about = held.plan or plan
    if held.owner_id is not None and plan is not None and plan.account.owner_id != held.owner_id:
        raise ValidationError({"plan": _("This plan is of another KAM.")})
    if about is not None:
        decision.activity = add_activity(
            about,
            title=decision.text[:200],
            reason=decision.text if len(decision.text) > 200 else "",
            responsible=responsible or _who_does(about),
            due_on=due_on,
        )
    elif responsible is not None or due_on is not None:
        raise ValidationError({"plan": _("Name the plan in which somebody does this.")})
    decision.save()
    return decision


def _who_does(plan: AccountPlan) -> User | None:
    owner = plan.account.owner
    return owner if owner is not None and owner.is_active and not owner.archived_at else None


@transaction.atomic
def hold(
    review: Review,
    by: User,
    *,
    held_on: date | None = None,
    next_on: date | None = None,
    minutes: int | None = None,
    present: Iterable[User] | None = None,
    contacts: Iterable[Contact] = (),
    others: str = "",
) -> Review:
    """Ends the review as held, and puts the next one in the calendar.

    Without ``next_on`` the rhythm says when; where the plan's year is over by then, there is none.
    ``present`` of ``None`` says nothing of who was there: then nobody is named but a substitute who
    holds it. Raises ``ValidationError`` by field.
    """
    today = company_today()
    held_on = held_on or today
    if held_on > today:
        raise ValidationError({"held_on": _("A review is held at the latest today.")})
    if held_on < review.created_at.date() - timedelta(days=366):
        raise ValidationError({"held_on": _("That is more than a year before it was planned.")})
    held = _to_be_held(review)
    if held.begun_at is None:
        held = begin(held, by)
    changes = {
        "state": State.HELD,
        "held_on": held_on,
        "led_by": held.led_by or principal(by),
        "minutes": minutes,
        "others": others.strip(),
    }
    if present is None:
        present = [by] if by.acting_for else []
    review_people.check_others(held, others)
    review_people.name_all(held, present, contacts, by)
    held = save_fields(held, changes, base_version=None)
    _next(held, held_on, next_on)
    return held


@transaction.atomic
def skip(review: Review, by: User, reason: str, *, next_on: date | None = None) -> Review:
    """Leaves the review out, with the reason, and puts the next one in the calendar."""
    if not reason.strip():
        raise ValidationError({"reason": _("Say why it is skipped.")})
    held = _to_be_held(review)
    changes = {"state": State.SKIPPED, "reason": reason.strip()[:500], "led_by": principal(by)}
    held = save_fields(held, changes, base_version=None)
    _next(held, company_today(), next_on)
    return held


def suggested(review: Review, after: date | None = None) -> date | None:
    """The next day by the rhythm, for the form."""
    today = company_today()
    after = after or today
    if review.plan is None:
        return later(after, PlanSettings.current().portfolio_review_months)
    months = months_between(review.kind, review.plan.template)
    if months is None or review.plan.status not in REVIEWED:
        return None
    return next_day(after, months, company_year(review.plan.year).end, today)


def _next(review: Review, after: date, next_on: date | None) -> None:
    _check_day(next_on, "next_on")
    day = next_on or suggested(review, after)
    if day is not None:
        leads = review.led_by if review.owner_id else None
        row = Review(
            kind=review.kind, plan=review.plan, owner=review.owner, due_on=day, led_by=leads
        )
        _insert([row])


def _check_day(day: date | None, field: str) -> None:
    today = company_today()
    if day is not None and not today <= day <= today + FARTHEST:
        raise ValidationError({field: _("Choose a day from today on, within two years.")})


def _to_be_held(review: Review) -> Review:
    """The review, locked, where it is still to be held; else the reason why not."""
    rows = Review.objects.select_related(
        "plan__account__owner", "plan__template", "owner", "led_by"
    )
    held = rows.select_for_update(of=("self",), no_key=True).get(pk=review.pk)
    if held.state != State.DUE or held.archived_at is not None:
        raise NotToBeHeld(
            _("The review is “%(state)s” already.") % {"state": held.get_state_display()}
        )
    if held.plan is not None:
        require_open_activities(held.plan)
    return held


# --- asking ---------------------------------------------------------------------------------------
def late(reviews: ReviewQuerySet, today: date) -> ReviewQuerySet:
    """To be held, and due before today."""
    return reviews.active().filter(state=State.DUE, due_on__lt=today)


def last_held(review: Review) -> Review | None:
    """The review of this kind that was held before this one (one query)."""
    rows = Review.objects.filter(
        kind=review.kind, plan=review.plan_id, owner=review.owner_id, state=State.HELD
    ).exclude(pk=review.pk)
    return rows.order_by(F("held_on").desc(), "-pk").first()


def decisions_of(review: Review) -> list[ReviewDecision]:
    """What was decided, with the activities that came of it (one query)."""
    rows = ReviewDecision.objects.active().filter(review=review)
    return list(rows.select_related("activity__responsible", "activity__plan__account"))


def open_decisions(review: Review) -> list[Activity]:
    """Activities decided in earlier reviews of this plan or portfolio that are still open."""
    rows = Activity.objects.open().filter(
        decisions__review__plan=review.plan_id, decisions__review__owner=review.owner_id
    )
    return list(rows.exclude(decisions__review=review).distinct())


# --- settings -------------------------------------------------------------------------------------
def change_settings(
    row: PlanSettings, changes: Mapping[str, Any], *, base_version: int | None = None
) -> PlanSettings:
    """Saves what the company has decided about its plans."""
    return save_fields(row, changes, base_version=base_version)
