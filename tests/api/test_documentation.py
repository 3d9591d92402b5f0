"""docs/api.md says what is true: its examples are run as they stand there."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from kam.models import ApiToken

TEXT = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
EXAMPLES = re.findall(r"```sh\n# (\d{3})\n(.*?)```", TEXT, re.DOTALL)

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")


@pytest.fixture
def shell(live_server, cast):
    """Runs a command as the document's reader would; gives the answer and its status."""
    _row, token = ApiToken.issue(cast.service, "documentation", may_write=True)
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "NO_PROXY": "*",
        "KAM": live_server.url,
        "TOKEN": token,
        "ACCOUNT": str(cast.account.pk),
        "PRODUCT": str(cast.product.pk),
        "PERSON": str(cast.kam.pk),
    }

    def run(command: str) -> tuple[int, dict]:
        status = 'curl() { command curl -w "\\n%{http_code}" "$@"; }\n'
        done = subprocess.run(
            ["bash", "-ec", status + command],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        body, _newline, code = done.stdout.rpartition("\n")
        return int(code), json.loads(body)

    return run


def test_the_document_has_examples():
    assert len(EXAMPLES) >= 10
    assert len(EXAMPLES) == TEXT.count("```sh")


@pytest.mark.django_db(transaction=True)
def test_every_example_answers_as_told(shell):
    answers = {}
    for status, command in EXAMPLES:
        answers[command] = shell(command)
        assert answers[command][0] == int(status), (command, answers[command])
    stale = next(body for code, body in answers.values() if code == 412)
    assert stale["conflicts"] == [
        {"attr": "employees", "before": None, "theirs": "240", "yours": "250"}
    ]
    recorded = next(body for code, body in answers.values() if "batch" in body)
    assert (recorded["created"], recorded["changed"], recorded["unchanged"]) == (2, 0, 0)
    unknown, wrong = [body for code, body in answers.values() if code == 400]
    assert [error["attr"] for error in unknown["errors"]] == ["ownner"]
    assert {"owner", "page_size"} <= set(unknown["known"])
    assert {error["attr"] for error in wrong["errors"]} == {"name", "influence"}
