"""Long work in the worker: asked for, claimed once, watched, cancelled, and never lost.

The ``Job`` row is the truth. ``start`` wakes a worker after the commit; ``every_minute`` wakes one
again for jobs that nobody took, and gives back those whose worker died.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from kam.audit import source
from kam.models import Job, User

log = logging.getLogger(__name__)
SILENCE = timedelta(minutes=5)  # a running job that shows no life for this long has lost its worker
ATTEMPTS = 3  # a job that has killed its worker this often is not begun again
TITLE = 200  # letters
Work = Callable[["Progress"], None]
_kinds: dict[str, Work] = {}


class JobCancelled(Exception):
    """Raised inside the work once somebody asked to stop; everything unsaved is rolled back."""


class JobGoesOn(Exception):
    """The work has come some way and gives its place up; it goes on as soon as a worker is free."""


class JobFailed(Exception):
    """The work cannot be done; the message is for the person who asked."""


def kind(name: str) -> Callable[[Work], Work]:
    """Registers the function that does jobs of this kind: ``@jobs.kind("import")``."""

    def register(work: Work) -> Work:
        _kinds[name] = work
        return work

    return register


class Progress:
    """What the work gets: its arguments, and ways to tell how far it is and what came out.

    Progress is written on a connection of its own, so that it shows while the work's own
    transaction is still open.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.arguments: dict[str, Any] = job.arguments
        self._last = timezone.now()

    @property
    def user(self) -> User | None:
        return self.job.created_by

    def step(self, done: int, total: int | None = None) -> None:
        """Says how far the work is, at most twice a second; raises ``JobCancelled`` if asked to."""
        now = timezone.now()
        if now - self._last < timedelta(seconds=0.5) and done != total:
            return
        self._last = now
        self._write(done=done, **({"total": total} if total is not None else {}))

    def _write(self, **fields: Any) -> None:
        from kam.sideline import sideline

        fields["alive_at"] = timezone.now()
        sets = ", ".join(f"{name} = %s" for name in fields)
        with sideline() as cursor:
            cursor.execute(
                f"UPDATE kam_job SET {sets} WHERE id = %s RETURNING cancel_requested",
                [*fields.values(), self.job.pk],
            )
            row = cursor.fetchone()
        if row is None or row[0]:
            raise JobCancelled

    def deliver(self, content: bytes, name: str) -> None:
        """Keeps a file as the job's result."""
        self.job.result.save(name, ContentFile(content), save=False)
        self.job.result_name = name

    def say(self, message: str, url: str = "") -> None:
        """What the person reads when it is over, and where they go next."""
        self.job.message = message
        if url:
            self.job.url = url


def start(kind_name: str, title: str, user: User | None, **arguments: Any) -> Job:
    """Queues work; returns its row, whose page shows the progress. A long title is cut short."""
    from kam.tasks import run_job

    if kind_name not in _kinds:
        raise KeyError(kind_name)
    title = Truncator(title).chars(TITLE)
    job = Job.objects.create(kind=kind_name, title=title, arguments=arguments, created_by=user)
    transaction.on_commit(lambda: _wake(run_job, job.pk))
    return job


def _wake(task: Any, pk: int) -> None:
    try:
        task.apply_async(kwargs={"job_id": pk}, retry=False)
    except Exception:  # the broker is away: the next minute's tick finds the row
        log.warning("job %s waits for the next tick: the broker does not answer", pk)


def run(pk: int) -> bool:
    """Does one job, if it is still to be done; returns whether this call did it."""
    now = timezone.now()
    claimed = Job.objects.filter(pk=pk, state=Job.State.QUEUED).update(
        state=Job.State.RUNNING, started_at=now, alive_at=now, attempts=F("attempts") + 1
    )
    if not claimed:
        return False
    job = Job.objects.select_related("created_by").get(pk=pk)
    state = Job.State.DONE
    try:
        asker = job.created_by
        # Hours and days in what the job writes are those of the place of whom it is for.
        with (
            source("task", user=job.created_by_id, job=job.pk),
            timezone.override(asker.zone if asker else None),
        ):
            _kinds[job.kind](Progress(job))
    except JobCancelled:
        state, job.message = Job.State.CANCELLED, ""
    except JobGoesOn:
        return _give_back(job)
    except JobFailed as error:
        state, job.message = Job.State.FAILED, str(error)
    except Exception as error:
        log.exception("job %s failed", pk)
        state, job.message = Job.State.FAILED, f"{type(error).__name__}: {error}"[:500]
    # Only if the job is still this claim's: one that was taken for dead has passed to another.
    told: dict[str, Any] = {
        "state": state,
        "message": job.message,
        "result": job.result.name or "",
        "result_name": job.result_name,
        "url": job.url,
        "finished_at": timezone.now(),
    }
    if state == Job.State.DONE:
        told["done"] = Greatest(F("done"), F("total"))
    mine = Job.objects.filter(pk=pk, state=Job.State.RUNNING, attempts=job.attempts)
    return bool(mine.update(**told))


def _give_back(job: Job) -> bool:
    """A job that has come on waits again; what it was begun before does not count against it."""
    from kam.tasks import run_job

    mine = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, attempts=job.attempts)
    if mine.update(state=Job.State.QUEUED, attempts=0, alive_at=timezone.now()):
        _wake(run_job, job.pk)
    return True


def cancel(job: Job) -> None:
    """Asks the work to stop; what waits is stopped at once."""
    Job.objects.filter(pk=job.pk, state=Job.State.QUEUED).update(
        state=Job.State.CANCELLED, finished_at=timezone.now()
    )
    Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(cancel_requested=True)


def revive() -> int:
    """Wakes workers for jobs that nobody has taken, and gives back those of dead workers."""
    from kam.tasks import run_job

    now = timezone.now()
    silent = Job.objects.filter(state=Job.State.RUNNING, alive_at__lt=now - SILENCE)
    silent.filter(cancel_requested=True).update(state=Job.State.CANCELLED, finished_at=now)
    silent.filter(attempts__gte=ATTEMPTS).update(
        state=Job.State.FAILED,
        finished_at=now,
        message=_("The work stopped without an end, %(n)d times.") % {"n": ATTEMPTS},
    )
    silent.update(state=Job.State.QUEUED)
    waiting = Job.objects.filter(
        state=Job.State.QUEUED, created_at__lt=now - timedelta(seconds=30)
    ).values_list("pk", flat=True)[:100]
    for pk in waiting:
        _wake(run_job, pk)
    return len(waiting)
