"""Background work of the portfolio. Each task may run twice, late or never."""

from kam.tasks import each_minute
from portfolio import nightly  # noqa: F401 - its tasks and its minute
from portfolio.services import criteria, nominations


@each_minute
def remind_of_criteria() -> None:
    """Reminds once when the criteria in force are soon to be revised."""
    criteria.remind_of_revision()


@each_minute
def remind_of_nominations() -> None:
    """Reminds those whose turn it is once before a step is due, and once when it is late."""
    nominations.remind()
