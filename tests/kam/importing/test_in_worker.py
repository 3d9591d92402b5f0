"""Imports in the worker: stopped, asked for twice, and one after another."""

import threading

import pytest
from django.db import connections

from accounts.models import (
    Account,
)
from kam import jobs
from kam.importing import engine, services
from kam.importing.services import ImportRefused
from kam.models import ImportBatch, Job
from kam.sideline import sideline
from tests.kam.importing.files import checked, upload

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_the_worker_checks_and_imports(cast):
    batch = upload("accounts", "number,name\nX,A\n", cast.administrator)
    assert jobs.run(services.start(batch, "check", user=cast.administrator).pk)
    batch.refresh_from_db()
    assert batch.state == "checked"
    job = services.start(batch, "apply", user=cast.administrator)
    assert services.start(batch, "apply", user=cast.administrator) == job
    assert jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, Account.objects.filter(number="X").count()) == (Job.State.DONE, 1)


@pytest.mark.django_db(transaction=True)
def test_an_import_that_is_stopped_leaves_nothing(cast, monkeypatch):
    file = "number,name\n" + "".join(f"X{i},A\n" for i in range(50))
    batch = checked("accounts", file, cast.administrator)
    job = services.start(batch, "apply", user=cast.administrator)
    write = engine.Run.write

    def stop_in_the_middle(run, of):
        write(run, of)
        with sideline() as cursor:  # another process asks to stop
            cursor.execute("UPDATE kam_job SET cancel_requested = true WHERE id = %s", [job.pk])
        run.step(10**9)

    monkeypatch.setattr(engine.Run, "write", stop_in_the_middle)
    jobs.run(job.pk)
    job.refresh_from_db()
    batch.refresh_from_db()
    assert (job.state, batch.state) == (Job.State.CANCELLED, "checked")
    assert not Account.objects.filter(number__startswith="X").exists()


@pytest.mark.django_db(transaction=True)
def test_two_at_once_import_it_once(cast):
    batch = checked(
        "accounts", "number,name\n" + "".join(f"X{i},A\n" for i in range(200)), cast.administrator
    )
    answers: list[str] = []
    barrier = threading.Barrier(3)

    def apply():
        try:
            barrier.wait()
            services.apply(ImportBatch.objects.get(pk=batch.pk), user=cast.administrator)
            answers.append("done")
        except ImportRefused as error:
            answers.append(str(error))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=apply) for _ in range(3)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert answers.count("done") == 1
    assert Account.objects.filter(number__startswith="X").count() == 200
    assert len(cast.account.events.model.objects.filter(number="X7")) == 1


@pytest.mark.django_db(transaction=True)
def test_different_files_wait_for_one_another(cast):
    batches = [
        checked("accounts", f"number,name,parent\nX{i},A,\nY,Shared {i},\n", cast.administrator)
        for i in range(3)
    ]
    barrier = threading.Barrier(3)

    def apply(batch):
        barrier.wait()
        services.apply(batch, user=cast.administrator)
        connections.close_all()

    threads = [threading.Thread(target=apply, args=[b]) for b in batches]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert Account.objects.filter(number="Y").count() == 1
    assert ImportBatch.objects.filter(state="applied").count() == 3
