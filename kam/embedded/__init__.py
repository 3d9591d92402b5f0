"""PostgreSQL and Valkey from Python wheels, for machines that bring neither.

Both servers keep their files under ``var/`` beside ``manage.py``, listen on a loopback port with
a random password, and outlive the command that started them. Nothing here needs Django::

    python -m kam.embedded up       start what is not running; print both addresses
    python -m kam.embedded status   say what is running (exit code 3 when something is not)
    python -m kam.embedded urls     print both addresses as shell assignments, start nothing
    python -m kam.embedded down     stop both; the data stays
    python -m kam.embedded run      up, wait for Ctrl-C, down

PostgreSQL refuses to run as root. Started by root, both servers therefore run under a system
account, and where that account cannot reach the project (``/root/kam``, say) their files move to
``/var/lib/kam-embedded`` and ``var/postgres`` and ``var/valkey`` become links.
"""

from __future__ import annotations

from kam.embedded.addresses import urls
from kam.embedded.errors import EmbeddedError
from kam.embedded.files import PROJECT, var_dir
from kam.embedded.services import State, down, status, up

__all__ = ["PROJECT", "EmbeddedError", "State", "down", "status", "up", "urls", "var_dir"]
