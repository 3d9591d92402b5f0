"""The night's scoring in the background: begun by the minute's tick, or by an administrator."""

import logging
from typing import Any

from celery import shared_task
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kam import jobs
from kam.audit import source
from kam.models import User
from kam.periods import company_today, company_year
from kam.scoping import Role
from kam.tasks import each_minute
from portfolio import concentration, matrix, white_space
from portfolio.services import dashboards, scoring

log = logging.getLogger(__name__)


@shared_task(time_limit=1800, soft_time_limit=1740)
def score_due_night(**_kwargs: Any) -> None:
    """Scores the night that is due. A second call while the first works ends at once."""
    night = scoring.due_night()
    if night is None:
        return
    try:
        with source("task"):
            scoring.score_night(night)
        compute_the_usual()
    except scoring.AnotherRunError:
        log.info("the night is being scored already")


@each_minute
def begin_what_is_due() -> None:
    """Wakes a worker for the night that nobody has scored yet."""
    if scoring.due_night() is None:
        return
    try:
        score_due_night.apply_async(retry=False, expires=50)
    except Exception:
        log.warning("the night is scored here: the broker does not answer")
        score_due_night()


def compute_the_usual() -> None:
    """What those who see everything open first: in a large company it is kept until the next night."""
    reader = User.objects.people().filter(role=Role.MANAGEMENT).first()
    run = matrix.run_on(reader, None) if reader else None
    if reader is None or run is None or run.scored < concentration.LARGE:
        return
    portfolio, year = concentration.Portfolio(reader), company_year().year
    concentration.kept_year(portfolio, year)
    concentration.kept_trend(portfolio, year)
    concentration.kept_bridge(portfolio, year)
    white_space.last_white_space(portfolio, company_today())
    scores = matrix.scores_on(reader, run, newest=True)
    matrix.kept_grid(reader, scores, matrix.Window(), run)


@each_minute
def send_dashboards() -> None:
    """Begins the dashboards that are due by mail."""
    dashboards.start_due_mails()


@jobs.kind("score")
def score_now(progress: jobs.Progress) -> None:
    """The same run on demand, with its progress shown."""
    try:
        run = scoring.score_night(told=progress.step)
    except scoring.AnotherRunError:
        raise jobs.JobFailed(_("Another run is at work; its result comes soon.")) from None
    except ValidationError as error:
        raise jobs.JobFailed(" ".join(error.messages)) from None
    compute_the_usual()
    progress.say(
        ngettext(
            "%(scored)s account scored, %(changed)s changed.",
            "%(scored)s accounts scored, %(changed)s changed.",
            run.scored,
        )
        % {"scored": run.scored, "changed": run.changed},
        reverse("portfolio:run_list"),
    )
