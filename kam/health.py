"""Whether this process lives (``/healthz``) and whether the whole installation works (``/readyz``).

Answered before every other middleware: a probe comes by IP address, without a session, and must
get its answer while the database is away. The answers name parts and states, never addresses,
versions or error texts.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils import timezone

from kam.models import TaskRun

logger = logging.getLogger(__name__)

#: A worker writes its heartbeat every 30 seconds.
HEARTBEAT_LIMIT = timedelta(minutes=3)
#: A night's run that is this old has been missed.
NIGHTLY_LIMIT = timedelta(hours=26)
#: How long a new installation may take until its first heartbeat and its first night.
FIRST_HEARTBEAT_LIMIT = timedelta(minutes=10)
FIRST_NIGHTLY_LIMIT = timedelta(hours=26)
BROKER_SECONDS = 2


@dataclass(frozen=True)
class Check:
    """One part's state, in one word or a few, and since when where that is known."""

    ok: bool
    state: str
    at: datetime | None = None

    def as_json(self) -> dict[str, object]:
        answer: dict[str, object] = {"ok": self.ok, "state": self.state}
        if self.at is not None:
            answer["at"] = self.at.isoformat(timespec="seconds")
        return answer


class HealthMiddleware:
    """Answers the two addresses; everything else passes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info == "/healthz":
            return self._answer(request, {"status": "ok"}, 200)
        if request.path_info == "/readyz":
            checks = readiness(timezone.now())
            ready = all(check.ok for check in checks.values())
            body: dict[str, object] = {
                "status": "ok" if ready else "failing",
                "checks": {name: check.as_json() for name, check in checks.items()},
            }
            return self._answer(request, body, 200 if ready else 503)
        return self.get_response(request)

    def _answer(self, request: HttpRequest, body: dict[str, object], status: int) -> JsonResponse:
        if request.method not in {"GET", "HEAD"}:
            body, status = {"status": "only GET and HEAD are answered here"}, 405
        response = JsonResponse(body, status=status)
        response["Cache-Control"] = "no-store"
        if status == 405:
            response["Allow"] = "GET, HEAD"
        if status == 503:
            response["Retry-After"] = "10"
        return response


def readiness(now: datetime) -> dict[str, Check]:
    """Each part by name. Database checks that cannot be made count as failing."""
    unknown = Check(False, "unknown")
    checks = {
        "database": unknown,
        "migrations": unknown,
        "broker": broker(),
        "worker": unknown,
        "nightly": unknown,
    }
    try:
        # Not inside anybody's transaction, and never slower than a probe's patience.
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        checks["database"] = Check(True, "answers")
        applied = MigrationRecorder(connection).applied_migrations()
        checks["migrations"] = migrations(set(applied))
        if checks["migrations"].ok:
            installed_at = min(record.applied for record in applied.values())
            checks["worker"] = worker(now, installed_at)
            checks["nightly"] = nightly(now, installed_at)
    except DatabaseError:
        logger.exception("The readiness check could not ask the database")
        connection.close()
        if checks["database"].ok:
            checks["database"] = Check(False, "fails on queries")
        else:
            checks["database"] = Check(False, "does not answer")
    return checks


@lru_cache(maxsize=1)
def _migrations_of_this_code() -> frozenset[tuple[str, str]]:
    loader = MigrationLoader(None)
    return frozenset(loader.graph.nodes)


def migrations(applied: set[tuple[str, str]]) -> Check:
    """Whether the database knows every migration that this code has."""
    missing = _migrations_of_this_code() - applied
    return Check(False, f"{len(missing)} not applied") if missing else Check(True, "applied")


def broker() -> Check:
    """Whether the server that carries background work answers."""
    try:
        with redis.Redis.from_url(
            settings.CELERY_BROKER_URL,
            socket_timeout=BROKER_SECONDS,
            socket_connect_timeout=BROKER_SECONDS,
        ) as client:
            client.ping()
    except (redis.RedisError, OSError):
        logger.warning("The readiness check could not reach the broker", exc_info=True)
        return Check(False, "does not answer")
    return Check(True, "answers")


def worker(now: datetime, installed_at: datetime) -> Check:
    """Whether beat, broker and a worker together have brought a task through lately."""
    return _fresh("heartbeat", now, installed_at, HEARTBEAT_LIMIT, FIRST_HEARTBEAT_LIMIT)


def nightly(now: datetime, installed_at: datetime) -> Check:
    """Whether the last nightly run ended well, and lately."""
    return _fresh("nightly", now, installed_at, NIGHTLY_LIMIT, FIRST_NIGHTLY_LIMIT)


def _fresh(
    name: str, now: datetime, installed_at: datetime, limit: timedelta, first: timedelta
) -> Check:
    run = TaskRun.objects.filter(name=name).first()
    if run is not None and run.status == "failed":
        return Check(False, "failed", run.finished_at or run.started_at)
    if run is None or run.finished_at is None:
        waiting = now - installed_at <= first
        return Check(
            waiting, "not yet" if waiting else "never ran", run.started_at if run else None
        )
    on_time = now - run.finished_at <= limit
    return Check(on_time, "on time" if on_time else "late", run.finished_at)
