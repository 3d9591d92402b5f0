"""Answers to calls that reached no view, in the form of ``kam.api.errors``; without the framework."""

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext
from redis.exceptions import RedisError

PROBLEM_JSON = "application/problem+json"
#: The database or the cache does not answer: nothing is wrong with the request.
AWAY = (OperationalError, InterfaceError, RedisError)
RETRY_AFTER = 10
UNAVAILABLE = (
    "The database does not answer just now. Nothing you saved is lost. Try again in some seconds."
)
#: Status → code and words: the framework's own (and in its translations), so that both ways say one.
SAID = {
    400: ("parse_error", "Malformed request."),
    403: ("permission_denied", "You do not have permission to perform this action."),
    404: ("not_found", "Not found."),
    500: ("error", "A server error occurred."),
    503: ("unavailable", UNAVAILABLE),
}


def is_call(request: HttpRequest) -> bool:
    """Whether a program asks: everything under ``/api/`` is answered as a problem, not as a page."""
    return f"{request.path_info}/".startswith("/api/")


def problem(status: int, detail: str = "") -> JsonResponse:
    """One of ``SAID``; ``detail`` where more is known than its words tell."""
    code, words = SAID[status]
    title = gettext(words)
    detail = detail or title
    kind = "server_error" if status >= 500 else "client_error"
    body = {
        "type": f"urn:kam:{kind}",
        "title": title,
        "status": status,
        "detail": detail,
        "errors": [{"code": code, "detail": detail, "attr": None}],
    }
    response = JsonResponse(body, status=status, content_type=PROBLEM_JSON)
    if status == 503:
        response["Retry-After"] = str(RETRY_AFTER)
    return response
