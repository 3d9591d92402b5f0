"""The steps of the classification process, and what refuses one."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from portfolio.models import Nomination

State = Nomination.State
Kind = Nomination.Kind
WAITING = (State.PROPOSED, State.ACCEPTED, State.VALIDATED)


class NominationRefusal(ValidationError):  # noqa: N818
    """A rule of the process stands against it. The text is meant for the reader."""

    @property
    def sentence(self) -> str:
        return " ".join(self.messages)


class NotItsTurn(NominationRefusal):
    """The nomination is not where this step begins, or changed since it was read."""


@dataclass(frozen=True, slots=True)
class Step:
    """One way from state to state."""

    name: str
    origins: tuple[str, ...]
    state: str
    label: Any


ACCEPT = Step("accept", (State.PROPOSED,), State.ACCEPTED, gettext_lazy("Accept for validation"))
VALIDATE = Step(
    "validate", (State.ACCEPTED,), State.VALIDATED, gettext_lazy("Validate against the criteria")
)
CONFIRM = Step("confirm", (State.VALIDATED,), State.CONFIRMED, gettext_lazy("Confirm"))
REJECT = Step("reject", WAITING, State.REJECTED, gettext_lazy("Reject"))
WITHDRAW = Step("withdraw", WAITING, State.WITHDRAWN, gettext_lazy("Withdraw"))
STEPS = {step.name: step for step in (ACCEPT, VALIDATE, CONFIRM, REJECT, WITHDRAW)}
