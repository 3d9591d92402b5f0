"""The command line; ``kam.embedded`` says what each word does."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence

from kam import embedded


def _run_until_stopped() -> None:
    stopping: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _frame: stopping.append(received))
    state = embedded.up()
    _print_urls(state.database_url, state.redis_url)
    try:
        while not stopping:
            time.sleep(0.2)
    finally:
        embedded.down()


def _print_urls(database_url: str, redis_url: str) -> None:
    print(f"DATABASE_URL={database_url}")
    print(f"REDIS_URL={redis_url}", flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m kam.embedded", description=(embedded.__doc__ or "").splitlines()[0]
    )
    parser.add_argument("command", choices=["up", "down", "status", "urls", "run"])
    command = parser.parse_args(argv).command
    try:
        if command == "up":
            state = embedded.up()
            _print_urls(state.database_url, state.redis_url)
        elif command == "down":
            stopped = embedded.down()
            print(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")
        elif command == "urls":
            _print_urls(*embedded.urls())
        elif command == "run":
            _run_until_stopped()
        else:
            state = embedded.status()
            for name, running in (("postgres", state.postgres), ("valkey", state.valkey)):
                print(
                    f"{name}: {'running' if running else 'stopped'} ({embedded.var_dir() / name})"
                )
            return 0 if state.postgres and state.valkey else 3
    except embedded.EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
