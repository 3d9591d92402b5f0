"""The system account that the servers run under when root starts them."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from kam.embedded.errors import EmbeddedError

SYSTEM_ACCOUNT = "kam-embedded"


@dataclass(frozen=True)
class Account:
    """The system account that the servers run under when root starts them."""

    name: str
    uid: int
    gid: int


def account_for(var: Path) -> Account | None:
    """Whom the servers run as: nobody else unless root starts them."""
    if os.geteuid() != 0:
        return None
    data = var / "postgres"
    try:
        owner = data.stat().st_uid
    except OSError:
        owner = 0
    if owner != 0:
        # Made earlier, perhaps by a plain user: the files stay with whom they belong to.
        try:
            entry = pwd.getpwuid(owner)
        except KeyError:
            return Account(str(owner), owner, data.stat().st_gid)
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    for name in (SYSTEM_ACCOUNT, "postgres"):
        try:
            entry = pwd.getpwnam(name)
            return Account(name, entry.pw_uid, entry.pw_gid)
        except KeyError:
            continue
    creators = (
        ["useradd", "--system", "--no-create-home", "--shell", "/bin/false", SYSTEM_ACCOUNT],
        ["adduser", "-S", "-D", "-H", "-s", "/bin/false", SYSTEM_ACCOUNT],
    )
    for command in creators:
        if shutil.which(command[0]):
            subprocess.run(command, capture_output=True, check=False)
            try:
                entry = pwd.getpwnam(SYSTEM_ACCOUNT)
                return Account(SYSTEM_ACCOUNT, entry.pw_uid, entry.pw_gid)
            except KeyError:
                continue
    raise EmbeddedError(
        "PostgreSQL does not run as root and no system account could be created: "
        "run as another user, or set DATABASE_URL and REDIS_URL."
    )
