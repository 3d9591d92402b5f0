"""Answers to what went wrong, for people."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page was left open over a sign-in or sign-out: say so; the client keeps what was typed."""
    return render(request, "403_csrf.html", {"reason": reason}, status=403)
