"""The plan book: all account plans of a year that somebody reads, as one PDF, in the worker.

Each plan is laid out by itself, onto a file in the job's own folder; so a job that is broken off goes
on where it was, and no more than one plan is in memory. Plans follow each other by a list that is
made once, and each knows on which page it begins; contents come last, when all pages are counted, and
are numbered in Roman numerals. Then all are joined.
"""

from __future__ import annotations

import json
import logging
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404
from django.utils import translation
from django.utils.translation import gettext as _

from kam.models import Company, Job
from kam.pdf import CHAPTER_LINK, Chapter, Press, ReportError, engine_job, join
from kam.periods import company_year
from plans.models import AccountPlan
from plans.reports.head import file_name, head
from plans.reports.plan import fetch_plan, plan_content, plan_head
from plans.rollup_scope import scope_of

log = logging.getLogger(__name__)

#: Plans that a book holds at most.
MOST = 1_000
#: After so many seconds the work gives its place in the worker up, and goes on later.
TURN_SECONDS = 1_200
LEVELS = {
    "plan_book": "company",
    "team_book": "team",
    "kam_book": "kam",
}


class BookTooLong(Exception):  # noqa: N818
    """More plans than a book holds; ``str()`` is a sentence for the reader."""


class TurnOver(Exception):  # noqa: N818
    """The work has used its turn; what is done is kept."""


@dataclass(frozen=True, slots=True)
class Done:
    """One plan of the book as it was laid out."""

    plan: int
    account: str
    owner: str
    first_page: int
    pages: int
    ours: float
    layout: float
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class Book:
    """The finished book and what it cost."""

    file: Path
    pages: int
    chapters: tuple[Done, ...]
    file_name: str
    title: str

    @property
    def ours(self) -> float:
        """Seconds of data and templates."""
        return sum(done.ours for done in self.chapters)

    @property
    def layout(self) -> float:
        """Seconds of the engine."""
        return sum(done.layout for done in self.chapters)


def plans_of(user: Any, kind: str, pk: int | None, year: int) -> list[int]:
    """The plans of a book in their order: by KAM, then by account; 404 for a foreign level."""
    scope = scope_of(user)
    level = LEVELS[kind]
    if level == "company" and not scope.sees_all:
        level = "own"
    accounts, _owners = scope.accounts_of(level, pk)
    found = (
        AccountPlan.objects.visible_to(user)
        .active()
        .filter(year=year, account__in=accounts.order_by().values("pk"))
        .order_by("account__owner__name", "account__name", "pk")
        .values_list("pk", flat=True)[: MOST + 1]
    )
    listed = list(found)
    if len(listed) > MOST:
        raise BookTooLong(
            _("A book holds at most %(n)s plans. Take the book of a team or of a KAM.")
            % {"n": MOST}
        )
    return listed


def folder_of(job: Job) -> Path:
    """Where a job keeps what it has done so far; shared by all workers, served to nobody."""
    return Path(settings.MEDIA_ROOT) / "jobs" / "work" / str(job.pk)


def sweep() -> None:
    """Removes the folders of jobs that are over."""
    root = Path(settings.MEDIA_ROOT) / "jobs" / "work"
    if not root.is_dir():
        return
    folders = {int(path.name): path for path in root.iterdir() if path.name.isdigit()}
    states = (Job.State.QUEUED, Job.State.RUNNING)
    alive = set(Job.objects.filter(pk__in=folders, state__in=states).values_list("pk", flat=True))
    for pk, path in folders.items():
        if pk not in alive:
            shutil.rmtree(path, ignore_errors=True)


def make_book(
    user: Any,
    kind: str,
    pk: int | None,
    year: int,
    folder: Path,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
    turn_seconds: float = TURN_SECONDS,
) -> Book:
    """Makes the book, or goes on with it; raises ``TurnOver`` where its time was not enough.

    What is in ``folder`` from before is used only if this person still reads all plans of its list;
    else the work begins anew. Raises ``Http404``, ``BookTooLong``, ``kam.pdf.ReportError``.
    """
    ends = time.monotonic() + turn_seconds
    folder.mkdir(parents=True, exist_ok=True)
    plans = _list(user, kind, pk, year, folder)
    total = len(plans) + 2
    chapters: list[Done] = []
    page, new = 1, False
    with Press() as press:
        for at, plan in enumerate(plans):
            done = _kept(folder, at, plan)
            if done is None or done.first_page != page:
                if time.monotonic() > ends:
                    raise TurnOver
                done = _lay_out(press, user, plan, page, folder, at)
                new = True
            chapters.append(done)
            page += done.pages
            progress(at + 1, total)
        if new and time.monotonic() > ends:
            raise TurnOver  # joining has a turn of its own
        there = [(at, done) for at, done in enumerate(chapters) if done.pages]
        title = _front(press, user, kind, pk, year, folder, [done for _at, done in there])
    progress(len(plans) + 1, total)
    pages = join(
        folder / "front.pdf",
        [Chapter(_file(folder, at), done.account) for at, done in there],
        folder / "book.pdf",
        progress=lambda _n: progress(len(plans) + 1, total),
    )
    name = file_name("plans", title, company_year(year))
    return Book(folder / "book.pdf", pages, tuple(done for _at, done in there), name, title)


def _list(user: Any, kind: str, pk: int | None, year: int, folder: Path) -> list[int]:
    """The list that was made at the beginning, if this person still reads all of it; else a new one."""
    file = folder / "plans.json"
    now = plans_of(user, kind, pk, year)
    try:
        kept = json.loads(file.read_text())
    except (OSError, ValueError):
        kept = None
    if kept is not None and set(kept) <= set(now):
        return kept
    for old in folder.iterdir():
        old.unlink()
    _write(file, now)
    return now


def _file(folder: Path, at: int) -> Path:
    return folder / f"{at:04}.pdf"


def _kept(folder: Path, at: int, plan: int) -> Done | None:
    """What is known of a plan that was laid out before."""
    try:
        done = Done(**json.loads((folder / f"{at:04}.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return done if done.plan == plan and (not done.pages or _file(folder, at).exists()) else None


def _lay_out(press: Press, user: Any, pk: int, page: int, folder: Path, at: int) -> Done:
    """One plan onto its file; a plan that is gone meanwhile takes no pages."""
    begun = time.perf_counter()
    try:
        plan = fetch_plan(user, pk)
    except Http404:
        done = Done(pk, "", "", page, 0, 0.0, 0.0, 0)
    else:
        context = plan_content(plan, user) | {"first_page": page}
        job = engine_job(
            "plans/reports/chapter.html",
            context,
            language=translation.get_language(),
            **plan_head(user, plan, _("Account plan")),
        )
        ours = time.perf_counter() - begun
        try:
            laid = press.lay_out(job, _file(folder, at))
        except ReportError as error:  # one plan that is too heavy does not keep the others back
            log.warning("plan %s is not in the book: %s", pk, error)
            laid = press.lay_out(_missing(user, plan, page, str(error)), _file(folder, at))
        account = plan.account
        done = Done(
            pk, account.name, str(account.owner or ""), page, laid.pages,
            ours, laid.seconds, laid.peak_bytes,
        )  # fmt: skip
    _write(folder / f"{at:04}.json", {name: getattr(done, name) for name in Done.__slots__})
    return done


def _missing(user: Any, plan: AccountPlan, page: int, reason: str) -> Any:
    """The page that stands in for a plan that could not be laid out."""
    return engine_job(
        "plans/reports/chapter_missing.html",
        {"account": plan.account, "first_page": page, "reason": reason},
        language=translation.get_language(),
        **plan_head(user, plan, _("Account plan")),
    )


def _write(file: Path, content: Any) -> None:
    part = file.with_suffix(".part")
    part.write_text(json.dumps(content))
    part.replace(file)


def _front(
    press: Press,
    user: Any,
    kind: str,
    pk: int | None,
    year: int,
    folder: Path,
    chapters: Iterable[Done],
) -> str:
    """Cover and contents; returns the name of whom the book is of."""
    scope = scope_of(user)
    level = LEVELS[kind] if scope.sees_all or LEVELS[kind] != "company" else "own"
    subject = _subject(scope, level, pk)
    listed = list(chapters)
    groups: list[tuple[str, list[tuple[Done, str]]]] = []
    for index, done in enumerate(listed):
        if not groups or groups[-1][0] != done.owner:
            groups.append((done.owner, []))
        groups[-1][1].append((done, f"{CHAPTER_LINK}{index}"))
    filters = [(_("Account plans"), str(len(listed)))]
    job = engine_job(
        "plans/reports/book.html",
        {"groups": groups},
        language=translation.get_language(),
        **head(user, _("Account plans"), subject, company_year(year), filters, [subject]),
    )
    press.lay_out(job, folder / "front.pdf")
    return subject


def _subject(scope: Any, level: str, pk: int | None) -> str:
    if level == "kam":
        return str(scope.owner(pk))
    if level == "team":
        team = scope.teams.filter(pk=pk or 0).first()
        if team is None:
            raise Http404
        return str(team)
    return _("My teams") if level == "own" else Company.current().name
