"""Why a server cannot start or stop, said to the person at the terminal."""

from __future__ import annotations

import pwd
from pathlib import Path


class EmbeddedError(RuntimeError):
    """A server cannot start or stop; the message is one sentence for the person at the terminal."""


def belongs_to_another(var: Path) -> EmbeddedError:
    """The refusal where the files are some other person's."""
    owner = _name_of(var.stat().st_uid) if var.exists() else "someone else"
    return EmbeddedError(
        f"{var} belongs to {owner}: run this command as {owner} or as root, "
        f"or set DATABASE_URL and REDIS_URL."
    )


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user id {uid}"
