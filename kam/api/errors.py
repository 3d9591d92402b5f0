"""Errors in one shape: RFC 9457 problem details, with the fields that are wrong."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied as Forbidden
from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import exception_handler as standardized_handler
from drf_standardized_errors.types import ErrorResponse, ExceptionHandlerContext
from rest_framework import status
from rest_framework.exceptions import APIException, PermissionDenied
from rest_framework.response import Response

from kam.api.problems import AWAY, PROBLEM_JSON, RETRY_AFTER, UNAVAILABLE


class Conflict(APIException):
    """409: the row would break a rule that the whole table keeps."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = _("This cannot stand beside what is there already.")
    default_code = "conflict"


class PreconditionFailed(APIException):
    """412: somebody else changed the same fields since the version in If-Match."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = _("Somebody else changed the same field in the meantime.")
    default_code = "precondition_failed"


class Unavailable(APIException):
    """503: the database or the cache does not answer; the same call may work in some seconds."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = _(UNAVAILABLE)
    default_code = "unavailable"
    wait = RETRY_AFTER


class ProblemFormatter(ExceptionFormatter):
    """``{"type", "title", "status", "detail", "errors": [{"code", "detail", "attr"}]}``."""

    def format_error_response(self, error_response: ErrorResponse) -> dict[str, Any]:
        first = error_response.errors[0] if error_response.errors else None
        title = str(getattr(self.exc, "default_detail", ""))
        if not title or "{" in title:  # a pattern for the detail
            title = HTTPStatus(self.exc.status_code).phrase
        extra = getattr(self.exc, "problem", {})
        return {
            "type": f"urn:kam:{error_response.type}",
            "title": title,
            "status": self.exc.status_code,
            "detail": first.detail if first else "",
            "errors": [
                {"code": e.code, "detail": e.detail, "attr": e.attr} for e in error_response.errors
            ],
            **extra,
        }


def exception_handler(error: Exception, context: ExceptionHandlerContext) -> Response | None:
    """The library's handler, under RFC 9457's media type; 503 while a service is away."""
    if isinstance(error, AWAY):
        error = Unavailable()
    elif isinstance(error, Forbidden) and str(error):
        error = PermissionDenied(str(error))  # with the sentence that says why
    response = standardized_handler(error, context)
    if response is not None:
        response.content_type = PROBLEM_JSON
    return response


def conflict_from(error: IntegrityError) -> Conflict:
    """What a race for a unique value looks like to the caller: 409 with the constraint's name."""
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or "constraint"
    conflict = Conflict()
    conflict.problem = {"constraint": name}  # type: ignore[attr-defined]
    return conflict
