"""Everything under one command, for `make run`: servers, database, web, worker and beat.

    python -m kam.running --port 8000 --demo 1

With ``DATABASE_URL`` or ``REDIS_URL`` in the environment it uses those and starts no server of
its own in their place. What it started, it stops on Ctrl-C; the data stays.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import secrets
import shlex
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from django.core.management.base import CommandError

from kam import embedded

DEMO_PEOPLE = ("admin", "management", "leader", "kam", "contributor")
DEMO_PASSWORD = "keyaccount"  # noqa: S105  (public: demo installations only)
SERVERS = {"postgres": "DATABASE_URL", "valkey": "REDIS_URL"}


class CannotRunError(RuntimeError):
    """Something is in the way; the message is one sentence for the person at the terminal."""


def say(sentence: str) -> None:
    print(sentence, flush=True)


def refuse_taken_port(host: str, port: int) -> None:
    """Raise CannotRunError when another program listens where the web server should."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise CannotRunError(
                f"Port {port} needs root: choose one above 1024, PORT=8000."
            ) from error
        except OSError as error:
            raise CannotRunError(
                f"Port {port} on {host} cannot be used ({error.strerror}): "
                f"choose another one with `make run PORT={port + 1}`."
            ) from error


@contextmanager
def services() -> Iterator[None]:
    """Addresses in the environment; embedded servers for those that it does not name."""
    missing = [name for name, variable in SERVERS.items() if not os.environ.get(variable)]
    if not missing:
        yield
        return
    say("Starting PostgreSQL and Valkey …" if len(missing) == 2 else f"Starting {missing[0]} …")
    state = embedded.up(only=missing)
    for name, url in (("postgres", state.database_url), ("valkey", state.redis_url)):
        if name in missing:
            os.environ[SERVERS[name]] = url
    try:
        yield
    finally:
        # A second Ctrl-C must not leave a server half stopped.
        with _signals_ignored():
            if state.started:
                embedded.down(only=state.started)
                say("PostgreSQL and Valkey are stopped; the data stays in var/.")


@contextmanager
def _signals_ignored() -> Iterator[None]:
    before = {
        number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def secret_key() -> str:
    """This installation's own key, made once."""
    path = embedded.var_dir() / "secret_key"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(64))
    return path.read_text().strip()


def prepare(*, demo: bool) -> bool:
    """Database, static files, and either the demo company or a first administrator.

    Returns whether the demo people may sign in.
    """
    import django
    from django.contrib.auth import get_user_model
    from django.core.management import call_command, get_commands
    from django.db import connections

    django.setup()
    call_command("compile_catalogues", verbosity=0)
    say("Preparing the database …")
    call_command("migrate", interactive=False, verbosity=0)
    if not demo:
        call_command("create_administrator", if_none=True)
    elif "demo" in get_commands():
        call_command("demo", if_empty=True)
    people = get_user_model().objects.filter(email=f"{DEMO_PEOPLE[0]}@example.com")
    has_demo_people = demo and people.exists()
    collect_static_files()
    connections.close_all()
    return has_demo_people


def collect_static_files() -> None:
    """Hash and compress the static files, if any has changed since the last time."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    now = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            file = Path(storage.path(name)).stat()
            now.update(f"{name} {file.st_size} {file.st_mtime_ns}\n".encode())
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    if stamp.exists() and stamp.read_text() == now.hexdigest():
        return
    say("Preparing the static files …")
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(now.hexdigest())


def commands(host: str, port: int) -> dict[str, list[str]]:
    """The processes by name."""
    python = sys.executable
    processors = os.cpu_count() or 2
    workers = max(2, min(4, processors))
    return {
        "web": [
            *(python, "-m", "gunicorn", "kam.wsgi", "--bind", f"{host}:{port}"),
            *("--workers", str(workers), "--threads", "4", "--timeout", "120"),
            *("--graceful-timeout", "3", "--keep-alive", "30"),
            *("--max-requests", "10000", "--max-requests-jitter", "1000", "--log-level", "warning"),
        ],
        "worker": [
            # Root is expected here and the tasks are JSON, which is what the warning is about.
            *(python, "-W", "ignore:You're running the worker with superuser"),
            *("-m", "celery", "-A", "kam", "--quiet", "worker", "--loglevel", "WARNING"),
            *("--concurrency", str(min(2, processors)), "--without-gossip", "--without-mingle"),
        ],
        "beat": [
            *(python, "-m", "celery", "-A", "kam", "--quiet", "beat", "--loglevel", "WARNING"),
            *("--pidfile", ""),
        ],
    }


def announce(host: str, port: int, demo: bool, began: float) -> None:
    """Wait until the web server answers, then print the address and the sign-ins."""
    here = "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104
    give_up = time.monotonic() + 120
    while time.monotonic() < give_up:
        try:
            with urllib.request.urlopen(f"http://{here}:{port}/healthz", timeout=2):
                break
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
    else:
        return
    name = "localhost" if here == "127.0.0.1" else here
    lines = ["", f"  KAM runs at http://{name}:{port}/   (after {time.monotonic() - began:.1f} s)"]
    if demo:
        lines.append(f"  Sign in, with the password {DEMO_PASSWORD}, as")
        lines += [f"    {person}@example.com" for person in DEMO_PEOPLE]
    lines += ["  Ctrl-C stops everything; the data stays in var/.", ""]
    say("\n".join(lines))


def run_processes(host: str, port: int, demo: bool, began: float) -> int:
    """Run web, worker and beat until one ends or a signal comes; return the exit code."""
    from honcho.manager import Manager

    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    manager = Manager()
    for name, command in commands(host, port).items():
        # `exec`: the signal reaches the program itself and not a shell before it.
        manager.add_process(
            name, f"exec {shlex.join(command)}", env=environment, cwd=str(embedded.PROJECT)
        )
    # Honcho takes SIGINT and SIGTERM; a closed terminal stops everything just as well.
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    threading.Thread(target=announce, args=(host, port, demo, began), daemon=True).start()
    try:
        manager.loop()
    finally:
        # Also when the loop itself failed, because nobody reads its output any more, say.
        end_children()
    asked = {128 + signal.SIGINT, 128 + signal.SIGTERM}
    return 0 if manager.returncode in asked else (manager.returncode or 1)


def end_children(patience: float = 10) -> None:
    """Stop every process below this one: first asked, then, after ``patience`` seconds, killed."""
    import psutil

    children = psutil.Process().children(recursive=True)
    for signal_name in ("terminate", "kill"):
        for child in children:
            with suppress(psutil.NoSuchProcess):
                getattr(child, signal_name)()
        _gone, children = psutil.wait_procs(children, timeout=patience)


def _stop(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def run(host: str, port: int, *, demo: bool) -> int:
    """Start everything, stay, stop everything; return the exit code."""
    began = time.monotonic()
    refuse_taken_port(host, port)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGHUP, _stop)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kam.settings.development")
    os.environ.setdefault("KAM_SECRET_KEY", secret_key())
    os.environ.setdefault("KAM_DEMO", "1" if demo else "0")
    os.environ.setdefault("KAM_SITE_URL", f"http://localhost:{port}")
    with services():
        has_demo_people = prepare(demo=demo)
        return run_processes(host, port, has_demo_people, began)


def reload_demo() -> int:
    """Load the demo company afresh (`make demo`)."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kam.settings.development")
    os.environ.setdefault("KAM_SECRET_KEY", secret_key())
    os.environ["KAM_DEMO"] = "1"
    with services():
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
        call_command("demo", reset=True)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m kam.running", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--demo", choices=["0", "1"], default="1")
    parser.add_argument("--demo-only", action="store_true", help="load the demo company afresh")
    options = parser.parse_args(argv)
    os.chdir(Path(embedded.PROJECT))
    try:
        if options.demo_only:
            return reload_demo()
        return run(options.host, options.port, demo=options.demo == "1")
    except (CannotRunError, CommandError, embedded.EmbeddedError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
