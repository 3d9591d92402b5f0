"""A process that dies while it writes leaves nothing, and the import can be done again."""

import signal
import subprocess
import sys
import time

import pytest
from django.core.management import call_command

from accounts.models import Account
from kam.models import ImportBatch
from kam.sideline import sideline
from tests.own_process import own_process


@pytest.mark.django_db(transaction=True)
def test_a_killed_import_leaves_nothing_and_can_be_repeated(tmp_path):
    path = tmp_path / "accounts.csv"
    path.write_text("number,name\n" + "".join(f"X{i},Account {i}\n" for i in range(5_000)))
    command = [sys.executable, "manage.py", "import_data", "accounts", str(path)]
    process = subprocess.Popen(
        command, env=own_process(tmp_path / "media"), stdout=subprocess.DEVNULL
    )
    writing = False
    with sideline() as cursor:
        while process.poll() is None and not writing:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND state <> 'idle'"
                " AND query LIKE '%INSERT INTO \"accounts_account\"%'"
            )
            writing = cursor.fetchone()[0] > 0
            time.sleep(0.02)
    assert writing, "the import was over before it could be killed"
    process.send_signal(signal.SIGKILL)
    process.wait()

    assert not Account.objects.filter(number__startswith="X").exists()
    assert ImportBatch.objects.get().state == ImportBatch.State.UPLOADED
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:  # the server notices the dead connection
        with sideline() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
            if not cursor.fetchone()[0]:
                break
        time.sleep(0.1)
    call_command("import_data", "accounts", str(path))
    assert Account.objects.filter(number__startswith="X").count() == 5_000
