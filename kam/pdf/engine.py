"""HTML text in, tagged PDF out: WeasyPrint with a fetcher that reads next to nothing.

This module knows neither Django nor the database, so that it also runs as a
small child process with memory and CPU limits::

    python kam/pdf/engine.py < job.json > report.pdf
    python kam/pdf/engine.py --many < jobs    # one JSON object a line, each with its file

The child answers on standard error, one JSON object a line: ``{"progress": ...}``
while it works, then ``{"done": ...}`` or ``{"failed": ...}``.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import unquote, urlsplit

logger = logging.getLogger("kam.pdf")

#: What a report may embed from the static files, by suffix.
CONTENT_TYPES = {
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".woff": "font/woff",
    ".ttf": "font/ttf",
    ".otf": "font/otf",
}

#: Base address when the installation has not said its own: links are then left out.
NO_SITE = "https://site.invalid/"


class ForbiddenAddress(ValueError):  # noqa: N818
    """A report asked for something that is neither ``data:`` nor a static file of the project."""


@dataclass(frozen=True)
class Job:
    """All that is needed to turn HTML into a PDF, as plain values that go through JSON.

    ``site_url`` is the address that relative addresses are resolved against (links in
    the PDF lead there); ``static_url`` the path or address of the static files;
    ``static_roots`` the directories that hold them.
    """

    html: str
    static_url: str
    static_roots: tuple[str, ...]
    site_url: str = ""
    pdf_variant: str = "pdf/ua-1"

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Job:
        data = json.loads(text)
        data["static_roots"] = tuple(data["static_roots"])
        return cls(**data)


@dataclass(frozen=True)
class Output:
    """The PDF, how many pages it has, and the seconds WeasyPrint took for it."""

    pdf: bytes
    pages: int
    seconds: float


@dataclass(frozen=True)
class StaticAddress:
    """Which address means which static file: the whole rule of what a report may read."""

    base_url: str
    static_url: str
    roots: tuple[str, ...]

    def path_for(self, url: str) -> Path:
        """The real file that a static address names.

        Raises ForbiddenAddress unless the address has the same scheme and host as the
        static files, lies under their path, and resolves, links followed, to a regular
        file of a known type inside one of the static roots.
        """
        static = urlsplit(_join(self.base_url, self.static_url))
        asked = urlsplit(url)
        if (asked.scheme, asked.netloc) != (static.scheme, static.netloc):
            raise ForbiddenAddress(f"not a static file of this project: {url[:200]}")
        path = unquote(asked.path)
        prefix = static.path if static.path.endswith("/") else static.path + "/"
        if not path.startswith(prefix):
            raise ForbiddenAddress(f"not under the static files: {url[:200]}")
        name = path[len(prefix) :]
        parts = name.split("/")
        if "\x00" in name or "\\" in name or any(part in ("", ".", "..") for part in parts):
            raise ForbiddenAddress(f"not a plain file name: {url[:200]}")
        if Path(name).suffix.lower() not in CONTENT_TYPES:
            raise ForbiddenAddress(f"not a type that a report embeds: {url[:200]}")
        for root in self.roots:
            real_root = Path(root).resolve()
            real = (real_root / name).resolve()
            if real.is_relative_to(real_root) and real.is_file():
                return real
        raise ForbiddenAddress(f"no such static file: {url[:200]}")


def _join(base: str, address: str) -> str:
    from urllib.parse import urljoin

    return urljoin(base, address)


def make_fetcher(address: StaticAddress) -> Any:
    """A WeasyPrint fetcher that answers ``data:`` and static files, and nothing else.

    It never opens a connection: static addresses are mapped to files, so there is no
    redirect to follow. Whatever else is asked for is logged and refused.
    """
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class Fetcher(URLFetcher):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(allowed_protocols=("data",), allow_redirects=False)

        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            if url[:5].lower() == "data:":
                return super().fetch(url, headers)
            try:
                path = address.path_for(url)
            except (ForbiddenAddress, OSError, ValueError) as refusal:
                logger.warning("Report asked for a forbidden address: %s", refusal)
                raise ForbiddenAddress(str(refusal)) from None
            return URLFetcherResponse(
                url, path.read_bytes(), {"Content-Type": CONTENT_TYPES[path.suffix.lower()]}
            )

    return Fetcher()


def render(job: Job, progress: Callable[[str], None] | None = None) -> Output:
    """Lay out the job's HTML and write it as a tagged PDF (PDF/UA-1).

    ``progress`` is called with WeasyPrint's own steps ("Creating layout - Page 12").
    """
    started = perf_counter()
    import weasyprint
    from weasyprint.logger import LOGGER, PROGRESS_LOGGER

    handler = _ProgressHandler(progress, threading.get_ident())
    glyphs = _GlyphWatch()
    LOGGER.addFilter(glyphs)
    PROGRESS_LOGGER.propagate = False
    PROGRESS_LOGGER.setLevel(logging.INFO)
    PROGRESS_LOGGER.addHandler(handler)
    try:
        base = job.site_url or NO_SITE
        fetcher = make_fetcher(StaticAddress(base, job.static_url, job.static_roots))
        html = weasyprint.HTML(string=job.html, base_url=base, url_fetcher=fetcher)
        _prepare(html, has_site=bool(job.site_url))
        document = html.render(pdf_variant=job.pdf_variant, pdf_tags=True)
        pdf = document.write_pdf(
            finisher=_finish, pdf_variant=job.pdf_variant, pdf_tags=True, custom_metadata=False
        )
        return Output(pdf=pdf, pages=len(document.pages), seconds=perf_counter() - started)
    finally:
        PROGRESS_LOGGER.removeHandler(handler)
        LOGGER.removeFilter(glyphs)
        if glyphs.missing:
            logger.warning(
                "The fonts of this machine lack %s; for Chinese install fonts-noto-cjk.",
                "".join(sorted(glyphs.missing))[:60],
            )


def _prepare(html: Any, *, has_site: bool) -> None:
    """Fill the contents from the headings; drop links that would lead nowhere."""
    import cssselect2

    root = html.etree_element
    _fill_contents(root)
    if not has_site:
        for link in root.iter("a"):
            href = link.get("href", "")
            if href and not href.startswith("#") and not urlsplit(href).scheme:
                del link.attrib["href"]
    html.wrapper_element = cssselect2.ElementWrapper.from_html_root(root, content_language=None)


def _fill_contents(root: Any) -> None:
    """List ``h2`` and ``h3`` of ``main`` in each ``<ol data-contents>``.

    A heading without an id gets one; a heading with ``data-nocontents`` is left out.
    """
    lists = [element for element in root.iter("ol") if "data-contents" in element.attrib]
    main = next(root.iter("main"), None)
    if not lists or main is None:
        return
    used = {element.get("id") for element in root.iter() if element.get("id")}
    entries: list[tuple[int, str, str]] = []
    for heading in main.iter():
        if heading.tag not in ("h2", "h3") or "data-nocontents" in heading.attrib:
            continue
        anchor = heading.get("id")
        if not anchor:
            number = len(entries) + 1
            while (anchor := f"section-{number}") in used:
                number += 1
            heading.set("id", anchor)
            used.add(anchor)
        text = re.sub(r"\s+", " ", _text_of(heading)).strip()
        entries.append((2 if heading.tag == "h2" else 3, anchor, text))
    for target in lists:
        for level, anchor, text in entries:
            item = target.makeelement("li", {"class": f"contents-{level}"})
            link = item.makeelement("a", {"href": f"#{anchor}"})
            link.text = text
            item.append(link)
            target.append(item)


def _text_of(heading: Any) -> str:
    """A heading's words without its footnotes."""
    words = heading.text or ""
    for part in heading:
        if "source" not in part.get("class", "").split():
            words += "".join(part.itertext())
        words += part.tail or ""
    return words


def _finish(document: Any, pdf: Any) -> None:
    """Page labels that equal the printed page numbers (the cover is page 1)."""
    import pydyf

    pdf.catalog["PageLabels"] = pydyf.Dictionary(
        {"Nums": pydyf.Array([0, pydyf.Dictionary({"S": "/D", "St": 1})])}
    )


class _ProgressHandler(logging.Handler):
    """Hands on the steps of one render; renders in other threads have their own."""

    def __init__(self, report: Callable[[str], None] | None, thread: int) -> None:
        super().__init__(logging.INFO)
        self.report = report
        self.thread = thread

    def emit(self, record: logging.LogRecord) -> None:
        if self.report and record.thread == self.thread:
            self.report(record.getMessage())


class _GlyphWatch(logging.Filter):
    """Collects the signs that no font has, and keeps WeasyPrint's remarks on CSS out of the log."""

    def __init__(self) -> None:
        super().__init__()
        self.missing: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        if "notdef glyph" in str(record.msg):
            self.missing.update(re.findall(r'"(.)" \(U\+', record.getMessage()))
        return record.levelno >= logging.ERROR


# --- the child process -------------------------------------------------------------


def child() -> int:
    """Read a job from standard input under limits, write the PDF to standard output.

    Limits come in the environment: ``PDF_CPU_SECONDS`` and ``PDF_MEMORY_BYTES``. The
    answer is 0, or 3 with ``{"failed": "memory"|"cpu"|"error"}`` on standard error.
    """
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not end up in the PDF
    _limit_itself()
    try:
        job = Job.from_json(sys.stdin.buffer.read().decode())
        result = render(job, progress=lambda message: _say({"progress": message}))
        with output:
            output.write(result.pdf)
    except MemoryError:
        _say({"failed": "memory"})
        return 3
    except Exception as error:
        _say({"failed": "error", "detail": f"{type(error).__name__}: {error}"[:500]})
        return 3
    _say({"done": _told(result)})
    return 0


def many() -> int:
    """Lay out job after job: a line ``{"job": …, "file": …}`` each, answered by one line.

    A file stands complete or not at all. The first job that fails ends the child.
    """
    os.dup2(2, 1)
    _limit_itself()
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        try:
            result = render(Job.from_json(asked["job"]))
            part = asked["file"] + ".part"
            with open(part, "wb") as file:
                file.write(result.pdf)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, asked["file"])
        except MemoryError:
            _say({"failed": "memory"})
            return 3
        except Exception as error:
            _say({"failed": "error", "detail": f"{type(error).__name__}: {error}"[:500]})
            return 3
        _say({"done": _told(result)})
    return 0


def _told(result: Output) -> dict[str, Any]:
    """What the child says of a finished PDF, with its own peak memory so far."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"pages": result.pages, "seconds": result.seconds, "peak_bytes": peak}


def _limit_itself() -> None:
    """Take the limits from the environment, and end with the parent."""
    import resource
    import signal

    cpu = int(os.environ["PDF_CPU_SECONDS"])
    memory = int(os.environ["PDF_MEMORY_BYTES"])
    _die_with_parent()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 2))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    def too_slow(signum: int, frame: object) -> None:
        _say({"failed": "cpu"})
        os._exit(3)

    signal.signal(signal.SIGXCPU, too_slow)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")


def _say(message: dict[str, Any]) -> None:
    os.write(2, (json.dumps(message) + "\n").encode())


def _die_with_parent() -> None:
    """On Linux, end this process when the one that started it is gone."""
    if sys.platform == "linux":
        import ctypes
        import signal

        try:
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        except (OSError, AttributeError):
            logger.debug("prctl is not available")


if __name__ == "__main__":
    sys.exit(many() if "--many" in sys.argv else child())
