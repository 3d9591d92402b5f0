"""`make run` as a person meets it: everything comes up, and goes down again with nothing left."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from kam import embedded, running


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def place() -> Iterator[Path]:
    """Where everything that this run writes lies; removed afterwards."""
    var = Path(tempfile.mkdtemp(prefix="kam-running-"))
    var.chmod(0o755)
    yield var
    embedded.down(var)
    shutil.rmtree(var, ignore_errors=True)


def environment(place: Path, **more: str) -> dict[str, str]:
    own = {"DATABASE_URL", "REDIS_URL", "KAM_SECRET_KEY", "DJANGO_SETTINGS_MODULE"}
    kept = {key: value for key, value in os.environ.items() if key not in own}
    return {**kept, "KAM_VAR": str(place), **more}


def start(place: Path, port: int, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "kam.running", "--port", str(port), "--demo", "0"],
        cwd=embedded.PROJECT,
        env=environment(place, **more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if words in line:
            return seen
    raise AssertionError(f"{words!r} was never printed:\n{seen}")


def status_of(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def left_over(place: Path) -> list[str]:
    """Processes of this run that still live."""
    found = []
    for process in psutil.process_iter():
        try:
            command = " ".join(process.cmdline())
            of_this_run = process.environ().get("KAM_VAR") == str(place)
        except psutil.Error:
            continue
        if of_this_run or str(place) in command:
            found.append(command)
    return found


@pytest.mark.worker
def test_from_nothing_to_ready_stop_and_again(place: Path) -> None:
    port = free_port()
    with start(place, port) as process:
        text, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    assert text.strip().splitlines()[-2:] == [
        "PostgreSQL and Valkey are stopped; the data stays in var/.",
        "There is no terminal to ask on: set KAM_ADMIN_EMAIL and KAM_ADMIN_PASSWORD.",
    ]
    assert left_over(place) == []

    administrator = {
        "KAM_ADMIN_EMAIL": "first@example.com",
        "KAM_ADMIN_PASSWORD": "a-long-enough-word-9",
    }
    with start(place, port, **administrator) as process:
        text = read_until(process, "Ctrl-C stops everything")
        assert f"http://localhost:{port}/" in text
        assert "first@example.com may sign in as administrator" in text
        assert "keyaccount" not in text  # no demo, no public password
        assert status_of(port, "/healthz") == 200
        assert status_of(port, "/readyz") == 200
        assert status_of(port, "/") == 200  # the sign-in page
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read() if process.stdout else ""
        assert process.wait(60) == 0, rest
    assert "PostgreSQL and Valkey are stopped" in rest
    assert left_over(place) == []

    began = time.monotonic()
    with start(place, port) as process:
        # Without KAM_ADMIN_*: it would fail here if the administrator were gone.
        text = read_until(process, "Ctrl-C stops everything")
        assert time.monotonic() - began < 20  # under 10 s on a machine with nothing else to do
        assert "Preparing the static files" not in text
        os.kill(process.pid, signal.SIGHUP)  # a closed terminal
        process.communicate(timeout=60)
    assert left_over(place) == []


def test_a_taken_port_is_said_in_one_line_before_anything_starts(place: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with start(place, port) as process:
            text, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert text.splitlines() == [
        f"Port {port} on 127.0.0.1 cannot be used (Address already in use): "
        f"choose another one with `make run PORT={port + 1}`."
    ]
    assert not (place / "postgres").exists()


def test_servers_of_the_environment_are_used_and_left_alone(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAM_VAR", str(place))
    monkeypatch.setenv("DATABASE_URL", "postgres://somewhere/else")
    monkeypatch.setenv("REDIS_URL", "redis://somewhere/0")
    with running.services():
        assert os.environ["DATABASE_URL"] == "postgres://somewhere/else"
    assert list(place.iterdir()) == []

    monkeypatch.delenv("REDIS_URL")
    with running.services():
        state = embedded.status()
        assert (state.postgres, state.valkey) == (False, True)
        assert os.environ["REDIS_URL"] == state.redis_url
    assert embedded.status().valkey is False


def test_the_key_of_an_installation_is_made_once_and_private(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAM_VAR", str(place))
    key = running.secret_key()
    assert len(key) >= 50
    assert running.secret_key() == key
    assert (place / "secret_key").stat().st_mode & 0o077 == 0
