"""A server: its home, its log, and the programs that are run as its account."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kam.embedded.account import Account
from kam.embedded.errors import EmbeddedError, belongs_to_another
from kam.embedded.files import write_private

REACHABLE_PLACES = (Path("/var/lib"), Path("/var/tmp"))
START_SECONDS = 300  # crash recovery of a large database takes its time
STOP_SECONDS = 60
LOG_LIMIT_BYTES = 10_000_000


class Server:
    """What both servers share: a home under ``var/`` that their account can reach."""

    name: str

    def __init__(self, var: Path, account: Account | None) -> None:
        self.var = var
        self.account = account

    @property
    def home(self) -> Path:
        return (self.var / self.name).resolve()

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    def start(self) -> bool:
        raise NotImplementedError

    def stop(self) -> bool:
        raise NotImplementedError

    def run(self, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        """Run a short command as the servers' account, from a directory that all may enter."""
        # Output goes to a file: a server that inherits a pipe would keep it open for ever.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env={"PATH": os.environ.get("PATH", os.defpath), "TZ": "UTC"},
                check=False,
                text=True,
                **self._identity(),
            )
            output.seek(0)
            done.stdout = output.read()
            return done

    def _identity(self) -> dict[str, Any]:
        if self.account is None:
            return {}
        return {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}

    def can_run(self, program: Path) -> bool:
        """Whether the servers' account reaches this program, and the machine can run it."""
        try:
            return self.run([program, "--version"]).returncode == 0
        except OSError:
            return False

    def prepare_home(self) -> None:
        """Create the home, readable by nobody else; move it where the account can reach it."""
        home = self.home
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.account is None:
            if home.stat().st_uid != os.geteuid():
                raise belongs_to_another(self.var)
            return
        self.var.chmod(self.var.stat().st_mode | 0o711)
        os.chown(home, self.account.uid, self.account.gid)
        if not self._reaches(home):
            self._move_home(home, self.account)

    def _reaches(self, path: Path) -> bool:
        return self.run(["/bin/sh", "-c", 'cd "$0"', path]).returncode == 0

    def _move_home(self, home: Path, account: Account) -> None:
        link = self.var / self.name
        for place in REACHABLE_PLACES:
            target = place / "kam-embedded" / f"{self.name}-{secrets.token_hex(4)}"
            try:
                target.parent.mkdir(mode=0o711, exist_ok=True)
            except OSError:
                continue
            if not self._reaches(target.parent):
                continue
            shutil.move(home, target)
            if link.is_symlink():
                link.unlink()
            link.symlink_to(target)
            return
        raise EmbeddedError(
            f"The account {account.name}, which runs the servers for root, cannot reach "
            f"{home}: move the project to a directory that others may enter, such as /srv."
        )

    def write(self, path: Path, text: str) -> None:
        """Write a file that only the servers' account (and root) can read."""
        write_private(path, text)
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid)

    def read(self, path: Path) -> str:
        try:
            return path.read_text()
        except FileNotFoundError:
            return ""
        except PermissionError:
            raise belongs_to_another(self.var) from None

    def rotate_log(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))

    def log_tail(self, lines: int = 6) -> str:
        return "\n".join(self.read(self.log).splitlines()[-lines:])


def package_of(name: str) -> Path:
    """Where a package of binaries lies, without running its import."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            f"The package {name} is not installed: run `make install`, "
            f"or set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return Path(spec.origin).parent
