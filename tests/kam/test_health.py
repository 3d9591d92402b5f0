"""/healthz and /readyz: what they say in each state, and what they never say."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from kam import health
from kam.models import TaskRun


def ran(name: str, *, ago: timedelta = timedelta(), status: str = "ok") -> None:
    at = timezone.now() - ago
    TaskRun.objects.update_or_create(
        name=name, defaults={"started_at": at, "finished_at": at, "status": status}
    )


@pytest.fixture
def healthy(db: None) -> None:
    ran("heartbeat")
    ran("nightly")


def installed(ago: timedelta) -> None:
    MigrationRecorder(connection).migration_qs.update(applied=timezone.now() - ago)


def readyz(client: Client) -> tuple[int, dict]:
    response = client.get("/readyz")
    return response.status_code, response.json()


def test_alive_is_said_without_asking_the_database(client: Client) -> None:
    # No database fixture: a query here would be refused.
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert response["Cache-Control"] == "no-store"


def test_ready_when_every_part_works(client: Client, healthy: None) -> None:
    status, body = readyz(client)
    assert (status, body["status"]) == (200, "ok")
    assert set(body["checks"]) == {"database", "migrations", "broker", "worker", "nightly"}
    assert all(check["ok"] for check in body["checks"].values())


def test_five_queries(client: Client, healthy: None, django_assert_num_queries) -> None:
    # SELECT 1 · does django_migrations exist · its rows · heartbeat · nightly
    with django_assert_num_queries(5):
        client.get("/readyz")


@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_probes_come_by_any_host_name_and_without_https(
    client: Client, healthy: None, settings, address: str
) -> None:
    settings.ALLOWED_HOSTS = ["kam.example.com"]
    settings.SECURE_SSL_REDIRECT = True
    assert client.get(address, headers={"host": "10.1.2.3:8000"}).status_code == 200


@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_only_reading(client: Client, healthy: None, address: str) -> None:
    assert client.head(address).status_code == 200
    refused = client.post(address)
    assert (refused.status_code, refused["Allow"]) == (405, "GET, HEAD")


def test_a_migration_that_is_not_applied(client: Client, healthy: None) -> None:
    MigrationRecorder(connection).migration_qs.filter(app="plans").first().delete()
    status, body = readyz(client)
    assert status == 503
    assert body["checks"]["migrations"] == {"ok": False, "state": "1 not applied"}
    # What the tables hold cannot be asked while they may be missing.
    assert body["checks"]["worker"] == {"ok": False, "state": "unknown"}


def test_a_broker_that_is_away(client: Client, healthy: None, settings) -> None:
    settings.CELERY_BROKER_URL = "redis://:secret-password@127.0.0.1:1/0"
    status, body = readyz(client)
    assert status == 503
    assert body["checks"]["broker"] == {"ok": False, "state": "does not answer"}
    assert body["checks"]["database"]["ok"]


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away(client: Client, monkeypatch) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    response = client.get("/readyz")
    monkeypatch.undo()
    connection.close()
    assert response.status_code == 503
    assert response["Retry-After"] == "10"
    assert response.json()["checks"]["database"] == {"ok": False, "state": "does not answer"}


def test_nothing_of_addresses_or_secrets(client: Client, healthy: None, settings) -> None:
    settings.CELERY_BROKER_URL = "redis://:secret-password@127.0.0.1:1/0"
    text = client.get("/readyz").content.decode()
    database = connection.settings_dict
    for word in ("secret-password", "127.0.0.1", database["PASSWORD"], str(database["PORT"])):
        assert word not in text
    assert json.loads(text)


@pytest.mark.parametrize(
    ("ago", "ok", "state"),
    [
        (timedelta(seconds=40), True, "on time"),
        (health.HEARTBEAT_LIMIT + timedelta(seconds=5), False, "late"),
    ],
)
def test_the_workers_heartbeat(
    client: Client, healthy: None, ago: timedelta, ok: bool, state: str
) -> None:
    ran("heartbeat", ago=ago)
    status, body = readyz(client)
    assert status == (200 if ok else 503)
    worker = body["checks"]["worker"]
    assert (worker["ok"], worker["state"]) == (ok, state)


@pytest.mark.parametrize(
    ("ago", "status_text", "ok", "state"),
    [
        (timedelta(hours=25), "ok", True, "on time"),
        (timedelta(hours=27), "ok", False, "late"),
        (timedelta(hours=1), "failed", False, "failed"),
    ],
)
def test_the_nightly_run(
    client: Client, healthy: None, ago: timedelta, status_text: str, ok: bool, state: str
) -> None:
    ran("nightly", ago=ago, status=status_text)
    status, body = readyz(client)
    assert status == (200 if ok else 503)
    nightly = body["checks"]["nightly"]
    assert (nightly["ok"], nightly["state"]) == (ok, state)
    assert nightly["at"]


@pytest.mark.parametrize(
    ("age", "worker", "nightly"),
    [
        (timedelta(minutes=1), (True, "not yet"), (True, "not yet")),
        (timedelta(hours=1), (False, "never ran"), (True, "not yet")),
        (timedelta(days=2), (False, "never ran"), (False, "never ran")),
    ],
)
def test_a_new_installation_has_time_for_its_first_runs(
    client: Client, db: None, age: timedelta, worker: tuple, nightly: tuple
) -> None:
    TaskRun.objects.all().delete()
    installed(age)
    checks = readyz(client)[1]["checks"]
    assert (checks["worker"]["ok"], checks["worker"]["state"]) == worker
    assert (checks["nightly"]["ok"], checks["nightly"]["state"]) == nightly
