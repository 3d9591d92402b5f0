"""The child process: limits hold, it leaves nothing behind, and errors speak."""

import os
import time

import pytest

from kam.pdf import ReportFailed, ReportTooHeavy, render_pdf_limited, render_report
from kam.pdf import report as reports
from kam.pdf.engine import Job

MB = 1024 * 1024


def job(html):
    return Job(f"<html lang=en><title>t</title><body>{html}", "/static/", ())


def children():
    """The ids of this process's children that run the engine."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as stat, open(f"/proc/{pid}/cmdline") as line:
                if (
                    int(stat.read().rsplit(")", 1)[1].split()[1]) == os.getpid()
                    and "engine.py" in line.read()
                ):
                    found.append(pid)
        except (OSError, ValueError):
            continue
    return found


@pytest.fixture(autouse=True)
def _no_child_left():
    yield
    assert children() == []


HEAVY = "<table>" + "<tr><td>a b c<td>d e f</tr>" * 40_000 + "</table>"


def test_a_report_from_the_child_is_the_same_as_one_made_here():
    steps = []
    inside = render_report("sample.html", {}, title="T", language="en")
    outside = render_report(
        "sample.html", {}, title="T", language="en", limited=True, progress=steps.append
    )
    assert outside.pages == inside.pages
    assert abs(len(outside.pdf) - len(inside.pdf)) < 400
    assert outside.peak_bytes > 20 * MB
    assert any("layout" in step for step in steps)


def test_bytes_come_back():
    assert render_pdf_limited("sample.html", {}, title="T").startswith(b"%PDF-1.7")


def test_too_much_computing_time_is_stopped():
    started = time.monotonic()
    with pytest.raises(ReportTooHeavy, match="computing time") as caught:
        reports.run_limited(job(HEAVY), cpu_seconds=3, wall_seconds=60)
    assert caught.value.reason == "cpu"
    assert time.monotonic() - started < 40


def test_too_much_memory_is_stopped():
    with pytest.raises(ReportTooHeavy, match="memory") as caught:
        reports.run_limited(job(HEAVY), memory_bytes=300 * MB, cpu_seconds=100)
    assert caught.value.reason == "memory"


def test_too_long_is_stopped():
    with pytest.raises(ReportTooHeavy, match="too long") as caught:
        reports.run_limited(job(HEAVY), wall_seconds=2, cpu_seconds=100)
    assert caught.value.reason == "time"


def test_cancelling_ends_the_child():
    class Cancelled(Exception):  # noqa: N818
        pass

    def cancel(step):
        raise Cancelled

    with pytest.raises(Cancelled):
        reports.run_limited(job(HEAVY), progress=cancel)


def test_a_child_that_cannot_start_says_so(monkeypatch, tmp_path, caplog):
    broken = tmp_path / "engine.py"
    broken.write_text("raise RuntimeError('no pango')")
    monkeypatch.setattr(reports, "ENGINE", broken)
    with pytest.raises(ReportFailed, match="log"):
        reports.run_limited(job("x"))
    assert "no pango" in caplog.text


def test_the_child_gets_no_secret(monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    monkeypatch.setenv("SECRET_KEY", "secret")
    spy = tmp_path / "engine.py"
    spy.write_text("import os, sys; print('\\n'.join(os.environ), file=sys.stderr); sys.exit(1)")
    monkeypatch.setattr(reports, "ENGINE", spy)
    with pytest.raises(ReportFailed) as caught:
        reports.run_limited(job("x"))
    assert "PATH" in caught.value.detail
    assert "DATABASE_URL" not in caught.value.detail
    assert "SECRET_KEY" not in caught.value.detail
