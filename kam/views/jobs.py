"""Long work: how far it is, stopping it, fetching what it made."""

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.shortcuts import render as render_page
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from kam import jobs
from kam.editing import fetch_editable, fetch_visible
from kam.htmx import render, wants_fragment
from kam.listing import Key, key_page
from kam.models import Job

NEWEST_FIRST = (Key("created_at", descending=True), Key("id", descending=True))


@login_required
@require_safe
def job_list(request: HttpRequest) -> HttpResponse:
    """The person's long work, newest first; administrators see everybody's."""
    rows = Job.objects.visible_to(request.user).select_related("created_by")
    page = key_page(
        rows, NEWEST_FIRST, after=request.GET.get("after"), before=request.GET.get("before")
    )
    return render_page(request, "kam/jobs.html", {"page": page})


@login_required
@require_safe
def job_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One job; the fragment is asked for each second until the job is over."""
    job = fetch_visible(Job.objects, request.user, pk=pk)
    return render(request, "kam/job.html", _context(job), fragment="kam/_job.html")


@login_required
@require_POST
def job_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks the work to stop; what it has written so far is rolled back by the work itself."""
    job = fetch_editable(Job.objects, request.user, pk=pk)
    jobs.cancel(job)
    job.refresh_from_db()
    if wants_fragment(request):
        return render(request, "kam/job.html", _context(job), fragment="kam/_job.html")
    return redirect("kam:job_detail", pk=pk)


@login_required
@require_safe
def job_result(request: HttpRequest, pk: int) -> FileResponse:
    """The file that the job made, for the person who asked for it."""
    return send_result(fetch_visible(Job.objects, request.user, pk=pk))


def send_result(job: Job) -> FileResponse:
    """The job's file as a download; 404 where it made none."""
    if not job.result or job.state != Job.State.DONE:
        raise Http404
    try:
        file = job.result.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(file, as_attachment=True, filename=job.result_name)
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _context(job: Job) -> dict[str, object]:
    leads_on = job.url.startswith("/") and url_has_allowed_host_and_scheme(job.url, None)
    result_url = job.url if leads_on else ""
    if job.result:
        result_url = reverse("kam:job_result", args=[job.pk])
    return {
        "job": job,
        "url": reverse("kam:job_detail", args=[job.pk]),
        "cancel_url": reverse("kam:job_cancel", args=[job.pk]),
        "result_url": result_url,
    }
