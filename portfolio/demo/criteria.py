"""The demo company's criteria: what an industrial supplier asks of a key account, three years of it."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from kam.models import Role, User
from kam.periods import add_months
from portfolio.models import Axis, CriteriaVersion, CriterionGroup
from portfolio.services import criteria

#: Weights of groups and criteria by code; a group's weight stands with its first criterion.
Weights = Mapping[str, int]

FIRST: Weights = {
    "contribution": 50, "size": 50,
    "attainable": 60, "growth": 40,
    "relation": 1,
}  # fmt: skip
FIRST_GROUPS: Weights = {}

SECOND: Weights = {
    "contribution": 50, "contribution_margin": 30, "return_per_hour": 20,
    "payment_reliability": 50, "buyer_type": 50,
    "attainable": 35, "white_space": 25, "growth": 20, "penetration": 20,
    "needs": 40, "upsell": 35, "effort": 25,
    "fit_offer": 60, "fit_industry": 40,
    "strategic_importance": 60, "industry": 40, "logo": 50, "innovation": 50,
    "relation": 70, "satisfaction": 30, "loyalty": 50, "months_bought": 50,
    "improvement_potential": 1,
    "profit_impact": 50, "quality_impact": 50, "few_alternatives": 60, "switching_cost": 40,
}  # fmt: skip
SECOND_GROUPS: Weights = {
    "contribution": 70, "payment_reliability": 30,
    "attainable": 50, "needs": 30, "fit_offer": 20,
    "strategic_importance": 70, "logo": 30,
    "relation": 60, "loyalty": 40,
}  # fmt: skip
#: What the draft for next year asks beyond that.
THIRD = ("win_expand", "relationship_preference", "improvement_agreed")


def make_criteria(company_today: date) -> dict[str, CriteriaVersion]:
    """Three versions through the services: archived 14 months ago, in force since then, a draft.

    Needs an administrator. The draft's criteria of potential have been compared by up to three
    leaders, one of them inconsistently. Returns the versions as ``archived``, ``active``, ``draft``.
    """
    administrator = User.objects.people().filter(role=Role.ADMINISTRATOR).order_by("pk").first()
    if administrator is None:
        raise ValueError("the demo's criteria need an administrator")
    second_from = add_months(company_today.replace(day=1), -14)
    first_from = add_months(second_from, -24)
    first = _version(
        f"Criteria {first_from.year}",
        FIRST,
        FIRST_GROUPS,
        note="The first version: mostly what the account buys today.",
        revise_by=second_from - timedelta(days=31),
    )
    criteria.activate(first, administrator, today=first_from)
    second = _version(
        f"Criteria {second_from.year}",
        SECOND,
        SECOND_GROUPS,
        note=(
            "Follows the strategy: fewer, deeper relations in food, water and shipping. "
            "Potential and strategic importance count beside today's contribution."
        ),
        revise_by=company_today + timedelta(days=40),
        profitability_cut=Decimal(50),
        potential_cut=Decimal(50),
    )
    criteria.activate(second, administrator, today=second_from)
    second.refresh_from_db()
    third = criteria.create_version(
        f"Criteria {company_today.year + 1} (draft)",
        copy_of=second,
        note="Proposal: ask for the will to plan together, and be stricter on potential.",
        revise_by=company_today + timedelta(days=400),
        potential_cut=Decimal(55),
    )
    criteria.add_from_library(third, THIRD)
    _compare(third)
    return {
        "archived": CriteriaVersion.objects.get(pk=first.pk),
        "active": CriteriaVersion.objects.get(pk=second.pk),
        "draft": CriteriaVersion.objects.get(pk=third.pk),
    }


def _version(name: str, weights: Weights, groups: Weights, **facts: Any) -> CriteriaVersion:
    version = criteria.create_version(name, picks=weights, **facts)
    for group in version.groups.all():
        for criterion in group.criteria.all():
            weight = Decimal(weights[criterion.code])
            criteria.change_criterion(criterion, {"weight": weight}, base_version=None)
            if criterion.code in groups:
                of_group = Decimal(groups[criterion.code])
                criteria.change_group(group, {"weight": of_group}, base_version=None)
    return version


#: Judgements of the groups of potential (room, chance, fit): three people, the last contradictory.
SHEETS: Sequence[Sequence[str]] = (("2", "3", "2"), ("3", "5", "2"), ("3", "0.25", "3"))


def _compare(draft: CriteriaVersion) -> None:
    leaders = User.objects.people().filter(role=Role.LEADER).order_by("pk")[: len(SHEETS)]
    chance = CriterionGroup.objects.filter(
        criteria_version=draft, axis=Axis.POTENTIAL, criteria__code="needs"
    ).get()
    count = len(criteria.compared_rows(draft, Axis.POTENTIAL, chance))
    pairs = count * (count - 1) // 2
    for person, sheet in zip(leaders, SHEETS, strict=False):
        ratios = [Decimal(ratio) for ratio in sheet]
        criteria.save_comparison(draft, Axis.POTENTIAL, None, person, ratios)
        judged = [ratios[i % len(ratios)] for i in range(pairs)]
        criteria.save_comparison(draft, Axis.POTENTIAL, chance, person, judged)
