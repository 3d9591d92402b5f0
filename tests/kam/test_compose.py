"""docker-compose.yml and Dockerfile, read as compose reads them, and run as far as that goes."""

import os
import re
import subprocess
import sys
from typing import Any

import pytest
import yaml

from kam import embedded

FILE = embedded.PROJECT / "docker-compose.yml"
GIVEN = {
    "KAM_SECRET_KEY": "q8Zr0Xw3Vt5Ys7Uu9Pp1Oo2Nn4Mm6Ll8Kk0Jj2Hh4Gg6Ff8Dd0Ss2Aa4",
    "KAM_ALLOWED_HOSTS": "kam.example.com",
    "KAM_SITE_URL": "https://kam.example.com",
    "KAM_DB_PASSWORD": "databasepassword",
    "KAM_REDIS_PASSWORD": "redispassword",
}
VARIABLE = re.compile(r"\$\$|\$\{(\w+)(?::([?-])([^}]*))?\}")


class MissingVariableError(Exception):
    """A required variable is not set; the message is what compose would print."""


def interpolate(value: Any, given: dict[str, str]) -> Any:
    """Compose's own rules: ``$$``, ``${A}``, ``${A:-default}``, ``${A:?message}``."""

    def replaced(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        name, rule, text = found[1], found[2], found[3]
        if given.get(name):
            return given[name]
        if rule == "?":
            raise MissingVariableError(text)
        return text or ""

    if isinstance(value, dict):
        return {key: interpolate(each, given) for key, each in value.items()}
    if isinstance(value, list):
        return [interpolate(each, given) for each in value]
    return VARIABLE.sub(replaced, value) if isinstance(value, str) else value


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return interpolate(yaml.safe_load(FILE.read_text()), GIVEN)


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    return compose["services"]


def test_the_parts(services: dict[str, Any]) -> None:
    assert set(services) == {"postgres", "redis", "migrate", "web", "worker", "beat"}
    assert services["postgres"]["image"] == "postgres:18"
    assert services["redis"]["image"] == "redis:8"


@pytest.mark.parametrize("name", sorted(GIVEN))
def test_each_secret_is_asked_for_by_name(name: str) -> None:
    given = {key: value for key, value in GIVEN.items() if key != name}
    with pytest.raises(MissingVariableError, match=f"^set {name} to "):
        interpolate(yaml.safe_load(FILE.read_text()), given)


def test_no_secret_stands_in_the_file() -> None:
    for line in FILE.read_text().splitlines():
        if re.search(r"PASSWORD|SECRET", line) and not line.lstrip().startswith("#"):
            assert re.search(r"\$\$?\{?\w+", line), line


def test_every_long_running_part_has_a_health_check(services: dict[str, Any]) -> None:
    for name in ("postgres", "redis", "web", "worker", "beat"):
        assert services[name]["healthcheck"]["test"], name
        assert services[name]["restart"] == "unless-stopped", name


def test_nothing_starts_before_the_migration(services: dict[str, Any]) -> None:
    for name in ("web", "worker", "beat"):
        condition = services[name]["depends_on"]["migrate"]["condition"]
        assert condition == "service_completed_successfully"
    assert services["migrate"]["restart"] == "no"
    assert services["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_data_lie_in_named_volumes(compose: dict[str, Any], services: dict[str, Any]) -> None:
    assert set(compose["volumes"]) == {"postgres", "redis", "media"}
    # From release 18 on, the image keeps its data one level higher than before.
    assert services["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]
    assert services["redis"]["volumes"] == ["redis:/data"]
    assert services["web"]["volumes"] == services["worker"]["volumes"] == ["media:/data"]


def test_redis_loses_nothing(services: dict[str, Any]) -> None:
    command = services["redis"]["command"]
    assert command[command.index("--appendonly") + 1] == "yes"
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"
    assert command[command.index("--requirepass") + 1] == GIVEN["KAM_REDIS_PASSWORD"]


def test_only_the_web_server_is_reachable_and_only_from_this_machine(
    services: dict[str, Any],
) -> None:
    ports = {name: part["ports"] for name, part in services.items() if "ports" in part}
    assert ports == {"web": ["127.0.0.1:8000:8000"]}


def test_the_application_may_write_nothing_but_its_volume(services: dict[str, Any]) -> None:
    for name in ("migrate", "web", "worker", "beat"):
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]


def test_the_image_is_locked_and_runs_as_a_plain_user() -> None:
    lines = (embedded.PROJECT / "Dockerfile").read_text()
    assert "--require-hashes" in lines
    stages = lines.split("\nFROM ")
    assert re.search(r"^USER kam$", stages[-1], re.MULTILINE)
    assert "KAM_SECRET_KEY=$(" in lines  # made for one line, never written


def test_production_settings_start_with_the_environment_of_the_file(
    services: dict[str, Any],
) -> None:
    environment = {key: str(value) for key, value in services["web"]["environment"].items()}
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=embedded.PROJECT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for name in ("migrate", "worker", "beat"):
        assert services[name]["environment"] == services["web"]["environment"]


def test_each_command_names_a_program_of_the_image(services: dict[str, Any]) -> None:
    for name in ("worker", "beat"):
        command = services[name]["command"]
        done = subprocess.run(
            [sys.executable, "-m", *command, "--help"],
            cwd=embedded.PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def test_every_variable_is_explained() -> None:
    explained = (embedded.PROJECT / "docs/deploying.md").read_text()
    settings = (embedded.PROJECT / "kam/settings/production.py").read_text()
    asked = set(re.findall(r"env(?:\.\w+)?\(\s*\"(KAM_\w+)\"", settings))
    assert len(asked) > 10
    assert {name for name in asked if name not in explained} == set()
