"""The improvement potential index where many needs and plans are read: in SQL, and ranked.

The same sums as ``plans.improvement`` makes; amounts in the plan's currency, and in company currency
at the budget rate of the plan's year (empty where that is missing).
"""

from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    Count,
    DecimalField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest, Least

from kam.models import BudgetRate, Company
from plans.models import Need

ZERO = Decimal(0)
MONEY = DecimalField(max_digits=24, decimal_places=6)
RATE = DecimalField(max_digits=18, decimal_places=8)
NOTHING = Value(ZERO, MONEY)


def _present() -> Any:
    return Least(Coalesce(F("realised_value"), ZERO), F("value"))


def _potential() -> Any:
    left = Greatest(F("value") - Coalesce(F("realised_value"), ZERO), NOTHING)
    return ExpressionWrapper(left * F("chance") / Decimal(100), output_field=MONEY)


def _rate(plan: str) -> Any:
    """Units of company currency for one of the plan's; ``plan`` is the lookup that leads to it."""
    stored = (
        BudgetRate.objects.active()
        .filter(year=OuterRef(f"{plan}year"), currency=OuterRef(f"{plan}currency"))
        .order_by()
        .values("rate")
    )
    return Case(
        When(Q(**{f"{plan}currency": Company.current().currency}), then=Value(Decimal(1), RATE)),
        default=Subquery(stored, output_field=RATE),
        output_field=RATE,
    )


def with_potential(needs: Any) -> Any:
    """Adds ``potential`` (plan's currency) and ``company_potential``; empty where not known."""
    return needs.annotate(potential=_potential()).annotate(
        company_potential=ExpressionWrapper(F("potential") * _rate("plan__"), output_field=MONEY)
    )


def having_needs(plans: Any) -> Any:
    """The plans that have a need which nobody dropped."""
    kept = Need.objects.active().exclude(state=Need.State.DROPPED)  # of plans in sight
    return plans.filter(Exists(kept.filter(plan=OuterRef("pk"))))


def with_index(plans: Any, *, parts: bool = False) -> Any:
    """Adds ``index`` (plan's currency) and ``company_index`` to rank by.

    With ``parts`` also ``attainable_value``, ``present_value``, ``counted`` and ``unknown`` needs.
    """
    kept = (
        Need.objects.active()
        .filter(plan=OuterRef("pk"))
        .exclude(state=Need.State.DROPPED)
        .order_by()
        .values("plan")
    )
    known = kept.filter(value__isnull=False, chance__isnull=False)

    def of(needs: Any, sums: Any, field: Any = MONEY) -> Any:
        return Subquery(needs.annotate(_sum=sums).values("_sum"), output_field=field)

    plans = plans.annotate(index=of(known, Sum(_potential()))).annotate(
        company_index=ExpressionWrapper(F("index") * _rate(""), output_field=MONEY)
    )
    if not parts:
        return plans
    missing = Q(value__isnull=True) | Q(chance__isnull=True)
    whole = DecimalField(max_digits=12, decimal_places=0)
    return plans.annotate(
        attainable_value=of(known, Sum("value")),
        present_value=of(known, Sum(_present(), output_field=MONEY)),
        counted=of(known, Count("pk"), whole),
        unknown=of(kept.filter(missing), Count("pk"), whole),
    )
