"""Resources of reports: having one made, the archive of one's own, reports by mail."""

from typing import Any

from django.db import models
from django.http import FileResponse, Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.routers import BaseRouter

from kam.api.bodies import Body
from kam.api.foundation import JobSerializer
from kam.api.resources import RowSerializer, ScopedReadViewSet, ScopedViewSet, speaking_errors
from kam.periods import company_year
from kam.scoping import signed_in
from plans.models import ReportSchedule, SentReport
from plans.services import reports
from plans.views.library import send_kept

KINDS = [(kind.value, kind.label) for kind in reports.KINDS]
paths: list = []
NOTHING = {"subject": "There is nothing with this id that you may see."}


class KeptReportSerializer(serializers.ModelSerializer):
    class Meta:
        model = SentReport
        fields = ["id", "kind", "title", "made_at", "mailed", "pages", "file_name"]


class OrderedReport(Body):
    """Which report, of whom: an account's, person's or team's id; without for the company."""

    kind = serializers.ChoiceField(choices=KINDS)
    subject = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    year = serializers.IntegerField(required=False, min_value=1990, max_value=2100)


class ReportViewSet(ScopedReadViewSet):
    """The caller's own reports; POST has one made."""

    queryset = SentReport.objects.order_by("-made_at", "-id")
    serializer_class = KeptReportSerializer
    filterset_fields = {"kind": ["exact"], "mailed": ["exact"]}
    http_method_names = ["get", "post", "head", "options"]

    @extend_schema(request=OrderedReport, responses={202: JobSerializer})
    def create(self, request: Request) -> Response:
        """Lets the worker make a report: 202 with its job, whose address leads to the file."""
        asked = OrderedReport(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        year = values.get("year") or company_year().year
        try:
            job = reports.order(request.user, values["kind"], values.get("subject"), year)
        except Http404:
            raise serializers.ValidationError(NOTHING) from None
        where = reverse("api:job-detail", args=[job.pk], request=request)
        return Response(
            JobSerializer(job).data, status=status.HTTP_202_ACCEPTED, headers={"Location": where}
        )

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"])
    def file(self, request: Request, pk: str) -> FileResponse:
        """The report itself."""
        return send_kept(self.get_object())


class ReportScheduleSerializer(RowSerializer):
    kind = serializers.ChoiceField(choices=KINDS)

    class Meta:
        model = ReportSchedule
        fields = [
            "id",
            "version",
            "created_at",
            "updated_at",
            "archived_at",
            "kind",
            "subject",
            "rhythm",
            "next_on",
            "sent_on",
        ]
        read_only_fields = [
            "id", "version", "created_at", "updated_at", "archived_at", "next_on", "sent_on",
        ]  # fmt: skip


class ReportScheduleViewSet(ScopedViewSet):
    """The caller's reports by mail; DELETE ends one."""

    queryset = ReportSchedule.objects.order_by("id")
    serializer_class = ReportScheduleSerializer
    filterset_fields = {"kind": ["exact"]}
    http_method_names = ["get", "post", "delete", "head", "options"]

    def create_row(self, values: dict[str, Any]) -> models.Model:
        user = signed_in(self.request)
        subject = values.get("subject")
        try:
            return reports.order_schedule(user, values["kind"], subject, values["rhythm"])
        except Http404:
            raise serializers.ValidationError(NOTHING) from None

    def restore_row(self, row: Any) -> None:
        with speaking_errors():
            reports.resume_schedule(row)


def register(router: BaseRouter) -> None:
    router.register("reports", ReportViewSet, basename="report")
    router.register("report-schedules", ReportScheduleViewSet, basename="report-schedule")
