"""Plans made from others: next year's from this year's, and many at once."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Account
from kam import jobs
from kam.models import Job, User
from plans.measures import actual_of, progress_of, readings
from plans.models import AccountPlan, Goal, Need, PlanTemplate, Strategy
from plans.services.plans import create_plan
from plans.services.portfolios import one_refresh_for_all
from plans.services.refusals import PlanExists, PlanRefusal
from plans.services.steering import require_steering

#: Needs that go on in the next year: neither realised nor dropped.
GOING_ON = ("found", "diagnosed", "proposed", "agreed")
COPIED = {
    Goal: (
        "side", "title", "perspective", "measured_by", "metric", "target", "weight",
    ),
    Need: (
        "kind", "title", "diagnosis", "customer_line", "consequence_text", "consequence",
        "capability", "measure", "measured", "attainable", "improved_by", "value", "chance", "state",
        "agreed_by", "agreed_on", "source", "source_on",
    ),
}  # fmt: skip
#: Fields of a section that are taken along; what it says is last year's until somebody confirms it.
OF_SECTION = (
    "kind", "title", "guidance", "position", "weight", "fresh_days", "audience", "body", "source",
    "source_on", "confirmed_on",
)  # fmt: skip


@transaction.atomic
def copy_forward(
    plan: AccountPlan, *, by: User, growth: Decimal | None = Decimal(0)
) -> AccountPlan:
    """The next year's plan with this one's texts, needs, strategies and open goals.

    Targets are suggested anew from this year's sales with ``growth`` (per cent; none without). What
    a goal had reached is its new baseline; activities stay behind, with their year. Texts keep the
    day on which they were confirmed, so that the new plan's quality says what has become old.
    Raises ``PlanExists``, ``PlanLocked``, ``NotYours``.
    """
    require_steering(plan, by)
    new = create_plan(
        plan.account, plan.year + 1, growth=growth, template=plan.template, empty=True
    )
    AccountPlan.objects.filter(pk=new.pk).update(
        summary=plan.summary, stance=plan.stance, stance_reason=plan.stance_reason
    )
    for section in plan.sections.active().prefetch_related("readers"):
        copied = new.sections.create(**{name: getattr(section, name) for name in OF_SECTION})
        for reader in section.readers.all():
            if reader.archived_at is None:
                copied.readers.create(user_id=reader.user_id)
    goals: dict[int, Goal] = {}
    held = list(plan.goals.active().select_related("plan__account"))
    read = readings(held)
    for goal in held:
        if progress_of(goal, read).reached:
            continue
        kept = {name: getattr(goal, name) for name in COPIED[Goal]}
        reached = actual_of(goal, read)
        baseline = goal.baseline if reached is None else round(reached, 2)
        goals[goal.pk] = Goal.objects.create(plan=new, baseline=baseline, **kept)
    for strategy in plan.strategies.active():
        Strategy.objects.create(
            plan=new,
            goal=goals.get(strategy.goal_id or 0),
            title=strategy.title,
            description=strategy.description,
        )
    for need in plan.needs.active().filter(state__in=GOING_ON):
        Need.objects.create(plan=new, **{name: getattr(need, name) for name in COPIED[Need]})
    new.refresh_from_db()
    return new


@dataclass(slots=True)
class Made:
    """What came of making many plans."""

    made: int = 0
    there: int = 0
    refused: list[str] = field(default_factory=list)


def make_many(
    accounts: Iterable[Account],
    year: int,
    *,
    growth: Decimal | None,
    template: PlanTemplate | None = None,
    progress: Any = None,
) -> Made:
    """A plan for each account that has none for the year; each by itself, safe to run again.

    The accounts are those of which who asks answers for each (``staffed_by``).
    """
    made = Made()
    with one_refresh_for_all():
        for number, account in enumerate(accounts, 1):
            try:
                create_plan(account, year, growth=growth, template=template)
            except PlanExists:
                made.there += 1
            except PlanRefusal as refusal:
                made.refused.append(f"{account}: {refusal.sentence}")
            else:
                made.made += 1
            if progress is not None:
                progress(number)
    return made


def start_making(
    user: User, accounts: list[int], year: int, growth: Decimal | None, template: int | None
) -> Job:
    """Makes many plans in the worker; the job's page shows the progress."""
    return jobs.start(
        "make-plans",
        ngettext("Plan for %(n)d account", "Plans for %(n)d accounts", len(accounts))
        % {"n": len(accounts)},
        user,
        accounts=accounts,
        year=year,
        growth=None if growth is None else str(growth),
        template=template,
        acting_for=getattr(getattr(user, "acting_for", None), "pk", None),
    )


@jobs.kind("make-plans")
def make_plans_job(progress: jobs.Progress) -> None:
    """Makes the plans that were asked for; the accounts are scoped anew."""
    from kam.middleware import apply_substitution

    user, asked = progress.user, progress.arguments
    if user is None:
        raise jobs.JobFailed("nobody asked for these plans")
    if asked.get("acting_for") and not apply_substitution(user, asked["acting_for"]):
        raise jobs.JobFailed(_("You no longer stand in for this person."))
    accounts = Account.objects.staffed_by(user).active().filter(pk__in=asked["accounts"])
    found = list(accounts.order_by("name", "pk"))
    template = PlanTemplate.objects.active().filter(pk=asked["template"] or 0).first()
    progress.step(0, len(found))
    made = make_many(
        found,
        asked["year"],
        growth=None if asked["growth"] is None else Decimal(asked["growth"]),
        template=template,
        progress=lambda number: progress.step(number, len(found)),
    )
    words = [ngettext("%(n)d plan made.", "%(n)d plans made.", made.made) % {"n": made.made}]
    if made.there:
        had = ngettext("%(n)d account had one.", "%(n)d accounts had one.", made.there)
        words.append(had % {"n": made.there})
    progress.say(" ".join([*words, *made.refused[:20]]))
