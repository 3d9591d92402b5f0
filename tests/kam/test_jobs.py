"""Long work: claimed once, watched, cancelled, and given back when its worker dies."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from kam import jobs
from kam.models import Job, Role, User

pytestmark = pytest.mark.django_db(transaction=True)
ran: list[int] = []


@jobs.kind("test-count")
def count(progress):
    ran.append(progress.job.pk)
    for i in range(3):
        progress._last = timezone.now() - timedelta(seconds=1)
        progress.step(i + 1, 3)
    progress.deliver(b"1;2", "figures.csv")
    progress.say("Three rows.", "/accounts/")


@jobs.kind("test-fail")
def fail(progress):
    raise jobs.JobFailed("Row 3: expected a number.")


@pytest.fixture(autouse=True)
def _nothing_ran():
    ran.clear()


@pytest.fixture
def kari():
    return User.objects.create(email="kari@example.com", name="Kari", role=Role.KAM)


def test_work_shows_its_progress_and_its_result(kari):
    job = Job.objects.create(kind="test-count", title="Count", created_by=kari)
    assert jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.done, job.total, job.percent) == ("done", 3, 3, 100)
    assert job.result.read() == b"1;2"
    assert job.message == "Three rows."


def test_eight_messages_do_the_work_once(kari):
    job = Job.objects.create(kind="test-count", title="Count", created_by=kari)
    start = threading.Barrier(8)

    def run():
        start.wait()
        jobs.run(job.pk)
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ran == [job.pk]


def test_what_cannot_be_done_says_why(kari):
    job = Job.objects.create(kind="test-fail", title="Fail", created_by=kari)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.message) == ("failed", "Row 3: expected a number.")


def test_running_work_stops_when_asked(kari):
    job = Job.objects.create(kind="test-count", title="Count", cancel_requested=True)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_waiting_work_is_stopped_at_once(kari):
    job = Job.objects.create(kind="test-count", title="Count")
    jobs.cancel(job)
    assert not jobs.run(job.pk)
    assert ran == []


def silent(**fields):
    return Job.objects.create(
        kind="test-count",
        title="Count",
        state="running",
        alive_at=timezone.now() - 2 * jobs.SILENCE,
        **fields,
    )


def state(job):
    job.refresh_from_db()
    return job.state


def test_a_dead_workers_job_is_given_to_another():
    job = silent(attempts=1)
    jobs.revive()
    assert state(job) == "queued"


def test_a_job_that_kills_its_workers_ends():
    job = silent(attempts=jobs.ATTEMPTS)
    jobs.revive()
    assert state(job) == "failed"


def test_a_dead_job_that_was_to_stop_has_stopped():
    job = silent(attempts=1, cancel_requested=True)
    jobs.revive()
    assert state(job) == "cancelled"


def test_a_worker_that_was_taken_for_dead_does_not_overwrite_the_other(kari):
    job = Job.objects.create(kind="test-late", title="Late", created_by=kari)

    @jobs.kind("test-late")
    def late(progress):
        # Meanwhile the job was given back and begun again by another worker.
        Job.objects.filter(pk=progress.job.pk).update(attempts=2)

    assert not jobs.run(job.pk)
    assert state(job) == "running"
