"""The night's run: a new date makes activities late, and the prepared figures are proven."""

import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import F, Q
from django.utils import timezone

from kam.models import Company, TaskRun
from plans.services.portfolios import rebuild_portfolios

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
