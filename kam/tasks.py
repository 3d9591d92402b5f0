"""Background work of the foundation. Each task may run twice or late without a wrong result."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from kam import jobs, notifications
from kam.models import TaskRun

#: Work of the apps above that is due each minute, registered by them: name → function.
_each_minute: dict[str, Any] = {}


def each_minute(work: Any) -> Any:
    """Registers a function that ``every_minute`` calls; it finds in the database what is due."""
    _each_minute[f"{work.__module__}.{work.__name__}"] = work
    return work


@shared_task(time_limit=60, soft_time_limit=50)
def heartbeat(**_kwargs: Any) -> None:
    """A worker's sign of life, watched by /readyz."""
    now = timezone.now()
    TaskRun.objects.update_or_create(
        name="heartbeat", defaults={"started_at": now, "finished_at": now, "status": "ok"}
    )


@shared_task(time_limit=300, soft_time_limit=280)
def every_minute(**_kwargs: Any) -> None:
    """Does what PostgreSQL says is due: waiting jobs, mail, and the apps' own."""
    jobs.revive()
    notifications.send_due_mail()
    for work in _each_minute.values():
        work()


@shared_task(time_limit=1800, soft_time_limit=1740)
def run_job(*, job_id: int, **_kwargs: Any) -> None:
    """Does one job of the ``kam.Job`` table."""
    jobs.run(job_id)
