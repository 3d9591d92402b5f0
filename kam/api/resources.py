"""The base of every resource: scope, services, ETag, restore."""

from collections.abc import Mapping
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as ModelError
from django.db import IntegrityError, models, transaction
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from kam import editing
from kam.api.bodies import KnownFields, bodiless
from kam.api.errors import PreconditionFailed, conflict_from
from kam.scoping import ScopedQuerySet


class ScopedChoice(serializers.PrimaryKeyRelatedField):
    """A reference to another row: only rows that the caller sees can be named."""

    def get_queryset(self) -> Any:
        queryset = cast("ScopedQuerySet | None", super().get_queryset())
        return queryset.visible_to(self.context["request"].user) if queryset is not None else None


class RowSerializer(KnownFields, serializers.ModelSerializer):
    """Serializer of a versioned row; related rows go through the scope.

    ``Meta.fixed`` names fields that are set when the row is made and stay.
    """

    serializer_related_field = ScopedChoice

    def get_fields(self) -> dict[str, serializers.Field]:
        fields = super().get_fields()
        if self.instance is not None and not isinstance(self.instance, list):
            for name in getattr(self.Meta, "fixed", ()):
                fields[name].read_only = True
        return fields


class ScopedReadViewSet(viewsets.ReadOnlyModelViewSet):
    """Rows through the scope, read only. Set ``queryset`` and ``serializer_class``."""

    queryset: ScopedQuerySet
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> Any:
        queryset = cast(ScopedQuerySet, super().get_queryset())
        if getattr(self, "swagger_fake_view", False):
            return queryset.none()
        return queryset.visible_to(self.request.user)

    def filter_queryset(self, queryset: Any) -> Any:
        """Filters choose among many; a row that is named by its id is found in any state."""
        return super().filter_queryset(queryset) if self.action == "list" else queryset

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self.get_object()
        response = Response(self.get_serializer(row).data)
        if hasattr(row, "version"):
            response["ETag"] = etag(row)
        return response


class ScopedChangeViewSet(ScopedReadViewSet, mixins.UpdateModelMixin):
    """Rows through the scope, and changed: rows that come and go with something else.

    PATCH honours ``If-Match``: a field that somebody else changed since is 412, with both values.
    """

    http_method_names = ["get", "patch", "head", "options"]
    #: Whether a change may take the row out of the caller's reach, as a new owner of an account does.
    gives_away = False

    def change_row(
        self, row: Any, changes: Mapping[str, Any], base_version: int | None
    ) -> models.Model:
        """Saves the touched fields; override to call the app's service."""
        return editing.save_fields(row, changes, base_version=base_version)

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self.get_object()
        serializer = self.get_serializer(row, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        with speaking_errors(), transaction.atomic():
            try:
                row = self.change_row(row, serializer.validated_data, if_match(request))
            except editing.EditConflict as conflict:
                raise stale(conflict, request.user) from None
            if not (self.gives_away or editing.is_editable(row, request.user)):
                raise PermissionDenied
        return Response(self.get_serializer(row).data, headers={"ETag": etag(row)})


class ScopedViewSet(ScopedChangeViewSet, mixins.CreateModelMixin, mixins.DestroyModelMixin):
    """Rows through the scope, with their whole life; writes through ``kam.editing`` and services.

    DELETE archives; POST ``…/restore/`` brings back.
    """

    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def create_row(self, values: dict[str, Any]) -> models.Model:
        """Makes the row; override to call the app's service."""
        row = self.queryset.model(**values)
        row.full_clean()
        row.save()
        return row

    def archive_row(self, row: Any) -> None:
        """Takes the row out of use; override to call the app's service."""
        editing.archive(row)

    def restore_row(self, row: Any) -> None:
        """Brings the row back; override to call the app's service."""
        editing.restore(row)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        with speaking_errors(), transaction.atomic():
            row = self.create_row(serializer.validated_data)
            if not editing.is_editable(row, request.user):
                raise PermissionDenied
            row.refresh_from_db()
        return Response(
            self.get_serializer(row).data,
            status=status.HTTP_201_CREATED,
            headers={"ETag": etag(row)},
        )

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with speaking_errors():
            self.archive_row(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    @bodiless
    def restore(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Brings an archived row back."""
        with speaking_errors():
            self.restore_row(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


class speaking_errors:  # noqa: N801  (reads as a clause: with speaking_errors())
    """Model errors become 400 by field; a lost race for a unique value becomes 409."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, _trace: Any) -> None:
        if isinstance(error, ModelError):
            detail = error.message_dict if hasattr(error, "error_dict") else error.messages
            raise serializers.ValidationError(detail) from error
        if isinstance(error, IntegrityError):
            raise conflict_from(error) from error


def etag(row: Any) -> str:
    """The row's version as an entity tag."""
    return f'"{row.version}"'


def if_match(request: Request) -> int | None:
    """The version that the caller started from; ``None`` without If-Match or with ``*``."""
    header = request.headers.get("If-Match", "*").strip()
    if header == "*":
        return None
    try:
        return int(header.removeprefix("W/").strip('"'))
    except ValueError:
        raise PreconditionFailed from None


def stale(conflict: editing.EditConflict, reader: Any) -> PreconditionFailed:
    """412 with what each conflicting field held before, holds now, and was to hold."""
    error = PreconditionFailed()
    error.problem = {  # type: ignore[attr-defined]
        "version": conflict.row.version,  # type: ignore[attr-defined]
        "conflicts": [
            {
                "attr": f.name,
                "before": _text(f.before),
                "theirs": _text(f.theirs),
                "yours": _text(f.yours),
            }
            for f in conflict.fields_for(reader)
        ],
    }
    return error


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
