"""Templates that every installation starts with: from one page to a global key account's plan.

A section here is (kind, weight, days that it holds). The guidance asks what the reader wants to know
(DOMAIN: account plan questions).
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy

from plans.models import SectionKind as Kind

#: What each section is for, as the reader of an empty one is asked.
QUESTIONS: dict[str, Any] = {
    Kind.PROFILE: gettext_lazy(
        "Who are they: markets, products, sites, owners, strategy? What are they known for?"
    ),
    Kind.RESULTS: gettext_lazy(
        "How have their revenue and result developed in the last years, and why?"
    ),
    Kind.TEAM: gettext_lazy("Who of us works with whom of them? Who decides, who is missing?"),
    Kind.SITUATION: gettext_lazy("How is the customer doing? Which trends affect them?"),
    Kind.NEEDS: gettext_lazy("What does the customer need now, and what later?"),
    Kind.VALUE: gettext_lazy("What do we offer, and what does it change for the customer?"),
    Kind.INSIGHT: gettext_lazy("What else have we learned that we must know?"),
    Kind.COMPETITORS: gettext_lazy("Who else is there, or may come, and how do they work?"),
    Kind.PARTNERS: gettext_lazy("With whom do they and we work together?"),
    Kind.RELATION: gettext_lazy("How close are we, on which levels, and where should we be?"),
    Kind.HISTORY: gettext_lazy("What did we sell over time, and what changed?"),
    Kind.SATISFACTION: gettext_lazy("How satisfied are they, and what do they complain of?"),
    Kind.SWOT: gettext_lazy(
        "Our strengths and weaknesses with them; opportunities and threats around us."
    ),
    Kind.STRATEGY: gettext_lazy("How do we get there?"),
    Kind.RISKS: gettext_lazy("What may go wrong, and what do we do then?"),
    Kind.INVESTMENT: gettext_lazy("What do we put in, and what shall it bring, until when?"),
    Kind.MEETINGS: gettext_lazy(
        "Strategic, tactical, operational: who meets whom, how often, when next?"
    ),
    Kind.OTHER: gettext_lazy("What belongs here?"),
}


@dataclass(frozen=True, slots=True)
class SectionSeed:
    """One section of a ready template."""

    kind: Kind
    weight: int = 1
    fresh_days: int = 180


STANDARD = (
    SectionSeed(Kind.SITUATION, 2),
    SectionSeed(Kind.NEEDS, 3),
    SectionSeed(Kind.VALUE, 3),
    SectionSeed(Kind.COMPETITORS, 2),
    SectionSeed(Kind.STRATEGY, 3),
    SectionSeed(Kind.RISKS, 1),
)
ONE_PAGE = (SectionSeed(Kind.NEEDS, 1, 365), SectionSeed(Kind.STRATEGY, 1, 365))
KEY_ACCOUNT = (
    SectionSeed(Kind.PROFILE, 2, 365),
    SectionSeed(Kind.RESULTS, 2, 365),
    SectionSeed(Kind.TEAM, 2),
    SectionSeed(Kind.SITUATION, 2),
    SectionSeed(Kind.NEEDS, 3, 90),
    SectionSeed(Kind.INSIGHT, 1),
    SectionSeed(Kind.COMPETITORS, 2),
    SectionSeed(Kind.PARTNERS, 1, 365),
    SectionSeed(Kind.RELATION, 2),
    SectionSeed(Kind.HISTORY, 1),
    SectionSeed(Kind.SATISFACTION, 2, 90),
    SectionSeed(Kind.SWOT, 2),
    SectionSeed(Kind.VALUE, 3),
    SectionSeed(Kind.STRATEGY, 3),
    SectionSeed(Kind.RISKS, 2),
    SectionSeed(Kind.INVESTMENT, 2),
    SectionSeed(Kind.MEETINGS, 1),
)


@dataclass(frozen=True, slots=True)
class TemplateSeed:
    """A ready template: for whom it is, and what it consists of."""

    key: str
    name: Any
    description: Any
    rank: int
    sections: tuple[SectionSeed, ...]
    key_accounts_only: bool = False
    cell: str = ""
    customer_review_months: int | None = None


TEMPLATES = (
    TemplateSeed(
        "key_account",
        gettext_lazy("Key account"),
        gettext_lazy("All sections, with a business review with the customer each quarter."),
        10,
        KEY_ACCOUNT,
        key_accounts_only=True,
        customer_review_months=3,
    ),
    TemplateSeed(
        "one_page",
        gettext_lazy("One page"),
        gettext_lazy("Needs and strategy of an account that is only to be retained."),
        50,
        ONE_PAGE,
        cell="retain",
    ),
    TemplateSeed(
        "standard",
        gettext_lazy("Standard"),
        gettext_lazy("What every account plan should say."),
        100,
        STANDARD,
    ),
)
