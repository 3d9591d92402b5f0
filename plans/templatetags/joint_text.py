"""What the joint plan's pages show of a text, a quantity, and the customer's answers to a goal."""

from decimal import Decimal
from typing import Any

from django import template
from django.utils.safestring import SafeString

from kam.markdown import rendered
from kam.number_text import amount
from plans import joint

register = template.Library()


@register.filter
def markdown(text: str) -> SafeString:
    """Markdown as safe HTML."""
    return rendered(text)


@register.filter
def quantity(value: Decimal | None) -> str:
    """A goal's number, with decimals only where it has them."""
    if value is None:
        return ""
    return amount(value, 0 if value == value.to_integral_value() else 2)


@register.inclusion_tag("plans/sharing/_answers.html", takes_context=True)
def customer_answers(context: template.Context, goal: Any) -> dict[str, Any]:
    """What the customer's people said to this goal (one query for all goals of the plan)."""
    plan = context["plan"]
    if not hasattr(plan, "answers_by_goal"):
        plan.answers_by_goal = joint.answers_to(plan.goals.all())
    return {"answers": plan.answers_by_goal.get(goal.pk, [])}
