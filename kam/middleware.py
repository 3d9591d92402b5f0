"""What happens around every request: guards, the person, the audit context."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone, translation
from pghistory.middleware import HistoryMiddleware

from kam.api.problems import is_call, problem
from kam.models import Company, Substitution
from kam.periods import company_today
from kam.scoping import NOT_HANDED_OVER
from kam.views.errors import AWAY, unavailable

GetResponse = Callable[[HttpRequest], HttpResponseBase]
ACTING_FOR = "acting_for"
ACTING_HEADER = "X-Acting-For"


class EdgeGuard:
    """Refuses what no database text can hold, and says 503 when the database is away.

    Around the whole request the company's settings are read once: lists ask for them in each row.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        raw = request.META.get("QUERY_STRING", "") + request.META.get("RAW_URI", request.path)
        if b"\x00" in unquote_to_bytes(raw) or "\x00" in request.path:
            reason = "The address holds a NUL character."
            return problem(400, reason) if is_call(request) else HttpResponse(reason, status=400)
        with Company.read_once():
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, AWAY):
            return unavailable(request)
        if isinstance(error, ValueError) and "NUL" in str(error):
            raise BadRequest("NUL character") from error
        if isinstance(error, RecursionError) and request.method not in ("GET", "HEAD"):
            raise BadRequest("nested too deeply") from error
        return None


class PersonMiddleware:
    """Language, time zone and substitution of the signed-in person, for this request."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        user = request.user
        language = translation.get_language_from_request(request)
        if user.is_authenticated:
            language = user.language
            apply_substitution(user, request.session.get(ACTING_FOR))
            timezone.activate(user.zone)
        translation.activate(language)
        request.LANGUAGE_CODE = language  # type: ignore[attr-defined]
        try:
            response = self.get_response(request)
        finally:
            timezone.deactivate()
        if response.status_code == 302 and request.headers.get("HX-Request"):
            location = response.headers.get("Location", "")
            if location.startswith(reverse(settings.LOGIN_URL)):
                # A part of a page must not become the sign-in page: the client offers to reload.
                response = HttpResponse(status=401)
        # Who calls with a token is known only within: then the language is theirs.
        response.headers.setdefault("Content-Language", translation.get_language())
        if "Cache-Control" not in response.headers and user.is_authenticated:
            response.headers["Cache-Control"] = "private, no-cache"
        return response


def apply_substitution(user: Any, absent_id: int | None) -> bool:
    """Lets ``user`` act for the absent person, if a substitution covers today; else does not.

    Administration cannot be gained so: nobody acts for an administrator or a service account.
    Returns whether they now act for somebody.
    """
    user.acting_for = user.acting_until = None
    if not absent_id:
        return False
    row = (
        Substitution.objects.covering(company_today())
        .filter(
            substitute=user,
            absent=absent_id,
            absent__is_active=True,
            absent__archived_at__isnull=True,
        )
        .exclude(absent__role__in=NOT_HANDED_OVER)
        .select_related("absent__team")
        .first()
    )
    if row is None:
        return False
    user.acting_for, user.acting_until = row.absent, row.ends_on
    return True


class AuditMiddleware(HistoryMiddleware):
    """Says with each change who made it, for whom, and whether through a page or the API."""

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        user = request.user
        context: dict[str, Any] = {
            "source": "api" if request.path.startswith("/api/") else "page",
            "url": request.path,
        }
        if user.is_authenticated:
            context["user"] = user.pk
            if user.acting_for:
                context["acting_for"] = user.acting_for.pk
        return context
