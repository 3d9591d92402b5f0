"""PDFs of reviews: the pack for an internal review, and the business review with the customer.

The customer's holds nothing but what was chosen for it from what may be shown to customers: sections
that all who see the account read, goals, activities, needs that they agreed to, and what they bought.
No margin, no targets of ours, no scores.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.http import Http404
from django.utils import formats, translation
from django.utils.translation import gettext as _

from accounts.models import Account
from kam import jobs
from kam.editing import fetch_visible
from kam.markdown import rendered
from kam.models import Job
from kam.money import rates_for, rounded
from kam.number_text import signed_percent
from kam.periods import FiscalYear, company_today, company_year
from kam.pictures.monthly import Month
from plans import joint, review_words
from plans.duration import duration_text
from plans.measures import actual_of, readings
from plans.models import (
    AccountPlan,
    Activity,
    Goal,
    Need,
    Review,
    Section,
    SharedActivity,
    SharedGoal,
    SharedSection,
)
from plans.reports.head import Prepared, file_name, head
from plans.reports.making import asker_of, make
from plans.selectors import Sales, sales_of
from plans.services import review_people, reviews

ZERO = Decimal(0)
Chosen = Mapping[str, Sequence[int]]


# --- the review pack ------------------------------------------------------------------------------
def review_pack(user: Any, pk: int) -> Prepared:
    """Agenda, figures, decisions of last time and of this one, and notes; 404 for an unseen review,
    and for one that has not begun."""
    found = Review.objects.select_related("plan__account__owner", "owner", "led_by")
    review = fetch_visible(found, user, pk=pk)
    if review.begun_at is None:
        raise Http404
    parts = review_words.parts_of(review, user)
    decisions = reviews.decisions_of(review)
    plan = review.plan
    year = company_year(plan.year) if plan else company_year()
    about = str(plan.account if plan else review.owner)
    context = {
        "review": review,
        "parts": parts,
        "decisions": decisions,
        "notes": review.notes,
        "since": (review.agenda or {}).get("since"),
        "held": review.state == Review.State.HELD,
    }
    filters = [
        (_("State"), review.get_state_display()),
        (_("Due"), formats.date_format(review.due_on)),
        (_("Led by"), str(review.led_by or "–")),
    ]
    people = review_people.present_at([review], user)[review.pk]
    if people or review.others:
        filters.append((_("Who was there"), review_words.present(review, people)))
    if review.minutes:
        filters.append((_("Duration"), duration_text(review.minutes)))
    facts = head(user, review.get_kind_display(), about, year, filters, [about])
    facts["confidentiality"] = _("Internal")
    rows = sum(len(part.rows) for part in parts) + len(decisions)
    return Prepared(
        "plans/reports/review.html", context, facts, rows, file_name("review", about, year)
    )


# --- with the customer ----------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Choice:
    """What may go into the customer's edition, and what is suggested for it."""

    sections: Sequence[Section]
    goals: Sequence[Goal]
    activities: Sequence[Activity]
    needs: Sequence[Need]
    suggested: Chosen


def choice_for(plan: AccountPlan, user: Any) -> Choice:
    """Suggested is what the customer has seen by a link, what is theirs, and needs agreed with them
    (seven queries)."""
    sections, goals, activities = (list(rows) for rows in joint.shareable(plan, user))
    agreed = [Need.State.AGREED, Need.State.REALISED]
    needs = list(
        Need.objects.visible_to(user).active().filter(plan=plan, state__in=agreed).order_by("pk")
    )
    shown = {
        field: set(
            model.objects.active().filter(share__plan=plan).values_list(field, flat=True)
        )
        for model, field in (
            (SharedSection, "section"), (SharedGoal, "goal"), (SharedActivity, "activity"),
        )
    }  # fmt: skip
    customer = Goal.Side.CUSTOMER
    return Choice(
        sections,
        goals,
        activities,
        needs,
        {
            "section": [row.pk for row in sections if row.pk in shown["section"]],
            "goal": [r.pk for r in goals if r.side == customer or r.pk in shown["goal"]],
            "activity": [
                r.pk for r in activities if r.side == customer or r.pk in shown["activity"]
            ],
            "need": [row.pk for row in needs],
        },
    )


def customer_review(user: Any, pk: int, chosen: Chosen) -> Prepared:
    """The business review with the customer: what was chosen of what may be shown; 404 for an unseen
    plan. What is chosen and may not be shown is left out."""
    found = AccountPlan.objects.select_related("account__owner")
    plan = fetch_visible(found, user, pk=pk)
    account, year, today = plan.account, company_year(plan.year), company_today()
    sections, goals, activities = (
        list(rows.filter(pk__in=chosen.get(name, [])))
        for name, rows in zip(
            ("section", "goal", "activity"), joint.shareable(plan, user), strict=True
        )
    )
    prefetch_related_objects(activities, "responsible", "contact")
    needs = list(
        Need.objects.visible_to(user)
        .active()
        .filter(
            plan=plan,
            pk__in=chosen.get("need", []),
            state__in=[Need.State.AGREED, Need.State.REALISED],
        )
        .select_related("agreed_by")
        .order_by("state", "pk")
    )
    for goal in goals:
        goal.plan = plan
    measured = readings([goal for goal in goals if goal.measured_by not in INTERNAL])
    sales = sales_of(account.pk, [year.shifted(-1), year], plan.currency, rates_for(plan.year))
    this, last = sales[year.year], sales[year.year - 1]
    closed = year.closed_months(today)
    activities.sort(key=lambda row: (row.due_on is None, row.due_on, row.pk))
    for row in activities:
        row.plan = plan
    realised = [
        need.realised_value or need.value or ZERO for need in needs if need.state == "realised"
    ]
    context = {
        "account": account,
        "plan": plan,
        "currency": plan.currency,
        "year": year,
        "last_year": year.shifted(-1),
        "message": _bought_message(this, last, closed, plan.currency),
        "months": _months(this, last, year, closed),
        "last_word": _("Last year"),
        "lines": _lines(this, last, closed),
        "bought": sum(this.months("revenue")[:closed], ZERO),
        "bought_last": sum(last.months("revenue")[:closed], ZERO),
        "sections": [(row.heading, rendered(row.body)) for row in sections if row.body.strip()],
        "goals": [
            {
                "row": goal,
                "actual": None if goal.measured_by in INTERNAL else actual_of(goal, measured),
            }
            for goal in goals
        ],
        "done": [row for row in activities if row.status == Activity.Status.DONE],
        "next": [row for row in activities if row.is_open],
        "needs": needs,
        "agreed_value": sum((need.value or ZERO for need in needs), ZERO),
        "realised_value": sum(realised, ZERO),
    }
    filters = [
        (_("Key account manager"), str(account.owner or "–")),
        (_("Amounts"), plan.currency),
    ]
    facts = head(user, _("Business review"), account.name, year, filters, [account.name])
    rows = len(goals) + len(activities) + len(needs) + len(context["lines"])
    name = file_name("business-review", account.name, year)
    return Prepared("plans/reports/customer_review.html", context, facts, rows, name)


#: Measures whose numbers are ours alone.
INTERNAL = frozenset({"margin", "margin_share", "wallet", "relations"})


def _months(this: Sales, last: Sales, year: FiscalYear, closed: int) -> list[Month]:
    """What they bought, beside the year before."""
    now, before = this.months("revenue"), last.months("revenue")
    return [
        Month(
            label=formats.date_format(month, "M"),
            name=formats.date_format(month, "F Y"),
            actual=rounded(now[at]) if at < closed or now[at] else None,
            target=rounded(before[at]) if any(before) else None,
        )
        for at, month in enumerate(year.months())
    ]


def _lines(this: Sales, last: Sales, closed: int) -> list[dict[str, Any]]:
    names = {**last.names, **this.names}
    sums = {
        key: {line.line: sum(line.revenue[:closed], ZERO) for line in sales.lines}
        for key, sales in (("now", this), ("before", last))
    }
    return [
        {"name": name, "now": sums["now"].get(pk, ZERO), "before": sums["before"].get(pk, ZERO)}
        for pk, name in sorted(names.items(), key=lambda pair: pair[1])
        if sums["now"].get(pk) or sums["before"].get(pk)
    ]


def _bought_message(this: Sales, last: Sales, closed: int, currency: str) -> str:
    now = sum(this.months("revenue")[:closed], ZERO)
    before = sum(last.months("revenue")[:closed], ZERO)
    if not closed:
        return _("What you bought, month by month")
    if before <= 0:
        return _("What you bought in the months that are over")
    return _("What you bought is %(change)s on the same months of last year") % {
        "change": signed_percent(now / before - 1)
    }


def language_for(account: Account) -> str:
    """The language of the customer's country, where we have it; else the installation's."""
    return joint.LANGUAGES.get(str(account.country or ""), settings.LANGUAGE_CODE)


# --- in the worker --------------------------------------------------------------------------------
def prepare(user: Any, what: str, pk: int, chosen: Chosen) -> Prepared:
    """``review`` (of the review ``pk``) or ``customer`` (of the plan ``pk``)."""
    return review_pack(user, pk) if what == "review" else customer_review(user, pk, chosen)


def start_job(user: Any, prepared: Prepared, what: str, pk: int, chosen: Chosen) -> Job:
    """Lets the worker make the report for this person; its row shows how far it is."""
    return jobs.start(
        "review_report",
        _("PDF: %(name)s") % {"name": prepared.head["subject"] or prepared.head["title"]},
        user,
        what=what,
        pk=pk,
        chosen={name: list(keys) for name, keys in chosen.items()},
        language=translation.get_language(),
        acting_for=user.acting_for.pk if user.acting_for else None,
    )


@jobs.kind("review_report")
def review_report(progress: jobs.Progress) -> None:
    """Makes a review's PDF for the person who asked."""
    user, asked = asker_of(progress), progress.arguments
    with translation.override(asked.get("language") or user.language):
        progress.step(0, 10)
        try:
            prepared = prepare(user, asked["what"], asked["pk"], asked["chosen"])
        except Http404:
            raise jobs.JobFailed(_("There is nothing here that you may see.")) from None
        progress.step(2, 10)
        progress.deliver(make(prepared, limited=True), prepared.file_name)
        progress.step(10, 10)
