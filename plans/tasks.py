"""Background work of plans. Each task may run twice, late or never: the minute's tick finds what is due."""

import logging
from typing import Any

from celery import shared_task

from kam.periods import company_today
from kam.tasks import each_minute
from plans import (
    reports,  # noqa: F401 - registers the job that makes reports
    review_reports,  # noqa: F401 - the same for reviews
)
from plans.services import measured_goals, nightly, portfolios, reminders
from plans.services import reports as library  # registers the jobs that keep and mail reports

log = logging.getLogger(__name__)


@shared_task(time_limit=600, soft_time_limit=580)
def refresh_marked_portfolios(**_kwargs: Any) -> None:
    """Works off all marks of stale portfolios."""
    portfolios.refresh_portfolios()


@shared_task(time_limit=1800, soft_time_limit=1740)
def run_nightly(**_kwargs: Any) -> None:
    """The night's run; whoever calls has claimed it."""
    nightly.run_night()
    for _done in nightly.work_through(step for step in nightly.NIGHT if step.with_night):
        pass


@shared_task(time_limit=1800, soft_time_limit=1740)
def run_reminders(**_kwargs: Any) -> None:
    """Reminds of what is due; whoever calls has claimed it."""
    reminders.run()


@each_minute
def remind_where_a_day_began() -> None:
    """Reminds those for whom a new day has begun, each at their own place."""
    if reminders.claim():
        try:
            run_reminders.apply_async(retry=False)
        except Exception:
            log.warning("people are reminded here: the broker does not answer")
            reminders.run()


@each_minute
def refresh_what_is_due() -> None:
    """Marks what the new date made stale, works off all marks, starts the night's run, and measures
    goals that are not measured yet."""
    portfolios.mark_new_day()
    portfolios.refresh_portfolios()
    if nightly.claim_night():
        try:
            run_nightly.apply_async(retry=False)
        except Exception:
            log.warning("the nightly run is done here: the broker does not answer")
            run_nightly()
    measured_goals.measure_new_goals(company_today())


@each_minute
def send_reports_by_mail() -> None:
    """Has the reports made that come by mail today."""
    library.send_scheduled()
