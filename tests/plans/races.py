"""What another connection does in the middle of something."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from plans.services import company_sums
from plans.services.company_sums import roll_up_company


def _closing(act: Callable[[], object]) -> None:
    try:
        act()
    finally:
        connection.close()


def in_another_connection(act: Callable[[], object]) -> None:
    """Does it and waits for its end."""
    thread = threading.Thread(target=_closing, args=[act])
    thread.start()
    thread.join()


@contextmanager
def another_sums_the_company(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Another connection has summed the company anew, and commits it at the end of the block."""
    summed, go_on = threading.Event(), threading.Event()
    compute = company_sums._compute

    def slowly(marked):
        done = compute(marked)
        summed.set()
        go_on.wait(10)
        return done

    monkeypatch.setattr(company_sums, "_compute", slowly)
    thread = threading.Thread(target=_closing, args=[roll_up_company])
    thread.start()
    try:
        assert summed.wait(10)
        monkeypatch.setattr(company_sums, "_compute", compute)
        yield
    finally:
        go_on.set()
        thread.join()
