"""The night's run: a new date makes activities late, and the prepared figures are proven.

The whole night's work is a list of steps (``NIGHT``), each safe to break off and to repeat. In the
background each of them comes by its own clock; ``manage.py nightly`` does all of them now.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kam import notifications
from kam.audit import source
from kam.models import Company, TaskRun
from kam.periods import company_today
from plans.services import forecasts, lifecycle, reminders, reports, reviews
from plans.services.measured_goals import measure_goals
from plans.services.portfolios import rebuild_portfolios
from portfolio.models import CriteriaVersion
from portfolio.nightly import compute_the_usual
from portfolio.services import dashboards, scoring

log = logging.getLogger(__name__)

NAME = "nightly"  # watched by /readyz
#: A run that has not ended after this time has lost its worker, and may be claimed again.
PATIENCE = timedelta(minutes=45)


def claim_night(now: datetime | None = None) -> bool:
    """Whether the night's run of this date is still to be done and is now the caller's.

    The date is the company's. One conditional update decides between several callers.
    """
    now = now or timezone.now()
    midnight = now.astimezone(ZoneInfo(Company.current().timezone)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    TaskRun.objects.get_or_create(name=NAME)
    unfinished = Q(finished_at__isnull=True) | Q(finished_at__lt=F("started_at"))
    due = Q(started_at__isnull=True) | Q(started_at__lt=midnight)
    lost = Q(started_at__lt=now - PATIENCE) & unfinished
    return bool(TaskRun.objects.filter(due | lost, name=NAME).update(started_at=now))


def run_night() -> int:
    """Computes all portfolios anew; returns (and keeps) how many prepared figures were wrong.

    A figure that differs was not marked by any trigger, or is being worked off: worth a look.
    """
    try:
        changed = rebuild_portfolios()
    except BaseException:
        _record("failed", {})
        raise
    if changed:
        log.warning("the nightly run corrected %s prepared figures", changed)
    _record("ok", {"corrected": changed})
    return changed


def _record(status: str, detail: dict[str, int]) -> None:
    now = timezone.now()
    TaskRun.objects.update_or_create(
        name=NAME,
        defaults={"finished_at": now, "status": status, "detail": detail},
        create_defaults={
            "started_at": now, "finished_at": now, "status": status, "detail": detail,
        },
    )  # fmt: skip


# --- the whole night ------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class NightStep:
    """One part of the night's work; it returns what it did, as counts. ``with_night``: the night's
    task does it, else it has a clock of its own."""

    name: str
    label: Any
    work: Callable[[], dict[str, int]]
    with_night: bool = False


@dataclass(frozen=True, slots=True)
class StepDone:
    """What one step did, or why it could not."""

    step: NightStep
    counts: dict[str, int]
    seconds: float
    error: str = ""


def _figures() -> dict[str, int]:
    return {"corrected": run_night()}


def _scores() -> dict[str, int]:
    if not CriteriaVersion.objects.in_force().exists():
        return {"scored": 0, "changed": 0}
    run = scoring.score_night()
    compute_the_usual()
    return {"scored": run.scored, "changed": run.changed}


def _activation() -> dict[str, int]:
    return {"activated": lifecycle.activate_due()}


def _forecasts() -> dict[str, int]:
    today = company_today()
    return {"kept": forecasts.keep_forecasts(today), "outcomes": forecasts.refresh_outcomes(today)}


def _goals() -> dict[str, int]:
    return {"measured": measure_goals(company_today())}


def _dashboards() -> dict[str, int]:
    return {"begun": dashboards.start_due_mails() or 0}


def _reports() -> dict[str, int]:
    return {"begun": reports.send_scheduled(), "dropped": reports.drop_old()}


def _mail() -> dict[str, int]:
    return {"mails": notifications.send_due_mail()}


NIGHT: tuple[NightStep, ...] = (
    NightStep("figures", _("Prepared figures"), _figures),
    NightStep("scores", _("Scores"), _scores),
    NightStep("activation", _("Plans whose year begins"), _activation, with_night=True),
    NightStep("forecasts", _("Kept forecasts"), _forecasts, with_night=True),
    NightStep("goals", _("Measured goals"), _goals, with_night=True),
    NightStep("reviews", _("Next reviews"), reviews.schedule_missing, with_night=True),
    NightStep("reminders", _("Reminders"), reminders.run),
    NightStep("dashboards", _("Dashboards by mail"), _dashboards),
    NightStep("reports", _("Reports by mail and the archive"), _reports, with_night=True),
    NightStep("mail", _("Mail"), _mail),
)


def work_through(steps: Iterable[NightStep] = NIGHT) -> Iterator[StepDone]:
    """Does the steps one after the other; one that fails does not keep the next from being done."""
    for step in steps:
        began, counts, error = time.monotonic(), {}, ""
        try:
            with source("task"):
                counts = step.work()
        except Exception as failure:
            log.exception("the night's step %s failed", step.name)
            error = f"{type(failure).__name__}: {failure}"
        yield StepDone(step, counts, time.monotonic() - began, error)
