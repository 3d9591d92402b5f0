"""What a review is about: what has changed since the last one.

``made_for`` reads the facts (at most eight queries) and gives plain data that is kept with the review:
parts, each with rows. Words are found when it is shown (``plans.review_words``), in the reader's
language; what not every reader of the review may see keeps its id and is asked for again.
"""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from kam.models import Company
from kam.periods import company_today
from plans.models import Review
from plans.review_agenda.of_plan import of_plan
from plans.review_agenda.of_portfolio import of_portfolio


def made_for(review: Review, user: Any) -> dict[str, Any]:
    """The agenda as it stands now, of what this person may see."""
    today = company_today()
    since = _since(review)
    if review.plan is None:
        parts = list(of_portfolio(review, user, since, today))
    else:
        parts = list(of_plan(review, review.plan, since, today))
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
