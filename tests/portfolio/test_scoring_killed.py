"""A nightly run that is killed outright goes on where it stopped, and nobody saw half of it."""

import signal
import subprocess
import sys
import time

import pytest
from django.conf import settings

from accounts.models import Account
from kam.periods import add_months, company_today, month_of
from portfolio.models import AccountScore, ScoreStage, ScoringRun
from portfolio.services import scoring
from tests.own_process import own_process
from tests.portfolio.conftest import sell

KILL_ITSELF = """
import os, signal, django
django.setup()
from portfolio.services import scoring
scoring.SLICE = 10
def told(done, total):
    if done >= 30:
        os.kill(os.getpid(), signal.SIGKILL)
scoring.score_night(told=told)
"""


@pytest.mark.django_db(transaction=True)
def test_a_run_killed_in_the_middle_goes_on_to_the_same_result(cast, version, monkeypatch):
    end = month_of(company_today())
    for i in range(60):
        account = Account.objects.create(name=f"Crowd {i}", number=f"X{i}", owner=cast.kam)
        sell(account, cast.product, add_months(end, -1 - i % 12), 20 * i, 7 * i)
    killed = subprocess.run(
        [sys.executable, "-c", KILL_ITSELF], env=own_process(), cwd=settings.BASE_DIR, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert ScoringRun.objects.get().state == "running"
    assert ScoreStage.objects.count() == 30
    assert AccountScore.objects.count() == 0

    monkeypatch.setattr(scoring, "SLICE", 10)
    began: list[int] = []
    for _attempt in range(100):  # the server notices the dead connection, and frees the lock
        try:
            scoring.score_night(told=lambda done, total: began.append(done))
            break
        except scoring.AnotherRunError:
            time.sleep(0.1)
    assert began[0] == 40
    got = sorted((s.account_id, s.raw, s.values, s.cell) for s in AccountScore.objects.current())
    AccountScore.objects.all().delete()
    ScoringRun.objects.all().delete()
    scoring.score_night()
    assert got == sorted(
        (s.account_id, s.raw, s.values, s.cell) for s in AccountScore.objects.current()
    )
    assert len(got) == Account.objects.count()
