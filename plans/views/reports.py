"""PDF reports: short ones at once, long ones as a job with progress."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from kam.pdf import ReportError
from plans import reports
from plans.rollup_scope import WITH_ID
from plans.views.rollup.addresses import address, asked_year


@login_required
@require_safe
def plan_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The account plan as it stands, as PDF."""
    return _answer(request, "plan", pk, 0, reverse("plans:detail", args=[pk]))


@login_required
@require_safe
def one_page_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The account plan on one page."""
    return _answer(request, "one_page", pk, 0, reverse("plans:detail", args=[pk]))


@login_required
@require_safe
def customer_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The customer's edition: what has been chosen for sharing."""
    return _answer(request, "customer", pk, 0, reverse("plans:detail", args=[pk]))


@login_required
@require_safe
def management_pdf(request: HttpRequest) -> HttpResponse:
    """The management summary of a year."""
    year = asked_year(request).year
    return _answer(request, "management", None, year, reverse("plans:rollup"))


@login_required
@require_safe
def rollup_pdf(request: HttpRequest, level: str, pk: int | None = None) -> HttpResponse:
    """One level of the roll-up as PDF."""
    if (level in WITH_ID) != (pk is not None) or level == "account":
        raise Http404
    year = asked_year(request)
    back = reverse("plans:rollup") if level == "own" else address(level, pk, year)
    return _answer(request, level, pk, year.year, back)


def _answer(request: HttpRequest, level: str, pk: int | None, year: int, back: str) -> HttpResponse:
    """The file, or the page of the job that makes it, or the reason why there is none."""
    prepared = reports.prepare(request.user, level, pk, year)
    if prepared.rows > reports.AT_ONCE:
        job = reports.start_job(request.user, prepared, level, pk, year)
        return redirect("kam:job_detail", pk=job.pk)
    try:
        pdf = reports.make(prepared)
    except ReportError as error:
        messages.error(request, str(error))
        return redirect(back)
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{prepared.file_name}"'
    return response
