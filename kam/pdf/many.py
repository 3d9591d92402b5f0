"""Many PDFs after one another in child processes with limits, each onto its own file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from kam.pdf.engine import Job
from kam.pdf.report import (
    CHILD_ENVIRONMENT,
    ENGINE,
    Answer,
    ReportFailed,
    ReportTooHeavy,
    end_child,
)

#: A child is replaced after so many documents, or when it has grown so large.
DOCUMENTS = 40
GROWN_BYTES = 320 * 1024 * 1024
CPU_SECONDS = 600
WALL_SECONDS = 240
MEMORY_BYTES = 1_200 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Laid:
    """One document: its pages, the engine's seconds, the child's peak memory so far."""

    pages: int
    seconds: float
    peak_bytes: int


class Press:
    """Lays out one document after another; a context manager that leaves no child behind."""

    def __init__(self) -> None:
        self.child: subprocess.Popen[bytes] | None = None
        self.done = 0
        self.peak_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def lay_out(self, job: Job, file: Path, *, said: Callable[[str], None] | None = None) -> Laid:
        """The PDF onto ``file``, complete or not at all. Raises ``kam.pdf.ReportError``."""
        child = self.child or self._begin()
        assert child.stdin  # noqa: S101 - pipes, for the type checker
        assert child.stderr  # noqa: S101
        answer = Answer(said)
        watch = threading.Timer(WALL_SECONDS, answer.time_out, (child,))
        watch.daemon = True
        watch.start()
        try:
            line = json.dumps({"job": job.to_json(), "file": str(file)}) + "\n"
            child.stdin.write(line.encode())
            child.stdin.flush()
            while answer.done is None and not answer.failed and (told := child.stderr.readline()):
                answer.take(told)
        except BrokenPipeError:
            answer.failed = answer.failed or "memory"
        finally:
            watch.cancel()
        if answer.done is None:
            self._end()
            if answer.failed in ("memory", "cpu", "time"):
                raise ReportTooHeavy(answer.failed)
            raise ReportFailed(" | ".join(filter(None, answer.words)) or "the child ended")
        laid = _laid(answer.done)
        self.done += 1
        self.peak_bytes = max(self.peak_bytes, laid.peak_bytes)
        if self.done >= DOCUMENTS or laid.peak_bytes > GROWN_BYTES:
            self._end()
        return laid

    def _begin(self) -> subprocess.Popen[bytes]:
        environment = {name: os.environ[name] for name in CHILD_ENVIRONMENT if name in os.environ}
        environment |= {
            "PDF_CPU_SECONDS": str(CPU_SECONDS),
            "PDF_MEMORY_BYTES": str(MEMORY_BYTES),
            "MALLOC_ARENA_MAX": "2",
            "PYTHONUTF8": "1",
        }
        self.done = 0
        self.child = subprocess.Popen(  # noqa: S603 - our own interpreter and file, no shell
            [sys.executable, "-s", str(ENGINE), "--many"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        return self.child

    def _end(self) -> None:
        child, self.child = self.child, None
        if child is None:
            return
        end_child(child)
        for pipe in (child.stdin, child.stderr):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue


def _laid(done: dict[str, Any]) -> Laid:
    return Laid(int(done["pages"]), float(done["seconds"]), int(done["peak_bytes"]))
