"""What a shared link shows, whether it is still open, and what the customer has agreed to."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, Max, Min, OuterRef, Prefetch, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Contact
from kam.periods import company_today
from plans.models import (
    Activity,
    Audience,
    Goal,
    PlanComment,
    PlanShare,
    Section,
    SectionKind,
    SharedActivity,
    SharedGoal,
    SharedSection,
    ShareEvent,
)

What = ShareEvent.What
#: How many links a plan's panel lists.
LINKS_LISTED = 50
ANSWERS = (What.CONFIRMED, What.REFUSED)
#: The language of whom we write to, by the country of their company; else the installation's.
LANGUAGES = {
    "NO": "nb",
    "SJ": "nb",
    "DK": "da",
    "GL": "da",
    "FO": "da",
    "SE": "sv",
    "AX": "sv",
    "FI": "fi",
    "CN": "zh-hans",
    "SG": "zh-hans",
}


#: Headings that name the customer, as the customer reads them; the others stand as they are.
THEIR_HEADINGS = {
    SectionKind.PROFILE: _("Your company"),
    SectionKind.RESULTS: _("Your results and position"),
    SectionKind.TEAM: _("Our team and yours"),
    SectionKind.NEEDS: _("Your needs"),
    SectionKind.VALUE: _("The value that we offer you"),
    SectionKind.COMPETITORS: _("Others in the market"),
    SectionKind.SATISFACTION: _("Your satisfaction"),
    SectionKind.HISTORY: _("What you have bought"),
}


def digest_of(token: str) -> str:
    """What is kept of a link's token: it finds the link, and does not give the token back."""
    return hashlib.sha256(token.encode()).hexdigest()


def address_of(token: str) -> str:
    """The link as the customer gets it: at the site's own address, whatever a request says."""
    return settings.SITE_URL.rstrip("/") + reverse("joint:page", args=[token])


def language_of(contact: Contact) -> str:
    """In which language we write to somebody at the customer."""
    return LANGUAGES.get(str(contact.account.country or ""), settings.LANGUAGE_CODE)


# --- is it open? ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a link opens, in one word for its badge and one sentence."""

    open: bool
    kind: str
    label: Any


OPEN = Standing(True, "good", _("Open"))
EXPIRED = Standing(False, "draft", _("Expired"))
ENDED = Standing(False, "draft", _("Ended"))
GONE = Standing(False, "draft", _("Ended: the contact left"))
RESTING = Standing(False, "draft", _("Closed: the plan is archived"))


def standing_of(share: PlanShare, today: date) -> Standing:
    """How a link stands today. Its contact, plan and their accounts are read with it."""
    plan, contact = share.plan, share.contact
    if share.archived_at is not None:
        return ENDED
    if contact.archived_at is not None or contact.account.path[0] != plan.account.path[0]:
        return GONE
    if plan.archived_at is not None or plan.account.archived_at is not None:
        return RESTING
    return EXPIRED if share.expires_on < today else OPEN


# --- a goal as it was agreed ------------------------------------------------------------------------


def facts_of(goal: Goal) -> dict[str, Any]:
    """What somebody confirms when they confirm a goal: its words, numbers and day."""
    return {
        "side": goal.side,
        "title": goal.title,
        "metric": goal.metric,
        "baseline": None if goal.baseline is None else f"{goal.baseline:.2f}",
        "target": None if goal.target is None else f"{goal.target:.2f}",
        "due_on": None if goal.due_on is None else goal.due_on.isoformat(),
    }


def state_of(facts: dict[str, Any]) -> str:
    """A short name for exactly these facts: a form sends it back, so that nobody confirms unseen."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class Answer:
    """The last word of one person at the customer on a goal. ``current``: on it as it stands now."""

    event: ShareEvent
    contact: Contact
    agreed: bool
    current: bool


def answers_to(goals: Iterable[Goal]) -> dict[int, list[Answer]]:
    """The customer's last words on each goal, a line for each person, newest first (one query)."""
    by_pk = {goal.pk: goal for goal in goals}
    found: dict[int, list[Answer]] = defaultdict(list)
    seen: set[tuple[int, int]] = set()
    events = (
        ShareEvent.objects.filter(goal__in=by_pk, what__in=ANSWERS)
        .select_related("share__contact")
        .order_by("-at", "-pk")
    )
    for event in events:
        goal = by_pk[event.goal_id or 0]
        key = (goal.pk, event.share.contact_id)
        if key in seen:
            continue
        seen.add(key)
        agreed = event.what == What.CONFIRMED
        current = event.facts == facts_of(goal)
        found[goal.pk].append(Answer(event, event.share.contact, agreed, current))
    return found


# --- what a link shows ------------------------------------------------------------------------------


@dataclass(slots=True)
class ShownSection:
    key: int
    section: Section
    comments: list[PlanComment] = field(default_factory=list)

    @property
    def heading(self) -> str:
        """As the customer reads it; a heading that we typed stands as it is."""
        theirs = THEIR_HEADINGS.get(SectionKind(self.section.kind))
        return self.section.title or str(theirs or self.section.heading)


@dataclass(slots=True)
class ShownGoal:
    key: int
    goal: Goal
    state: str
    answer: ShareEvent | None = None

    @property
    def agreed(self) -> bool:
        return self.answer is not None and self.answer.what == What.CONFIRMED


@dataclass(slots=True)
class Shown:
    """Everything that stands on the page behind a link, and nothing else."""

    sections: list[ShownSection]
    goals: list[ShownGoal]
    activities: list[Activity]
    comments: list[PlanComment]

    @property
    def to_answer(self) -> int:
        return sum(1 for shown in self.goals if shown.answer is None)


def shared_sections(share: PlanShare) -> Any:
    """What the link shows of the plan's text: still in use, and still read by all who see the account."""
    return (
        SharedSection.objects.active()
        .filter(
            share=share,
            section__plan=share.plan_id,
            section__audience=Audience.ACCOUNT,
            section__archived_at__isnull=True,
        )
        .select_related("section")
        .order_by("section__position", "section_id")
    )


def read_by_customer() -> Exists:
    """For a query of sections: whether a link in force shows the section to the customer now."""
    links = SharedSection.objects.active().filter(  # unscoped: says only that there is one
        section=OuterRef("pk"),
        section__audience=Audience.ACCOUNT,
        share__archived_at__isnull=True,
        share__expires_on__gte=company_today(),
    )
    return Exists(links)


def shared_goals(share: PlanShare) -> Any:
    return (
        SharedGoal.objects.active()
        .filter(share=share, goal__plan=share.plan_id, goal__archived_at__isnull=True)
        .select_related("goal")
        .order_by("goal__side", "goal__due_on", "goal_id")
    )


def shared_activities(share: PlanShare) -> Any:
    return (
        SharedActivity.objects.active()
        .filter(share=share, activity__plan=share.plan_id, activity__archived_at__isnull=True)
        .select_related("activity__responsible", "activity__contact")
        .order_by("activity__due_on", "activity_id")
    )


def shown_by(share: PlanShare) -> Shown:
    """The page's content (five queries)."""
    sections = [ShownSection(row.pk, row.section) for row in shared_sections(share)]
    by_section = {shown.section.pk: shown for shown in sections}
    plain: list[PlanComment] = []
    for comment in PlanComment.objects.active().filter(share=share).order_by("pk"):
        if comment.section_id is None:
            plain.append(comment)
        elif comment.section_id in by_section:
            by_section[comment.section_id].comments.append(comment)
    goals = []
    last: dict[int, ShareEvent] = {}
    for event in ShareEvent.objects.filter(share=share, what__in=ANSWERS).order_by("at", "pk"):
        last[event.goal_id or 0] = event
    for row in shared_goals(share):
        facts = facts_of(row.goal)
        answer = last.get(row.goal_id)
        standing = answer if answer is not None and answer.facts == facts else None
        goals.append(ShownGoal(row.pk, row.goal, state_of(facts), standing))
    return Shown(sections, goals, [row.activity for row in shared_activities(share)], plain)


# --- the links of a plan ------------------------------------------------------------------------------


@dataclass(slots=True)
class LinkRow:
    """One link in the panel of a plan's links.

    ``share`` carries ``times_opened``, ``first_opened``, ``last_opened`` and ``remarks``.
    """

    share: Any
    standing: Standing
    goals: int
    agreed: int
    not_agreed: int


def links_of(plan: Any, today: date) -> list[LinkRow]:
    """The plan's links, newest first, with what was done with each (three queries)."""
    opened = Q(events_of__what=What.OPENED)
    shares = (
        PlanShare.objects.filter(plan=plan)
        .select_related("contact__account", "created_by")
        .annotate(
            times_opened=Count("events_of", filter=opened),
            first_opened=Min("events_of__at", filter=opened),
            last_opened=Max("events_of__at", filter=opened),
            remarks=Count("events_of", filter=Q(events_of__what=What.COMMENTED)),
        )
        .prefetch_related(
            Prefetch(
                "events_of",
                ShareEvent.objects.filter(what__in=ANSWERS).order_by("at", "pk"),
                to_attr="answers",
            ),
            Prefetch(
                "goals",
                SharedGoal.objects.active()
                .filter(goal__archived_at__isnull=True)
                .select_related("goal"),
                to_attr="goals_shown",
            ),
        )
        .order_by("-pk")[:LINKS_LISTED]
    )
    rows = []
    for share in shares:
        share.plan = plan
        last = {event.goal_id: event for event in share.answers}
        words = [
            last[row.goal_id].what
            for row in share.goals_shown
            if row.goal_id in last and last[row.goal_id].facts == facts_of(row.goal)
        ]
        rows.append(
            LinkRow(
                share,
                standing_of(share, today),
                len(share.goals_shown),
                words.count(What.CONFIRMED),
                words.count(What.REFUSED),
            )
        )
    return rows


def shareable(plan: Any, user: Any) -> tuple[Any, Any, Any]:
    """Sections, goals and activities of a plan that this person may put behind a link."""
    sections = (
        Section.objects.visible_to(user)
        .active()
        .filter(plan=plan, audience=Audience.ACCOUNT)
        .exclude(Q(body="") | Q(body__regex=r"^\s*$"))
    )
    goals = Goal.objects.visible_to(user).active().filter(plan=plan)
    activities = Activity.objects.visible_to(user).active().filter(plan=plan)
    return sections, goals, activities
