"""What the plan's services refuse, each with a sentence for the person who asked."""

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError

if TYPE_CHECKING:
    from plans.models import AccountPlan


class PlanRefusal(ValidationError):  # noqa: N818
    """A rule of plans stands against it. The text is meant for the reader."""

    @property
    def sentence(self) -> str:
        return " ".join(self.messages)


class PlanExists(PlanRefusal):
    """The account has a plan for this year; ``plan`` is that plan."""

    def __init__(self, message: str, plan: "AccountPlan") -> None:
        super().__init__(message)
        self.plan = plan


class IllegalTransition(PlanRefusal):
    """The plan is not in a state from which this step leads on."""


class PlanLocked(PlanRefusal):
    """The plan is waiting for a decision, closed or archived."""
