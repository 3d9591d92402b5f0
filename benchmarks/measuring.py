"""Measuring: a real web server over HTTP, queries in the process, memory of commands."""

import gzip
import http.client
import os
import re
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

PROJECT = Path(__file__).resolve().parent.parent
WARM_UP = 3
TIMES = 15


@dataclass(frozen=True, slots=True)
class Answer:
    """``milliseconds``: the median; ``least``: the quickest of several, as on an idle machine."""

    status: int
    body: bytes
    milliseconds: float
    least: float = 0


@contextmanager
def web_server() -> Iterator[int]:
    """The project behind gunicorn, one process with threads; gives its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *(sys.executable, "-m", "gunicorn", "kam.wsgi", "--bind", f"127.0.0.1:{port}"),
        *("--workers", "1", "--threads", "4", "--timeout", "120", "--log-level", "error"),
        *("--keep-alive", "60"),
    ]
    server = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait_for(port: int) -> None:
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        try:
            if Visitor(port).get("/healthz").status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("The web server does not answer.")


class Visitor:
    """One person's browser: a connection that stays open."""

    def __init__(self, port: int, headers: Mapping[str, str] | None = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = dict(headers or {})

    def get(self, url: str, **headers: str) -> Answer:
        began = time.perf_counter()
        self._connection.request("GET", url, headers={**self._headers, **headers})
        response = self._connection.getresponse()
        body = response.read()
        return Answer(response.status, body, (time.perf_counter() - began) * 1000)

    def median(self, url: str) -> Answer:
        """The last answer, with the median time of several after a warm-up."""
        for _ in range(WARM_UP):
            answer = self.get(url)
            if answer.status != 200:
                return answer
        answers = [self.get(url) for _ in range(TIMES)]
        times = [answer.milliseconds for answer in answers]
        return Answer(answers[-1].status, answers[-1].body, statistics.median(times), min(times))


def weights(visitor: Visitor, url: str) -> tuple[int, int]:
    """Bytes of a page, raw and compressed."""
    raw = visitor.get(url, **{"Accept-Encoding": "identity"}).body
    packed = visitor.get(url, **{"Accept-Encoding": "gzip"}).body
    if packed[:2] != b"\x1f\x8b":
        packed = gzip.compress(packed)
    return len(raw), len(packed)


def assets_weight(visitor: Visitor, url: str) -> int:
    """Compressed bytes of all CSS and JavaScript that a page names."""
    html = visitor.get(url, **{"Accept-Encoding": "identity"}).body.decode()
    named = set(re.findall(r'(?:src|href)="(/static/[^"]+\.(?:css|js))"', html))
    return sum(len(visitor.get(name, **{"Accept-Encoding": "gzip"}).body) for name in named)


def queries(client: Client, url: str, headers: Mapping[str, str]) -> list[str]:
    """The queries of one request, after one that filled the caches."""
    client.get(url, headers=dict(headers))
    with CaptureQueriesContext(connection) as captured:
        client.get(url, headers=dict(headers))
    return [query["sql"] for query in captured.captured_queries]


def sql_median(statement: str) -> float:
    """Milliseconds of a bare statement with all its rows fetched."""
    times = []
    with connection.cursor() as cursor:
        for _ in range(WARM_UP + TIMES):
            began = time.perf_counter()
            cursor.execute(statement)
            cursor.fetchall()
            times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times[WARM_UP:])


def command(*arguments: str) -> tuple[float, int, int]:
    """Runs a management command; gives seconds, peak memory in MB, and its exit code."""
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "manage.py", *arguments], cwd=PROJECT, stdout=subprocess.DEVNULL
    )
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return time.monotonic() - began, usage.ru_maxrss // 1024, process.returncode


def shortened(statements: Sequence[str], length: int = 160) -> list[str]:
    return [re.sub(r"\s+", " ", statement)[:length] for statement in statements]
