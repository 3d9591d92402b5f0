"""Reports that are asked for, kept, and sent by themselves.

Each is made by the worker as its person would see it then, and kept in their archive: one row for
each job, however often the job is begun again. A report by mail is claimed by a conditional update
before it is made and again before it is sent: it may be lost with a worker that dies in between (it is
in the archive then), and is never sent twice.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from django.http import Http404
from django.urls import reverse
from django.utils import translation
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Account
from kam import jobs
from kam.editing import archive, restore
from kam.models import Company, Job, User
from kam.notifications import may_be_told
from kam.pdf import ReportError
from kam.periods import add_months, company_today, company_year, month_of
from plans import reports
from plans.models import AccountPlan, ReportKind, ReportSchedule, SentReport
from plans.reports import book
from plans.reports.making import asker_of
from plans.rollup_scope import scope_of

log = logging.getLogger(__name__)

#: How long a report stays in the archive.
KEPT_DAYS = 365
#: What a mail carries; a larger file is fetched from the archive.
ATTACHED_BYTES = 8_000_000
#: What may be asked for; review packs are made on their reviews' pages.
KINDS = tuple(kind for kind in ReportKind if kind != ReportKind.REVIEW)
OF_ACCOUNT = (ReportKind.PLAN, ReportKind.ONE_PAGE, ReportKind.CUSTOMER)
OF_PERSON = (ReportKind.PORTFOLIO, ReportKind.KAM_BOOK)
OF_TEAM = (ReportKind.TEAM, ReportKind.TEAM_BOOK)
OF_COMPANY = (ReportKind.COMPANY, ReportKind.MANAGEMENT, ReportKind.PLAN_BOOK)
BOOKS = (ReportKind.PLAN_BOOK, ReportKind.TEAM_BOOK, ReportKind.KAM_BOOK)
LEVELS = {ReportKind.PORTFOLIO: "kam", ReportKind.TEAM: "team", ReportKind.MANAGEMENT: "management"}


@dataclass(frozen=True, slots=True)
class Made:
    """A finished report before it is kept."""

    content: File
    file_name: str
    pages: int


def subject_name(user: Any, kind: str, subject: int | None) -> str:
    """Of whom a report is, by name; 404 for what this person may not see (at most two queries)."""
    if kind in OF_ACCOUNT:
        account = Account.objects.visible_to(user).filter(pk=subject or 0).first()
        if account is None:
            raise Http404
        return account.name
    scope = scope_of(user)
    if kind in OF_PERSON:
        return str(scope.owner(subject))
    if kind in OF_TEAM:
        team = scope.teams.filter(pk=subject or 0).first()
        if team is None:
            raise Http404
        return str(team)
    if kind == ReportKind.COMPANY and not scope.sees_all:
        raise Http404
    return Company.current().name if scope.sees_all else _("My teams")


def title_of(user: Any, kind: str, subject: int | None, year: int) -> str:
    """What a report is called in lists; 404 for what this person may not see."""
    name = subject_name(user, kind, subject)
    title = f"{ReportKind(kind).label}: {name}, {company_year(year).label}"
    return Truncator(title).chars(jobs.TITLE)


def order(user: Any, kind: str, subject: int | None, year: int) -> Job:
    """Lets the worker make a report for this person; 404 for what they may not see."""
    return jobs.start(
        "kept-report",
        title_of(user, kind, subject, year),
        user,
        kind=kind,
        subject=subject,
        year=year,
        language=translation.get_language(),
        acting_for=user.acting_for.pk if user.acting_for else None,
    )


# --- schedules ------------------------------------------------------------------------------------


@transaction.atomic
def order_schedule(user: User, kind: str, subject: int | None, rhythm: str) -> ReportSchedule:
    """Lets a report come by mail; raises ``ValidationError``, and 404 for what is foreign.

    What counts are the person's own rights, not those of whom they stand in for: it is theirs.
    """
    user = User.objects.get(pk=user.pk)
    subject_name(user, kind, subject)
    row = ReportSchedule(
        user=user,
        kind=kind,
        subject=subject,
        rhythm=rhythm,
        next_on=next_day(rhythm, company_today()),
    )
    row.full_clean()
    row.save()
    return row


def end_schedule(row: ReportSchedule) -> ReportSchedule:
    return archive(row)


def resume_schedule(row: ReportSchedule) -> ReportSchedule:
    """A report that was ended comes again, from the next day of its rhythm on."""
    row.next_on = next_day(row.rhythm, company_today())
    row.save(update_fields=["next_on"])
    return restore(row)


def next_day(rhythm: str, after: date) -> date:
    """The next Monday, or first of a month, after a day."""
    if rhythm == ReportSchedule.Rhythm.WEEKLY:
        return after + timedelta(days=7 - after.weekday())
    return add_months(month_of(after), 1)


def send_scheduled(now: datetime | None = None) -> int:
    """Claims the reports that are due and lets the worker make them; returns how many were begun."""
    today = company_today(now=now)
    due = ReportSchedule.objects.active().filter(
        next_on__lte=today, user__is_active=True, user__archived_at__isnull=True
    )
    begun = 0
    for row in due.select_related("user").order_by("next_on", "pk")[:200]:
        with transaction.atomic():
            claimed = ReportSchedule.objects.filter(
                pk=row.pk, next_on=row.next_on, archived_at__isnull=True
            ).update(next_on=next_day(row.rhythm, today))
            if not claimed:
                continue
            with translation.override(row.user.language):
                title = _("Report by mail: %(name)s") % {"name": row.get_kind_display()}
            jobs.start("mailed-report", title, row.user, schedule=row.pk, on=today.isoformat())
            begun += 1
    return begun


# --- the archive ----------------------------------------------------------------------------------


def keep(job: Job, user: User, kind: str, title: str, made: Made) -> SentReport:
    """The report's row in the archive; the one that is there where the job was begun again."""
    held = SentReport.objects.filter(job=job).first()
    if held is not None:
        return held
    row = SentReport(
        user=user, kind=kind, title=title, job=job, pages=made.pages, file_name=made.file_name
    )
    row.file.save(f"{job.pk}.pdf", made.content, save=False)
    row.save()
    return row


def drop_old(today: date | None = None) -> int:
    """Deletes reports that have been kept long enough, with their files."""
    until = (today or company_today()) - timedelta(days=KEPT_DAYS)
    old = list(SentReport.objects.filter(made_at__date__lt=until)[:1000])
    for row in old:
        row.file.delete(save=False)
        row.delete()
    book.sweep()
    return len(old)


# --- the worker's part ----------------------------------------------------------------------------


def _make(progress: jobs.Progress, user: Any, kind: str, subject: int | None, year: int) -> Made:
    """One report of any kind, with progress; raises ``Http404`` and ``ReportError``."""
    if kind in BOOKS:
        return _make_book(progress, user, kind, subject, year)
    level, pk = LEVELS.get(ReportKind(kind), kind), subject
    if kind in OF_ACCOUNT:
        plan = (
            AccountPlan.objects.visible_to(user)
            .active()
            .filter(account=subject or 0, year=year)
            .values_list("pk", flat=True)
            .first()
        )
        if plan is None:
            raise Http404
        pk = plan
    step = _steps(progress)
    prepared = reports.prepare(user, level, pk, year)
    made = reports.measured(prepared, limited=True, progress=step)
    return Made(ContentFile(made.pdf), prepared.file_name, made.pages)


def _steps(progress: jobs.Progress) -> Callable[[str], None]:
    done = 0

    def step(_words: str) -> None:
        nonlocal done
        done += 1
        progress.step(min(done, 9), 10)

    progress.step(0, 10)
    return step


def _make_book(
    progress: jobs.Progress, user: Any, kind: str, subject: int | None, year: int
) -> Made:
    book.sweep()
    folder = book.folder_of(progress.job)
    try:
        found = book.make_book(user, kind, subject, year, folder, progress=progress.step)
    except book.TurnOver:
        raise jobs.JobGoesOn from None
    return Made(File(found.file.open("rb")), found.file_name, found.pages)


@jobs.kind("kept-report")
def kept_report(progress: jobs.Progress) -> None:
    """Makes a report and keeps it; arguments: kind, subject, year, language, acting_for."""
    user, asked = asker_of(progress), progress.arguments
    kind, subject, year = asked["kind"], asked["subject"], asked["year"]
    with translation.override(asked.get("language") or user.language):
        try:
            title = title_of(user, kind, subject, year)
            made = _make(progress, user, kind, subject, year)
        except Http404:
            raise jobs.JobFailed(_("There is nothing here that you may see.")) from None
        except (ReportError, book.BookTooLong) as error:
            raise jobs.JobFailed(str(error)) from None
        _finish(progress, keep(progress.job, user, kind, title, made))


def _finish(progress: jobs.Progress, row: SentReport) -> None:
    shutil.rmtree(book.folder_of(progress.job), ignore_errors=True)
    progress.say(
        ngettext(
            "%(n)s page. The report is in your archive.",
            "%(n)s pages. The report is in your archive.",
            row.pages,
        )
        % {"n": row.pages},
        reverse("plans:report_download", args=[row.pk]),
    )


@jobs.kind("mailed-report")
def mailed_report(progress: jobs.Progress) -> None:
    """Makes a report as its person sees it today, keeps it and mails it; arguments: schedule, on."""
    row = (
        ReportSchedule.objects.active()
        .select_related("user")
        .filter(pk=progress.arguments["schedule"])
        .first()
    )
    if row is None or not may_be_told(row.user):
        raise jobs.JobFailed(_("This report is no longer wanted."))
    on = date.fromisoformat(progress.arguments["on"])
    user, year = row.user, company_year().year
    with translation.override(user.language):
        try:
            title = title_of(user, row.kind, row.subject, year)
            made = _make(progress, user, row.kind, row.subject, year)
        except Http404:
            _tell_of_loss(row, on)
            raise jobs.JobFailed(_("There is nothing here that you may see.")) from None
        except (ReportError, book.BookTooLong) as error:
            raise jobs.JobFailed(str(error)) from None
        kept = keep(progress.job, user, row.kind, title, made)
        if _claim(row, on):
            _send(kept)
        _finish(progress, kept)


def _claim(row: ReportSchedule, on: date) -> bool:
    """Whether this day's mail is still to be sent, and is now the caller's."""
    fresh = ReportSchedule.objects.filter(Q(sent_on__isnull=True) | Q(sent_on__lt=on), pk=row.pk)
    return bool(fresh.update(sent_on=on))


def _send(kept: SentReport) -> None:
    SentReport.objects.filter(pk=kept.pk).update(mailed=True)
    small = kept.file.size <= ATTACHED_BYTES
    words = (
        _("The report that you ordered is attached. It is in your archive, too:")
        if small
        else _("The report that you ordered is too large for a mail. You find it in your archive:")
    )
    mail = EmailMessage(kept.title, f"{words}\n{_library()}", to=[kept.user.email])
    if small:
        with kept.file.open("rb") as file:
            mail.attach(kept.file_name, file.read(), "application/pdf")
    mail.send()


def _tell_of_loss(row: ReportSchedule, on: date) -> None:
    """Who may no longer see what they ordered, or where there is none, reads so once."""
    if not _claim(row, on):
        return
    end_schedule(ReportSchedule.objects.get(pk=row.pk))
    mail = EmailMessage(
        _("Report by mail ended: %(name)s") % {"name": row.get_kind_display()},
        _(
            "The report that you ordered could not be made: there is nothing of it that you may see "
            "any more. It does not come again. You order another one here:"
        )
        + f"\n{_library()}",
        to=[row.user.email],
    )
    mail.send()


def _library() -> str:
    return settings.SITE_URL.rstrip("/") + reverse("plans:report_library")
