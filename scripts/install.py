"""Make the virtual environment and install exactly what the lock file names.

    python3 scripts/install.py base|dev

A second call does nothing (0.05 s) until the lock file changes. Standard library only.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036  (the very line that says so to an older Python)
    sys.exit(
        "KAM needs Python 3.11 or newer and this is %d.%d: install one, or name it by "  # noqa: UP031
        "`make run PYTHON=/path/to/python3.11`." % sys.version_info[:2]
    )

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from scripts.machine import PROJECT, apt_install, exit_with, provide_pdf_libraries, say

VENV = Path(os.environ.get("KAM_VENV") or PROJECT / ".venv")
PYTHON = VENV / "bin" / "python"


def lock_file(kind):
    return PROJECT / "requirements" / f"{kind}.txt"


def fingerprint(kind):
    """What an installation depends on: the locked packages and the interpreter."""
    return f"{hashlib.sha256(lock_file(kind).read_bytes()).hexdigest()} {VENV}"


def stamp(kind):
    return VENV / f".installed-{kind}"


def is_installed(kind):
    # The development lock holds every package of the base lock at the same version.
    kinds = ("base", "dev") if kind == "base" else ("dev",)
    if not runs():
        return False
    return any(
        stamp(each).exists() and stamp(each).read_text() == fingerprint(each) for each in kinds
    )


def runs():
    """Whether the environment's Python is there, new enough and has pip."""
    command = [PYTHON, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def make_venv():
    say(f"Making the virtual environment in {VENV} …")
    if create_venv():
        return
    package = "python%d.%d-venv" % sys.version_info[:2]  # noqa: UP031
    if apt_install([package]) and create_venv():
        return
    shutil.rmtree(VENV, ignore_errors=True)
    exit_with(
        f"This Python cannot make virtual environments: install its package "
        f"(Debian and Ubuntu: `apt-get install {package}`) and run the command again."
    )


def create_venv():
    shutil.rmtree(VENV, ignore_errors=True)
    done = subprocess.run(
        [sys.executable, "-m", "venv", VENV], capture_output=True, text=True, check=False
    )
    return done.returncode == 0 and runs() and has_pip()


def has_pip():
    command = [PYTHON, "-m", "pip", "--version"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def install_packages(kind):
    count = sum("==" in line for line in lock_file(kind).read_text().splitlines())
    say(f"Installing {count} locked packages (this takes a minute or two) …")
    command = [PYTHON, "-m", "pip", "install", "--require-hashes", "--quiet", "--no-input"]
    command += ["--disable-pip-version-check", "--prefer-binary", "-r", lock_file(kind)]
    if subprocess.run(command, check=False).returncode != 0:
        exit_with(
            "The packages could not be installed: the lines above say which one and why. "
            "Without a connection to a package index, set PIP_INDEX_URL or PIP_FIND_LINKS."
        )


def install(kind):
    if not is_installed(kind):
        if not runs():
            make_venv()
        elif not has_pip():
            # An environment made by another tool.
            subprocess.run([PYTHON, "-m", "ensurepip"], capture_output=True, check=False)
            if not has_pip():
                make_venv()
        install_packages(kind)
        stamp(kind).write_text(fingerprint(kind))
    works = VENV / ".pdf-works"
    if not works.exists() and provide_pdf_libraries(str(PYTHON)):
        works.touch()


if __name__ == "__main__":
    if sys.argv[1:] not in (["base"], ["dev"]):
        sys.exit("Say which: python3 scripts/install.py base|dev")
    install(sys.argv[1])
