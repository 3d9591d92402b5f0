"""The report library: what one may have made, what was made, what comes by mail."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Account
from kam.editing import fetch_editable, fetch_visible
from kam.listing import Key, key_page
from kam.listing.files import Sheet, write_sheets
from kam.models import Team, User
from kam.scoping import signed_in
from plans.models import ReportSchedule, SentReport
from plans.report_forms import ReportForm
from plans.reports import tables
from plans.rollup_scope import WITH_ID
from plans.services import reports
from plans.views.rollup.addresses import asked_year

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NEWEST_FIRST = (Key("made_at", descending=True), Key("id", descending=True))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def library(request: HttpRequest) -> HttpResponse:
    """Asks for a report, now or by mail; lists what was made and what comes."""
    posted = request.POST if request.method == "POST" else None
    initial = {name: request.GET[name] for name in ("kind",) if name in request.GET}
    form = ReportForm(posted, user=request.user, initial=initial)
    if posted is not None and form.is_valid():
        answer = _order(request, form)
        if answer is not None:
            return answer
    page = key_page(
        SentReport.objects.visible_to(request.user),
        NEWEST_FIRST,
        after=request.GET.get("after"),
        before=request.GET.get("before"),
        size=25,
    )
    schedules = list(
        ReportSchedule.objects.visible_to(request.user).active().order_by("rhythm", "pk")[:100]
    )
    context = {
        "form": form,
        "page": page,
        "schedules": with_subjects(schedules, request.user),
        "kept_days": reports.KEPT_DAYS,
    }
    return render(
        request, "plans/reports/library.html", context, status=422 if form.errors else 200
    )


def _order(request: HttpRequest, form: ReportForm) -> HttpResponse | None:
    values = form.cleaned_data
    try:
        if values["rhythm"]:
            row = reports.order_schedule(
                signed_in(request), values["kind"], form.subject, values["rhythm"]
            )
            day = date_format(row.next_on, "SHORT_DATE_FORMAT")
            messages.success(
                request, _("The report comes by mail, first on %(day)s.") % {"day": day}
            )
            return redirect("plans:report_library")
        job = reports.order(request.user, values["kind"], form.subject, values["year"])
    except ValidationError as error:
        form.add_error(None, error.messages)
        return None
    except Http404:
        form.add_error("kind", _("There is nothing here that you may see."))
        return None
    return redirect("kam:job_detail", pk=job.pk)


def with_subjects(rows: list[ReportSchedule], user: Any) -> list[tuple[ReportSchedule, str]]:
    """The schedules with the names of whom they are, as far as seen (at most three queries)."""

    def names(found: Any, kinds: Any) -> dict[int, str]:
        keys = {row.subject for row in rows if row.kind in kinds and row.subject}
        if not keys:
            return {}
        return {row.pk: str(row) for row in found.filter(pk__in=keys).only("name")}

    accounts = names(Account.objects.visible_to(user), reports.OF_ACCOUNT)
    people = names(User.objects.visible_to(user), reports.OF_PERSON)
    teams = names(Team.objects.visible_to(user), reports.OF_TEAM)
    shown = []
    for row in rows:
        if row.kind in reports.OF_ACCOUNT:
            name = accounts.get(row.subject or 0, "")
        elif row.kind in reports.OF_PERSON:
            name = people.get(row.subject or 0, "")
        else:
            name = teams.get(row.subject or 0, "")
        shown.append((row, name))
    return shown


@login_required
@require_safe
def download(request: HttpRequest, pk: int) -> FileResponse:
    """A report from one's own archive."""
    return send_kept(fetch_visible(SentReport.objects, request.user, pk=pk))


def send_kept(row: SentReport) -> FileResponse:
    """A kept report as a download; 404 where its file is gone."""
    try:
        file = row.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(file, as_attachment=True, filename=row.file_name)
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@login_required
@require_POST
def schedule_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Ends a report by mail."""
    row = fetch_editable(ReportSchedule.objects.active(), request.user, pk=pk)
    reports.end_schedule(row)
    messages.success(request, _("This report no longer comes by mail."))
    return redirect("plans:report_library")


@login_required
@require_safe
def plan_tables(request: HttpRequest, pk: int) -> HttpResponse:
    """The tables of a plan as a workbook."""
    return _workbook(*tables.plan_tables(request.user, pk))


@login_required
@require_safe
def level_tables(request: HttpRequest, level: str, pk: int | None = None) -> HttpResponse:
    """The tables of a level of the roll-up as a workbook."""
    if (level in WITH_ID) != (pk is not None) or level == "account":
        raise Http404
    return _workbook(*tables.level_tables(request.user, level, pk, asked_year(request).year))


def _workbook(name: str, sheets: list[Sheet]) -> HttpResponse:
    response = HttpResponse(content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    write_sheets(response, sheets)
    return response
