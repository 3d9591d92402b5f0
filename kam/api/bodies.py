"""What a call may send: names that nobody knows are refused, not passed over in silence.

A field that is known but not for the caller to write (``id``, ``version``, what was set when the row
was made) is taken and left as it is: what a GET answered can be sent back as a whole.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiSerializerExtension
from rest_framework import serializers
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request

FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
LONGEST = 100  # of a name that is said again
Step = TypeVar("Step", bound=Callable[..., Any])


class KnownFields:
    """Mixin of serializers: an unknown name in the body is 400, at its place, beside other faults."""

    def to_internal_value(self, data: Any) -> Any:
        wrong = unknown_fields(data, self.fields) if isinstance(data, Mapping) else {}  # type: ignore[attr-defined]
        try:
            values = super().to_internal_value(data)  # type: ignore[misc]
        except serializers.ValidationError as error:
            if wrong and isinstance(error.detail, dict):
                raise serializers.ValidationError({**wrong, **error.detail}) from None
            raise
        if wrong:
            raise serializers.ValidationError(wrong)
        return values


class Body(KnownFields, serializers.Serializer):
    """What a call sends that is no row."""


def unknown_fields(
    data: Mapping[str, Any], fields: Mapping[str, serializers.Field]
) -> dict[str, list[Any]]:
    """Name → what is wrong with it, for each name that is no field."""
    unknown = [name for name in data if name not in fields]
    if not unknown:
        return {}
    known = ", ".join(name for name, field in fields.items() if not field.read_only)
    words = _("There is no such field. Known are: %(names)s.") % {"names": known}
    if not known:
        words = _("Nothing is sent with this call.")
    return {
        _sayable(name): [serializers.ErrorDetail(words, code="unknown_field")] for name in unknown
    }


def _sayable(name: str) -> str:
    """The name cut short, and without what no answer can hold (halves of surrogate pairs)."""
    return name[:LONGEST].encode("utf-8", "replace").decode()


def _sent_with(request: Request) -> Any:
    """The body; an empty form is none, though forms are not read here."""
    try:
        return request.data
    except UnsupportedMediaType:
        form = request._request  # type: ignore[attr-defined]
        if form.content_type not in FORMS or form.POST or form.FILES:
            raise
        return None


def bodiless(step: Step) -> Step:
    """Decorator of an action that takes no body: whatever is sent is 400, by name."""

    @wraps(step)
    def refusing(view: Any, request: Request, *args: Any, **kwargs: Any) -> Any:
        sent = _sent_with(request)
        if sent:
            named = sent if isinstance(sent, Mapping) else {"non_field_errors": sent}
            raise serializers.ValidationError(unknown_fields(named, {}))
        return step(view, request, *args, **kwargs)

    return refusing  # type: ignore[return-value]


class KnownFieldsScheme(OpenApiSerializerExtension):
    """The document says so, too."""

    target_class = KnownFields
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return {**schema, "additionalProperties": False} if direction == "request" else schema
