"""Imports over the API: a file is sent, checked in the worker, looked at, and written.

The same services as the pages under **Import**; see docs/importing.md.
"""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.routers import BaseRouter

from kam.api.bodies import Body, bodiless
from kam.api.errors import Conflict
from kam.api.filtering import refuse_unknown
from kam.api.foundation import JobSerializer
from kam.api.parsers import GuardedJSONParser
from kam.api.permissions import ScopedAccess
from kam.api.resources import ScopedReadViewSet
from kam.importing import services
from kam.importing.engine import KINDS
from kam.importing.mapping import MAP_BYTES, Map, MapRefused
from kam.importing.reading import MAX_BYTES, FileRefused
from kam.importing.resource import resources
from kam.importing.services import ImportRefused
from kam.models import ImportBatch, ImportMap
from kam.scoping import EDITS_ALL, signed_in

#: What a finished check or import tells beside its four counts; rows come from ``rows/``.
TOLD = (
    "error",
    "read",
    "blank",
    "left_out",
    "repeated",
    "added_up",
    "translated",
    "new_words",
    "warnings",
    "reasons",
)


class Importers(ScopedAccess):
    """Who signed in reads their own imports; administrators and service accounts import.

    An import that the caller does not see is 404 before anything else is said of it.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        return request.method in SAFE_METHODS or view.detail or self._may_import(request)

    def has_object_permission(self, request: Request, view: Any, row: Any) -> bool:
        return request.method in SAFE_METHODS or self._may_import(request)

    def _may_import(self, request: Request) -> bool:
        return signed_in(request).role in EDITS_ALL


class ImportBatchSerializer(serializers.ModelSerializer):
    """One import in a list."""

    class Meta:
        model = ImportBatch
        fields = [
            "id",
            "resource",
            "file_name",
            "digest",
            "state",
            "good_rows_only",
            "created",
            "changed",
            "unchanged",
            "refused",
            "created_by",
            "created_at",
            "applied_at",
        ]


class ImportReportSerializer(serializers.Serializer):
    """What reading the file found; empty until it has been checked."""

    error = serializers.CharField(
        required=False, help_text="Why the file or its map as a whole is refused."
    )
    read = serializers.IntegerField(required=False, help_text="Rows of the file.")
    blank = serializers.IntegerField(required=False, help_text="Empty rows.")
    left_out = serializers.IntegerField(
        required=False, help_text="Rows that the map's [only] leaves out."
    )
    repeated = serializers.IntegerField(required=False, help_text="Rows that stand once more.")
    added_up = serializers.IntegerField(
        required=False, help_text="Rows that were added to another with the same key."
    )
    translated = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()),
        required=False,
        help_text="Field → word of the file that the map translates → how often it stands there.",
    )
    new_words = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="List → words that it would grow by, or has grown by.",
    )
    warnings = serializers.ListField(child=serializers.CharField(), required=False)
    reasons = serializers.DictField(
        child=serializers.IntegerField(),
        required=False,
        help_text="Why rows are refused → how many of them (the fifty most frequent reasons).",
    )


class FileColumnsSerializer(serializers.Serializer):
    """What becomes of the file's columns, by their names in its head."""

    read = serializers.ListField(
        child=serializers.CharField(), help_text="Those that feed a field or choose rows."
    )
    not_read = serializers.ListField(
        child=serializers.CharField(), help_text="Those that the map leaves."
    )
    doubled = serializers.ListField(
        child=serializers.CharField(),
        help_text="Names that stand there more than once; the later ones are called by their place.",
    )


class ImportSerializer(ImportBatchSerializer):
    """One import, with the work that goes on for it and what was found."""

    columns = FileColumnsSerializer(
        source="file_columns",
        read_only=True,
        allow_null=True,
        help_text="Null where no file was sent.",
    )
    mapping = serializers.SerializerMethodField(
        help_text="The map by which the file is read, in the parts of its TOML; see PATCH."
    )

    job = JobSerializer(
        read_only=True,
        allow_null=True,
        help_text="The check or import in the worker; it is over with `done`, `failed` or `cancelled`.",
    )
    report = serializers.SerializerMethodField()

    class Meta(ImportBatchSerializer.Meta):
        fields = [*ImportBatchSerializer.Meta.fields, "columns", "mapping", "job", "report"]

    @extend_schema_field(serializers.DictField(allow_null=True))
    def get_mapping(self, batch: ImportBatch) -> dict[str, Any] | None:
        return batch.reading.get("map")

    def to_representation(self, batch: ImportBatch) -> dict[str, Any]:
        batch.file_columns = services.columns_of(batch)  # type: ignore[attr-defined]
        return super().to_representation(batch)

    @extend_schema_field(ImportReportSerializer)
    def get_report(self, batch: ImportBatch) -> dict[str, Any]:
        return {name: batch.report[name] for name in TOLD if name in batch.report}


class MapGiven(Body):
    """A map: a saved one by its name, or a file."""

    map = serializers.CharField(
        required=False,
        max_length=80,
        help_text="The name of a saved map.",
    )
    map_file = serializers.FileField(required=False, help_text="A map as a TOML file.")

    def validate_map_file(self, file: UploadedFile) -> Map:
        if (file.size or 0) > MAP_BYTES:
            raise ValidationError(_("This is no map: it is too large."))
        try:
            return Map.from_toml(file.read().decode("utf-8"))
        except UnicodeDecodeError:
            raise ValidationError(_("A map is a text file in UTF-8.")) from None
        except MapRefused as error:
            raise ValidationError(str(error)) from None

    def chosen(self, values: dict[str, Any], resource: str) -> Map | None:
        """Takes what was given out of ``values``: the file's, else the saved one's, else none."""
        mapping, name = values.pop("map_file", None), values.pop("map", "")
        if not name:
            return mapping
        if mapping is not None:
            raise ValidationError({"map": _("One map, not two: a saved one or a file.")})
        saved = (
            ImportMap.objects.visible_to(self.context["request"].user)
            .active()
            .filter(resource=resource, name=name)
            .first()
        )
        if saved is None:
            raise ValidationError(
                {"map": _("There is no saved map with this name for such files.")}
            )
        return Map.from_json(saved.content)


class ImportUploadSerializer(MapGiven):
    """A file, what it holds, and perhaps the map by which it is read; guessed without."""

    resource = serializers.ChoiceField(choices=[], help_text="What the file holds.")
    file = serializers.FileField(
        allow_empty_file=True,  # the reader says what is wrong with it
        help_text="CSV or XLSX, with the columns' names in its first row.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["resource"]
        field.choices = [(r.name, r.label) for r in resources()]  # type: ignore[attr-defined]

    def validate_file(self, file: UploadedFile) -> UploadedFile:
        if (file.size or 0) > MAX_BYTES:
            raise ValidationError(
                _("At most %(limit)d MB are read.") % {"limit": MAX_BYTES // 1_000_000}
            )
        return file

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        """Puts the map itself under ``mapping``."""
        values["mapping"] = self.chosen(values, values["resource"])
        return values


class ImportMapSerializer(MapGiven):
    """Another map for a file that was sent: a saved one, a file, or its parts as they stand here."""

    mapping = serializers.DictField(
        required=False,
        help_text="The map in the parts of its TOML, as a GET gives it: `columns`, `constants` …",
    )

    def validate_mapping(self, parts: dict[str, Any]) -> Map:
        try:
            return Map.from_json(parts)
        except MapRefused as error:
            raise ValidationError(str(error)) from None

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        given = values.pop("mapping", None)
        chosen = self.chosen(values, self.context["resource"])
        if (given is None) == (chosen is None):
            raise ValidationError({"mapping": _("One map: a saved one, a file, or its parts.")})
        return {"mapping": given or chosen}


class ImportApplySerializer(Body):
    """Whether the refused rows are left out; without it one refused row keeps the file out."""

    good_rows_only = serializers.BooleanField(default=False)


class ImportRowSerializer(serializers.Serializer):
    """A row of the file as the preview shows it; which fields are there depends on the kind."""

    line = serializers.IntegerField(help_text="As an editor counts them; the head is line 1.")
    column = serializers.CharField(required=False, help_text="refused: where it is wrong")
    value = serializers.CharField(required=False, help_text="refused: what stands there")
    expected = serializers.CharField(required=False, help_text="refused: what was expected")
    key = serializers.CharField(required=False, help_text="what the row is known by")
    lines = serializers.IntegerField(
        required=False, help_text="rows of the file that it is made of"
    )
    values = serializers.DictField(
        child=serializers.CharField(), required=False, help_text="field → value"
    )
    changes = serializers.ListField(
        child=serializers.DictField(child=serializers.CharField()),
        required=False,
        help_text="changed: each `column` with what it holds `before` and `after`",
    )


class ImportRowsSerializer(serializers.Serializer):
    """The first rows of one kind."""

    kind = serializers.ChoiceField(choices=KINDS)
    count = serializers.IntegerField(help_text="How many rows of this kind the file holds.")
    rows = ImportRowSerializer(many=True, help_text="The first 300 of them.")


KIND = OpenApiParameter(
    "kind", OpenApiTypes.STR, enum=KINDS, default="refused", description="Which rows are shown."
)


class ImportViewSet(ScopedReadViewSet):
    """Files (and calls) that brought data in. Administrators and service accounts import."""

    queryset = ImportBatch.objects.order_by("-id")
    serializer_class = ImportSerializer
    permission_classes = [Importers]
    parser_classes = [MultiPartParser, GuardedJSONParser]
    filterset_fields = {"resource": ["exact"], "state": ["exact"]}

    def get_serializer_class(self) -> type[serializers.BaseSerializer]:
        return ImportBatchSerializer if self.action == "list" else ImportSerializer

    def get_queryset(self) -> Any:
        found = super().get_queryset()
        if self.action == "list":
            return found.defer("report", "reading")
        return found.select_related("job", "created_by")

    @extend_schema(
        request={"multipart/form-data": ImportUploadSerializer}, responses=ImportSerializer
    )
    def create(self, request: Request) -> Response:
        """Takes a file and lets a worker check it; nothing is written before `apply`.

        The file's own faults (no table, unknown encoding …) are 400 at once. Whether its map and
        rows are right is told by the import once its job is over: its `state` is then `checked`,
        or `refused` with the `error` in its `report`.
        """
        upload = ImportUploadSerializer(data=request.data, context=self.get_serializer_context())
        upload.is_valid(raise_exception=True)
        found = upload.validated_data
        user = signed_in(request)
        try:
            with transaction.atomic():  # no file without the work on it
                batch = services.upload(
                    found["resource"],
                    found["file"],
                    found["file"].name,
                    user=user,
                    mapping=found["mapping"],
                )
                services.start(batch, "check", user=user)
        except FileRefused as error:
            raise ValidationError({"file": str(error)}) from None
        where = reverse("api:import-detail", args=[batch.pk], request=request)
        return self._told(batch, status.HTTP_201_CREATED, {"Location": where})

    @extend_schema(
        request={
            "application/json": ImportMapSerializer,
            "multipart/form-data": ImportMapSerializer,
        },
        responses={202: ImportSerializer},
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Reads the file by another map: a worker checks it anew (202), as after sending it.

        400 where the map does not fit the file; 409 while work goes on, or once the import is over.
        """
        batch = self.get_object()
        context = {**self.get_serializer_context(), "resource": batch.resource}
        asked = ImportMapSerializer(data=request.data, context=context)
        asked.is_valid(raise_exception=True)
        try:
            services.check_with(batch, asked.validated_data["mapping"], user=signed_in(request))
        except FileRefused as error:
            raise ValidationError({"mapping": str(error)}) from None
        except ImportRefused as error:
            raise Conflict(str(error)) from None
        return self._told(batch, status.HTTP_202_ACCEPTED)

    @extend_schema(request=ImportApplySerializer, responses={202: ImportSerializer})
    @action(detail=True, methods=["post"])
    def apply(self, request: Request, pk: str) -> Response:
        """Lets a worker write what the check showed: all rows, or the good ones.

        Asked for again while it goes on, it is the same work. 409 for what is not checked, is being
        checked, or is over.
        """
        batch = self.get_object()
        asked = ImportApplySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            job = services.start(
                batch,
                "apply",
                user=signed_in(request),
                good_rows_only=asked.validated_data["good_rows_only"],
            )
        except ImportRefused as error:
            raise Conflict(str(error)) from None
        if job.arguments.get("step") != "apply":
            raise Conflict(_("The file is being checked."))
        return self._told(batch, status.HTTP_202_ACCEPTED)

    @extend_schema(request=None, responses=ImportSerializer)
    @action(detail=True, methods=["post"])
    @bodiless
    def cancel(self, request: Request, pk: str) -> Response:
        """Gives the import up, or stops the work on it; nothing of it is left in the data.

        What has been written stays: such an import answers with its state as it is.
        """
        batch = self.get_object()
        services.cancel(batch)
        return self._told(batch)

    @extend_schema(parameters=[KIND], responses=ImportRowsSerializer, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def rows(self, request: Request, pk: str) -> Response:
        """The first 300 rows that are (or would be) created, changed, unchanged or refused.

        A refused row is named by its line and column, with what stands there and what was expected.
        """
        refuse_unknown(request, ["kind"])
        kind = request.query_params.get("kind", "refused")
        if kind not in KINDS:
            known = ", ".join(KINDS)
            raise ValidationError({"kind": _("One of: %(names)s.") % {"names": known}})
        report = self.get_object().report
        shown = (report.get("rows") or {}).get(kind, [])
        return Response({"kind": kind, "count": report.get(kind, 0), "rows": shown})

    def _told(
        self, batch: ImportBatch, code: int = status.HTTP_200_OK, headers: Any = None
    ) -> Response:
        batch = self.get_queryset().get(pk=batch.pk)
        return Response(self.get_serializer(batch).data, status=code, headers=headers)


def register(router: BaseRouter) -> None:
    router.register("imports", ImportViewSet, "import")
