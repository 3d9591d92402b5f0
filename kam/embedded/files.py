"""Where the running product keeps its files, and who may read them."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kam.embedded.errors import belongs_to_another

PROJECT = Path(__file__).resolve().parents[2]


def var_dir() -> Path:
    """The directory of everything that the running product writes: ``KAM_VAR`` or ``var/``."""
    return Path(os.environ.get("KAM_VAR") or PROJECT / "var").absolute()


@contextmanager
def locked(var: Path) -> Iterator[None]:
    """One start or stop at a time per directory."""
    try:
        var.mkdir(parents=True, exist_ok=True)
        handle = os.open(var / "embedded.lock", os.O_CREAT | os.O_RDWR, 0o600)
    except PermissionError:
        raise belongs_to_another(var) from None
    try:
        give_to_owner_of(var, var / "embedded.lock")
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def write_private(path: Path, text: str) -> None:
    """Replace a file as a whole, readable by its owner alone."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    Path(name).replace(path)


def give_to_owner_of(var: Path, path: Path) -> None:
    """A file that root writes in a plain user's directory is for that user to read."""
    if os.geteuid() == 0:
        owner = var.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def open_to_all(tree: Path) -> None:
    """Lets everybody read a tree of programs and run them."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o444))
            if path.parent.name == "bin":
                path.chmod(0o755)
