"""The embedded servers, really started, in directories of their own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest
import redis

from kam import embedded


def remove(var: Path) -> None:
    """Stop what runs there and remove it, also what was moved to where its account can reach."""
    embedded.down(var)
    for link in var.iterdir() if var.exists() else ():
        if link.is_symlink():
            shutil.rmtree(link.resolve())
    shutil.rmtree(var, ignore_errors=True)


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    """A place that every account may enter, with both servers running."""
    place = Path(tempfile.mkdtemp(prefix="kam-embedded-"))
    place.chmod(0o755)
    embedded.up(place)
    yield place
    remove(place)


@pytest.fixture
def running(var: Path) -> embedded.State:
    return embedded.up(var)


def query(url: str, sql: str) -> tuple[object, ...]:
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone() or ()


def execute(url: str, sql: str) -> None:
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(sql)


def kill_at_once(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)


def postmaster(var: Path) -> int:
    return int((var / "postgres/data/postmaster.pid").read_text().splitlines()[0])


def test_addresses_before_the_first_start_are_known_and_nothing_is_written(tmp_path: Path) -> None:
    nowhere = tmp_path / "var"
    database_url, redis_url = embedded.urls(nowhere)
    assert database_url.startswith("postgres://kam@127.0.0.1:")
    assert redis_url.startswith("redis://127.0.0.1:")
    assert not nowhere.exists()
    assert embedded.down(nowhere) == ()


def test_a_second_start_changes_nothing(var: Path, running: embedded.State) -> None:
    before = postmaster(var)
    again = embedded.up(var)
    assert again.started == ()
    assert (again.database_url, again.redis_url) == embedded.urls(var)
    assert postmaster(var) == before


def test_postgres_knows_letters_of_all_alphabets(running: embedded.State) -> None:
    execute(running.database_url, "CREATE EXTENSION IF NOT EXISTS pg_trgm")
    assert query(running.database_url, "SELECT upper('æøåäöé'), lower('ÆØÅÄÖÉ')") == (
        "ÆØÅÄÖÉ",
        "æøåäöé",
    )
    # Letters that PostgreSQL takes for signs give no trigrams.
    provider = "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'kam'"
    assert query(running.database_url, provider) == ("b", "C.UTF-8")
    trigrams = query(
        running.database_url, "SELECT cardinality(show_trgm('客户')), cardinality(show_trgm('øå'))"
    )
    assert trigrams == (3, 3)


def test_postgres_is_set_for_this_product(running: embedded.State) -> None:
    names = ("TimeZone", "jit", "random_page_cost", "work_mem", "listen_addresses", "fsync")
    values = query(
        running.database_url, "SELECT " + ", ".join(f"current_setting('{n}')" for n in names)
    )
    assert values == ("UTC", "off", "1.1", "16MB", "127.0.0.1", "on")


def test_postgres_asks_for_the_password(running: embedded.State) -> None:
    wrong = running.database_url.replace("kam:", "kam:wrong")
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(wrong)


def test_valkey_keeps_everything_and_evicts_nothing(running: embedded.State) -> None:
    with redis.Redis.from_url(running.redis_url) as client:
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    with (
        redis.Redis.from_url(running.redis_url.replace("redis://:", "redis://:wrong")) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()


def test_addresses_with_passwords_are_private(var: Path, running: embedded.State) -> None:
    for file in ("services.json", "postgres/password", "valkey/valkey.conf"):
        assert (var / file).stat().st_mode & 0o077 == 0


def test_data_stay_over_a_clean_stop(var: Path, running: embedded.State) -> None:
    execute(running.database_url, "CREATE TABLE kept AS SELECT 1 AS one")
    with redis.Redis.from_url(running.redis_url) as client:
        client.set("kept", "yes")
    assert set(embedded.down(var)) == {"postgres", "valkey"}
    stopped = embedded.status(var)
    assert (stopped.postgres, stopped.valkey) == (False, False)
    log = (var / "postgres/server.log").read_text()
    assert "database system is shut down" in log

    again = embedded.up(var)
    assert again.database_url == running.database_url
    assert query(again.database_url, "SELECT one FROM kept") == (1,)
    with redis.Redis.from_url(again.redis_url, decode_responses=True) as client:
        assert client.get("kept") == "yes"


def test_killed_servers_come_up_again(var: Path, running: embedded.State) -> None:
    execute(running.database_url, "CREATE TABLE committed AS SELECT 1 AS one")
    kill_at_once(postmaster(var))
    kill_at_once(int((var / "valkey/server.pid").read_text()))
    assert set(embedded.up(var).started) == {"postgres", "valkey"}
    assert query(running.database_url, "SELECT one FROM committed") == (1,)


def test_the_pid_file_of_a_killed_server_may_name_another_program(
    var: Path, running: embedded.State, tmp_path: Path
) -> None:
    # Another PostgreSQL of this machine, as far as its name tells.
    namesake = shutil.copy(shutil.which("sleep") or "", tmp_path / "postgres")
    kill_at_once(postmaster(var))
    pid_file = var / "postgres/data/postmaster.pid"
    lines = pid_file.read_text().splitlines()
    with subprocess.Popen([namesake, "60"], cwd="/") as other:
        pid_file.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
        assert embedded.status(var).postgres is False
        assert embedded.up(var).started == ("postgres",)
        assert other.poll() is None
        other.kill()


def test_a_port_taken_meanwhile_is_changed_for_another(var: Path, running: embedded.State) -> None:
    embedded.down(var)
    port = int(running.database_url.rsplit(":", 1)[1].split("/")[0])
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        moved = embedded.up(var)
    assert f":{port}/" not in moved.database_url
    assert query(moved.database_url, "SELECT 1") == (1,)


def test_a_lost_address_file_is_written_anew(var: Path, running: embedded.State) -> None:
    (var / "services.json").unlink()
    assert embedded.up(var).database_url == running.database_url
    assert embedded.urls(var) == (running.database_url, running.redis_url)


def test_one_server_alone(var: Path, running: embedded.State) -> None:
    assert embedded.down(var, only=["valkey"]) == ("valkey",)
    state = embedded.up(var, only=["postgres"])
    assert (state.postgres, state.valkey) == (True, False)


def test_a_data_directory_of_another_release_is_refused_in_words(
    var: Path, running: embedded.State
) -> None:
    embedded.down(var)
    version = var / "postgres/data/PG_VERSION"
    have = version.read_text()
    version.write_text("12\n")
    try:
        with pytest.raises(embedded.EmbeddedError, match="made by PostgreSQL 12"):
            embedded.up(var)
    finally:
        version.write_text(have)


def test_a_deep_and_closed_directory_works_too(tmp_path: Path) -> None:
    # Longer than a socket's address may be; and pytest's directories let nobody else in.
    place = tmp_path / ("deep-and-wide " * 9) / "var"
    try:
        state = embedded.up(place)
        assert query(state.database_url, "SELECT 1") == (1,)
        assert embedded.status(place).valkey
    finally:
        remove(place)


def test_run_stays_until_interrupted(tmp_path: Path) -> None:
    place = Path(tempfile.mkdtemp(prefix="kam-embedded-"))
    place.chmod(0o755)
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "kam.embedded", "run"],
            env={**os.environ, "KAM_VAR": str(place)},
            cwd=embedded.PROJECT,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("DATABASE_URL=postgres://kam:")
            assert process.stdout.readline().startswith("REDIS_URL=redis://:")
            assert embedded.status(place).postgres
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
        state = embedded.status(place)
        assert (state.postgres, state.valkey) == (False, False)
    finally:
        remove(place)
