"""Which reports there are, and making them: at once, in the worker, by command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import Http404
from django.utils import translation
from django.utils.translation import gettext as _

from kam import jobs
from kam.models import Job
from kam.pdf import Report, check_rows, render_report
from kam.periods import company_year
from plans.reports.customer import customer_edition
from plans.reports.head import Prepared
from plans.reports.management import management_summary
from plans.reports.one_page import one_page
from plans.reports.plan import full_plan
from plans.reports.rollup import rollup

#: Above this many table rows a report is a job, not an answer.
AT_ONCE = 30

#: Reports of one account plan, by name; their id is the plan's.
OF_PLAN: Mapping[str, Callable[[Any, int], Prepared]] = {
    "plan": full_plan,
    "one_page": one_page,
    "customer": customer_edition,
}


def prepare(user: Any, level: str, pk: int | None, year: int) -> Prepared:
    """The report's figures as this person may see them; 404 for what they may not.

    ``level`` is one of ``OF_PLAN``, ``management``, or a level of the roll-up.
    """
    if level in OF_PLAN:
        return OF_PLAN[level](user, pk or 0)
    if level == "management":
        return management_summary(user, company_year(year))
    return rollup(user, level, pk, company_year(year))


def make(
    prepared: Prepared,
    *,
    limited: bool = False,
    progress: Callable[[str], None] | None = None,
) -> bytes:
    """The PDF. Raises ``kam.pdf.ReportError`` with a sentence for the reader."""
    return measured(prepared, limited=limited, progress=progress).pdf


def measured(
    prepared: Prepared,
    *,
    limited: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """The PDF with its pages and what it cost."""
    check_rows(prepared.rows)
    return render_report(
        prepared.template,
        prepared.context,
        limited=limited,
        progress=progress,
        language=translation.get_language(),
        **prepared.head,
    )


def start_job(user: Any, prepared: Prepared, level: str, pk: int | None, year: int) -> Job:
    """Lets the worker make the report for this person; its row shows how far it is."""
    return jobs.start(
        "report",
        _("PDF: %(name)s") % {"name": prepared.head["subject"] or prepared.head["title"]},
        user,
        level=level,
        pk=pk,
        year=year,
        language=translation.get_language(),
        acting_for=user.acting_for.pk if user.acting_for else None,
    )


def asker_of(progress: jobs.Progress) -> Any:
    """Who asked, with the rights of whom they act for; ``JobFailed`` where these have ended."""
    from kam.middleware import apply_substitution

    user, asked = progress.user, progress.arguments
    if user is None or not user.is_active:
        raise jobs.JobFailed("nobody asked for this report")
    if asked.get("acting_for") and not apply_substitution(user, asked["acting_for"]):
        raise jobs.JobFailed(_("You no longer stand in for this person."))
    return user


@jobs.kind("report")
def report_job(progress: jobs.Progress) -> None:
    """Makes a report for the person who asked; arguments: level, pk, year, language, acting_for."""
    user, asked = asker_of(progress), progress.arguments
    with translation.override(asked.get("language") or user.language):
        steps = 0

        def step(_words: str) -> None:
            nonlocal steps
            steps += 1
            progress.step(min(steps, 9), 10)

        progress.step(0, 10)
        try:
            prepared = prepare(user, asked["level"], asked["pk"], asked["year"])
        except Http404:
            raise jobs.JobFailed(_("There is nothing here that you may see.")) from None
        step("")
        pdf = make(prepared, limited=True, progress=step)
        progress.deliver(pdf, prepared.file_name)
        progress.step(10, 10)
