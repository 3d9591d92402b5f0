"""From a Django template to a PDF, in this process or in a child with limits."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from kam.logo import logo_address
from kam.models import Company
from kam.pdf import engine

logger = logging.getLogger("kam.pdf")

#: Table rows that one PDF may hold; above it a spreadsheet serves the reader better.
MAX_ROWS = 5_000
#: What the child process may use.
CPU_SECONDS = 120
WALL_SECONDS = 240
MEMORY_BYTES = 1_500 * 1024 * 1024

ENGINE = Path(engine.__file__)
#: Variables that the child keeps; no secret of the installation is among them.
CHILD_ENVIRONMENT = (
    "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME",
    "FONTCONFIG_FILE", "FONTCONFIG_PATH", "LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH",
    "SYSTEMROOT",
)  # fmt: skip


class ReportError(Exception):
    """A report could not be made; ``str()`` is a sentence for the person who asked."""


class ReportTooLarge(ReportError):  # noqa: N818
    """More rows than a PDF may hold."""

    def __init__(self, rows: int, limit: int) -> None:
        self.rows, self.limit = rows, limit
        super().__init__(
            _(
                "This report would have %(rows)s rows; a PDF holds at most %(limit)s. "
                "Narrow the filters, or export the rows as a spreadsheet."
            )
            % {
                "rows": number_format(rows, use_l10n=True, force_grouping=True),
                "limit": number_format(limit, use_l10n=True, force_grouping=True),
            }
        )


class ReportTooHeavy(ReportError):  # noqa: N818
    """The report took more memory or time than one report may take.

    ``reason`` is ``"memory"``, ``"cpu"`` or ``"time"``.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        words = {
            "memory": _("The report took more memory than one report may use."),
            "cpu": _("The report took more computing time than one report may use."),
            "time": _("The report took too long."),
        }
        super().__init__(
            words[reason] + " " + _("Narrow the filters or choose a shorter period, and try again.")
        )


class ReportFailed(ReportError):  # noqa: N818
    """WeasyPrint refused or died; ``detail`` is for the log, not for the reader."""

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(
            _(
                "The PDF could not be made. The reason is in the log; please tell your administrator."
            )
        )


@dataclass(frozen=True)
class Head:
    """What stands on the cover, in the running heads and in the PDF's own metadata.

    ``templates/reports/base.html`` reads it as ``report``. ``filters`` are pairs of a
    word and its value; ``logo`` a static path or a ``data:`` address; ``accent`` one of
    the accents in ``static/css/tokens.css``, ``colour`` one such as ``#1f5f8b`` instead.
    """

    title: str
    language: str
    subject: str = ""
    author: str = ""
    company: str = ""
    period: str = ""
    as_of: date | datetime | None = None
    filters: Sequence[tuple[str, str]] = ()
    keywords: Sequence[str] = ()
    logo: str = ""
    accent: str = ""
    colour: str = ""
    confidentiality: str = ""
    created: datetime = field(default_factory=timezone.now)

    @property
    def created_w3c(self) -> str:
        """The creation time as PDF metadata wants it: UTC, to the second."""
        return (
            self.created.astimezone(timezone.get_default_timezone()).strftime(
                "%Y-%m-%dT%H:%M:%S%z"
            )[:-2]
            + ":00"
        )


@dataclass(frozen=True)
class Report:
    """A PDF and what it cost: our own part (data and template) apart from WeasyPrint's.

    ``template_seconds`` counts the template and the queries that it caused,
    ``engine_seconds`` parsing, layout and writing by WeasyPrint, ``total_seconds`` all,
    with the child's start. ``peak_bytes`` is the child's peak memory, 0 without a child.
    """

    pdf: bytes
    pages: int
    template_seconds: float
    engine_seconds: float
    total_seconds: float
    peak_bytes: int = 0


def check_rows(rows: int, limit: int = MAX_ROWS) -> None:
    """Raise ReportTooLarge if a report would list more than ``limit`` rows.

    Call it with a count before the rows are fetched.
    """
    if rows > limit:
        raise ReportTooLarge(rows, limit)


def render_pdf(template: str, context: Mapping[str, Any], **head: Any) -> bytes:
    """The PDF of ``template``; see render_report for the arguments."""
    return render_report(template, context, **head).pdf


def render_pdf_limited(template: str, context: Mapping[str, Any], **head: Any) -> bytes:
    """The PDF of ``template``, laid out in a child process with CPU and memory limits."""
    return render_report(template, context, limited=True, **head).pdf


def render_report(
    template: str,
    context: Mapping[str, Any],
    *,
    title: str,
    language: str | None = None,
    rows: int | None = None,
    row_limit: int = MAX_ROWS,
    limited: bool = False,
    cpu_seconds: int = CPU_SECONDS,
    wall_seconds: float = WALL_SECONDS,
    memory_bytes: int = MEMORY_BYTES,
    progress: Callable[[str], None] | None = None,
    **head: Any,
) -> Report:
    """Render a template that extends ``reports/base.html`` and make a tagged PDF of it.

    ``title`` and the other fields of Head go to the cover, the running heads and the
    metadata, with the company's logo and colour where a ``company`` is named and no
    ``colour``; ``language`` (the active one unless given) to the texts, the number
    formats and the PDF's language. With ``rows``, the row cap is checked first. With
    ``limited``, WeasyPrint runs in a child process of at most ``cpu_seconds``,
    ``wall_seconds`` and ``memory_bytes``; the template itself is always rendered here,
    so that the child needs no database. ``progress`` is called with WeasyPrint's steps;
    what it raises stops the work (and ends the child).

    Raises ReportTooLarge, ReportTooHeavy or ReportFailed, each with a sentence for the
    reader.
    """
    started = perf_counter()
    language = language or translation.get_language() or settings.LANGUAGE_CODE
    with translation.override(language):
        if rows is not None:
            check_rows(rows, row_limit)
        job = engine_job(template, context, title=title, language=language, **head)
        template_seconds = perf_counter() - started
        peak = 0
        if limited:
            output, peak = run_limited(
                job,
                cpu_seconds=cpu_seconds,
                wall_seconds=wall_seconds,
                memory_bytes=memory_bytes,
                progress=progress,
            )
        else:
            output = engine.render(job, progress)
    report = Report(
        pdf=output.pdf,
        pages=output.pages,
        template_seconds=template_seconds,
        engine_seconds=output.seconds,
        total_seconds=perf_counter() - started,
        peak_bytes=peak,
    )
    logger.info(
        "Report %s: %d pages, template %.2f s, layout %.2f s, total %.2f s",
        template, report.pages, template_seconds, output.seconds, report.total_seconds,
    )  # fmt: skip
    return report


def engine_job(
    template: str, context: Mapping[str, Any], *, title: str, language: str, **head: Any
) -> engine.Job:
    """The template's HTML with all that the engine needs to lay it out, in the active language."""
    if head.get("company") and "colour" not in head:
        head = house_style() | head
    return engine.Job(
        html=render_to_string(
            template, {**context, "report": Head(title=title, language=language, **head)}
        ),
        static_url=settings.STATIC_URL,
        static_roots=static_roots(),
        site_url=site_url(),
    )


def house_style() -> dict[str, str]:
    """The company's logo and colour, by its settings."""
    company = Company.current()
    return {"logo": logo_address(company), "colour": company.accent}


def static_roots() -> tuple[str, ...]:
    """The directories that hold the project's static files, collected ones first."""
    roots = [str(settings.STATIC_ROOT)] if settings.STATIC_ROOT else []
    for finder in finders.get_finders():
        storages = getattr(finder, "storages", {})
        roots += [str(storage.location) for storage in storages.values()]
    return tuple(dict.fromkeys(roots))


def site_url() -> str:
    """Where relative links in a report lead; empty: such links are left out."""
    address = getattr(settings, "SITE_URL", "")
    return address.rstrip("/") + "/" if address else ""


def run_limited(
    job: engine.Job,
    *,
    cpu_seconds: int = CPU_SECONDS,
    wall_seconds: float = WALL_SECONDS,
    memory_bytes: int = MEMORY_BYTES,
    progress: Callable[[str], None] | None = None,
) -> tuple[engine.Output, int]:
    """Run a job in a child process; give its output and its peak memory in bytes.

    The child is a fresh interpreter without the installation's secrets, in a process
    group of its own that is killed, whatever happens here, before this returns.
    """
    environment = {name: os.environ[name] for name in CHILD_ENVIRONMENT if name in os.environ}
    environment |= {
        "PDF_CPU_SECONDS": str(cpu_seconds),
        "PDF_MEMORY_BYTES": str(memory_bytes),
        "MALLOC_ARENA_MAX": "2",
        "PYTHONUTF8": "1",
    }
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and file, no shell
        [sys.executable, "-s", str(ENGINE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    )
    assert child.stdin  # noqa: S101 - pipes, for the type checker
    assert child.stdout  # noqa: S101
    assert child.stderr  # noqa: S101
    answer = Answer(progress)
    pdf = bytearray()
    readers = [
        threading.Thread(target=_pump_in, args=(child.stdin, job.to_json().encode()), daemon=True),
        threading.Thread(target=_pump_out, args=(child.stdout, pdf), daemon=True),
    ]
    watch = threading.Timer(wall_seconds, answer.time_out, (child,))
    watch.daemon = True
    try:
        for reader in readers:
            reader.start()
        watch.start()
        for line in child.stderr:
            answer.take(line)
        child.wait()
        for reader in readers:
            reader.join()
    finally:
        watch.cancel()
        end_child(child)
    return answer.result(child.returncode, bytes(pdf))


class Answer:
    """Collects what the child says and turns it into a result or an error."""

    def __init__(self, progress: Callable[[str], None] | None) -> None:
        self.progress = progress
        self.done: dict[str, Any] | None = None
        self.failed = ""
        self.words: list[str] = []

    def take(self, line: bytes) -> None:
        text = line.decode(errors="replace").strip()
        try:
            said = json.loads(text)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            self.words = [*self.words[-19:], text[:300]]
            if text.startswith(("Report asked for a forbidden address", "The fonts of this")):
                logger.warning("%s", text[:300])
        elif "progress" in said and self.progress:
            self.progress(str(said["progress"]))
        elif "failed" in said:
            self.failed = said["failed"]
            self.words.append(said.get("detail", ""))
        elif "done" in said:
            self.done = said["done"]

    def time_out(self, child: subprocess.Popen[bytes]) -> None:
        self.failed = self.failed or "time"
        end_child(child)

    def result(self, code: int, pdf: bytes) -> tuple[engine.Output, int]:
        import signal

        if code == 0 and self.done and pdf.startswith(b"%PDF"):
            output = engine.Output(pdf, int(self.done["pages"]), float(self.done["seconds"]))
            return output, int(self.done["peak_bytes"])
        words = " | ".join(word for word in self.words if word)
        logger.error("Report child ended with %s (%s): %s", code, self.failed or "-", words)
        if self.failed in ("memory", "cpu", "time"):
            raise ReportTooHeavy(self.failed)
        if code == -signal.SIGXCPU:
            raise ReportTooHeavy("cpu")
        # The libraries under WeasyPrint abort, trap or fault when memory is refused;
        # the kernel kills.
        starved = {-signal.SIGABRT, -signal.SIGTRAP, -signal.SIGSEGV, -signal.SIGKILL}
        if code in starved or "MemoryError" in words or "allocate" in words:
            raise ReportTooHeavy("memory")
        raise ReportFailed(words or f"exit code {code}")


def _pump_in(pipe: Any, data: bytes) -> None:
    try:
        with pipe:
            pipe.write(data)
    except (BrokenPipeError, ValueError):
        logger.debug("The report child ended before it had read its job.")


def _pump_out(pipe: Any, into: bytearray) -> None:
    while chunk := pipe.read(1 << 16):
        into += chunk


def end_child(child: subprocess.Popen[bytes]) -> None:
    """Ends a child with all that it has started."""
    import signal

    if child.poll() is None:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            logger.debug("The report child was gone already.")
        child.wait()
