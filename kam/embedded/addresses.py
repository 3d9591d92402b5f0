"""Ports of this clone, and the addresses of both servers."""

from __future__ import annotations

import json
import socket
import zlib
from pathlib import Path

from kam.embedded.errors import EmbeddedError
from kam.embedded.files import var_dir


def urls(var: Path | None = None) -> tuple[str, str]:
    """``(database_url, redis_url)`` of the embedded servers, running or not.

    Reads one small file and starts nothing. Before the first start, it answers with the ports the
    servers would try first, so that a connection is refused rather than the caller failing here.
    """
    var = var or var_dir()
    try:
        saved = json.loads((var / "services.json").read_text())
        return saved["database_url"], saved["redis_url"]
    except (OSError, ValueError, KeyError, TypeError):
        port = first_choice_of_port(var)
        return database_url(port, None), redis_url(port + 1, None)


def database_url(port: int, password: str | None) -> str:
    return f"postgres://kam{':' + password if password else ''}@127.0.0.1:{port}/kam"


def redis_url(port: int, password: str | None) -> str:
    return f"redis://{':' + password + '@' if password else ''}127.0.0.1:{port}/0"


def first_choice_of_port(var: Path) -> int:
    """A port that differs between clones and lies below the ports that systems hand out."""
    return 20_000 + 2 * (zlib.crc32(str(var).encode()) % 6_000)


def free_port(wanted: int) -> int:
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EmbeddedError("No port is free on 127.0.0.1.")
