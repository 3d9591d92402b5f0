"""Answers to what went wrong, for people."""

import sys

from django.core.exceptions import BadRequest
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from redis.exceptions import RedisError

#: The database or the cache does not answer: nothing is wrong with the request.
AWAY = (OperationalError, InterfaceError, RedisError)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page was left open over a sign-in or sign-out: say so; the client keeps what was typed."""
    return render(request, "403_csrf.html", {"reason": reason}, status=403)


def unavailable() -> HttpResponse:
    """503, without asking the database or the cache for anything."""
    response = HttpResponse(render_to_string("503.html"), status=503)
    response["Retry-After"] = "10"
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: what was sent cannot be read; where a page of ours says why, its sentence stands there."""
    reason = str(exception) if type(exception) is BadRequest else ""
    return HttpResponse(render_to_string("400.html", {"reason": reason}), status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """500; 503 where the database or the cache is away, also before any view was reached."""
    if isinstance(sys.exc_info()[1], AWAY):
        return unavailable()
    return HttpResponse(render_to_string("500.html"), status=500)
