"""One plan of the demo company that is shared with the customer, and what is said in it."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from kam.audit import source
from plans import joint
from plans.models import AccountPlan, Audience, Goal, ShareEvent
from plans.services import comments, confidentiality, sharing

#: What the link shows, of what the plan has.
SHOWN = ("situation", "needs", "value", "strategy", "meetings")
#: What is kept to the owner, leaders and management.
KEPT_BACK = "risks"
MESSAGE = "Here is what we would like to reach together this year. Please tell me what is missing."
THEIRS = (
    ("needs", "This is right. Add that the shutdown is moved to week 34."),
    (None, "Good plan. I take it up with our production manager on Thursday."),
)
OURS = (
    ("needs", "{leader} can we promise people for week 34?"),
    ("strategy", "Two of the three points are done: I write them anew before the review."),
)


def share_one(making: Any) -> None:
    """Shares the plan of the demo KAM's first key account: opened, commented, a goal confirmed.

    The link's token is thrown away: whoever wants to see a link makes one.
    """
    kam, leader = making.people["kam"], making.people["leader"]
    plan = (
        AccountPlan.objects.active()
        .filter(
            account__owner=kam,
            account__is_key_account=True,
            year=making.year,
            status=AccountPlan.Status.ACTIVE,
            goals__side=Goal.Side.CUSTOMER,
        )
        .select_related("account__owner")
        .order_by("account__number")
        .first()
    )
    if plan is None:
        return
    contact = plan.account.contacts.active().exclude(email="").select_related("account").first()
    if contact is None:
        return
    texts = {section.kind: section for section in plan.sections.active().exclude(body="")}
    with source("command", user=kam.pk):
        if KEPT_BACK in texts:
            confidentiality.keep_to(texts[KEPT_BACK], Audience.LEADERS, by=kam)
        goals = list(plan.goals.active().filter(side=Goal.Side.CUSTOMER)[:3])
        issued = sharing.share_plan(
            plan,
            contact,
            by=kam,
            sections=[texts[kind] for kind in SHOWN if kind in texts],
            goals=goals,
            activities=list(plan.activities.open().filter(contact__isnull=False)[:4]),
            message=MESSAGE,
            mail=False,
        )
        earlier = sharing.share_plan(plan, contact, by=kam, goals=goals[:1], mail=False)
        sharing.end_share(earlier.share, by=kam)
    _theirs(issued.share)
    with source("command", user=kam.pk):
        for kind, words in OURS:
            if kind in texts:
                body = words.format(leader=f"@{leader.name}")
                comments.add_comment(plan, body, author=kam, section=texts[kind])


def _theirs(share: Any) -> None:
    """What the customer's person did, two days ago."""
    when = timezone.now() - timedelta(days=2)
    with source("link", share=share.pk):
        sharing.record_opened(share)
        keys = {row.section.kind: row.pk for row in joint.shared_sections(share)}
        for kind, words in THEIRS:
            if kind is None or kind in keys:
                sharing.comment_through(share, keys[kind] if kind else None, words)
        for row in joint.shared_goals(share)[:1]:
            state = joint.state_of(joint.facts_of(row.goal))
            sharing.answer_goal(share, row.pk, state, agreed=True)
    ShareEvent.objects.filter(share=share).update(at=when)
