"""Answers to what went wrong: pages for people, problems for programs (everything under ``/api/``)."""

import sys

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views import defaults

from kam.api.problems import AWAY, is_call, problem


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page was left open over a sign-in or sign-out: say so; the client keeps what was typed."""
    return render(request, "403_csrf.html", {"reason": reason}, status=403)


def unavailable(request: HttpRequest) -> HttpResponse:
    """503, without asking the database or the cache for anything."""
    if is_call(request):
        return problem(503)
    response = HttpResponse(render_to_string("503.html"), status=503)
    response["Retry-After"] = "10"
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: what was sent cannot be read; where a page of ours says why, its sentence stands there."""
    reason = str(exception) if type(exception) is BadRequest else ""
    if is_call(request):
        return problem(400, reason)
    return HttpResponse(render_to_string("400.html", {"reason": reason}), status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: not for this person to do."""
    return problem(403) if is_call(request) else defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: no such address, or not for this person to see."""
    return problem(404) if is_call(request) else defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """500; 503 where the database or the cache is away, also before any view was reached."""
    if isinstance(sys.exc_info()[1], AWAY):
        return unavailable(request)
    if is_call(request):
        return problem(500)
    return HttpResponse(render_to_string("500.html"), status=500)
