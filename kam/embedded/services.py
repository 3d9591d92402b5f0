"""Both servers together: start, stop, and what runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kam.embedded.account import account_for
from kam.embedded.addresses import urls
from kam.embedded.files import give_to_owner_of, locked, var_dir, write_private
from kam.embedded.postgres import Postgres
from kam.embedded.server import Server
from kam.embedded.valkey import Valkey


@dataclass(frozen=True)
class State:
    """What runs, where, and which servers this call started."""

    database_url: str
    redis_url: str
    postgres: bool
    valkey: bool
    started: tuple[str, ...] = ()


def up(var: Path | None = None, only: Sequence[str] | None = None) -> State:
    """Start the servers that do not run (or those named in ``only``). Safe to call again."""
    var = var or var_dir()
    with locked(var):
        account = account_for(var)
        postgres = Postgres(var, account)
        valkey = Valkey(var, account)
        servers: tuple[Server, ...] = (postgres, valkey)
        started = tuple(
            server.name
            for server in servers
            if (only is None or server.name in only) and server.start()
        )
        state = State(postgres.url(), valkey.url(), postgres.running(), valkey.running(), started)
        write_private(
            var / "services.json",
            json.dumps({"database_url": state.database_url, "redis_url": state.redis_url}),
        )
        give_to_owner_of(var, var / "services.json")
        return state


def down(var: Path | None = None, only: Sequence[str] | None = None) -> tuple[str, ...]:
    """Stop the running servers cleanly (or those named in ``only``); return who was stopped."""
    var = var or var_dir()
    if not var.exists():
        return ()
    with locked(var):
        account = account_for(var)
        servers: tuple[Server, ...] = (Valkey(var, account), Postgres(var, account))
        return tuple(
            server.name
            for server in servers
            if (only is None or server.name in only) and server.stop()
        )


def status(var: Path | None = None) -> State:
    """Which servers run at this moment."""
    var = var or var_dir()
    database_url, redis_url = urls(var)
    account = account_for(var) if var.exists() else None
    return State(
        database_url,
        redis_url,
        Postgres(var, account).running(),
        Valkey(var, account).running(),
    )
