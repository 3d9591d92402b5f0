"""Resources of sections and templates."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from kam.api.bodies import bodiless
from kam.api.permissions import AdministratorsWrite
from kam.api.resources import RowSerializer, ScopedViewSet, etag, speaking_errors
from kam.editing import fetch_editable
from plans.models import PlanTemplate, Section, TemplateSection
from plans.services import sections, templates

ROW = ["id", "version", "created_at", "updated_at", "archived_at"]
SHAPE = ["kind", "title", "guidance", "position", "weight", "fresh_days", "audience"]


class SectionSerializer(RowSerializer):
    class Meta:
        model = Section
        fields = [*ROW, "plan", *SHAPE, "body", "source", "source_on", "confirmed_on"]
        read_only_fields = [*ROW, "confirmed_on"]
        fixed = ["plan", "kind"]


class PlanTemplateSerializer(RowSerializer):
    class Meta:
        model = PlanTemplate
        fields = [
            *ROW,
            "name",
            "description",
            "rank",
            "segment",
            "cell",
            "key_accounts_only",
            "activity_review_months",
            "plan_review_months",
            "customer_review_months",
        ]
        read_only_fields = ROW


class TemplateSectionSerializer(RowSerializer):
    class Meta:
        model = TemplateSection
        fields = [*ROW, "template", *SHAPE]
        read_only_fields = ROW
        fixed = ["template"]


class SectionViewSet(ScopedViewSet):
    """Sections of plans, to those who may read them."""

    queryset = Section.objects.select_related("plan__account").order_by("id")
    serializer_class = SectionSerializer
    filterset_fields = {"plan": ["exact"], "kind": ["exact"]}

    def create_row(self, values: dict[str, Any]) -> Section:
        return sections.add_section(**values)

    def change_row(
        self, row: Section, changes: Mapping[str, Any], base_version: int | None
    ) -> Section:
        return sections.change_section(row, changes, base_version=base_version)

    def archive_row(self, row: Section) -> None:
        sections.archive_section(row)

    def restore_row(self, row: Section) -> None:
        sections.restore_section(row)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    @bodiless
    def confirm(self, request: Request, pk: str) -> Response:
        """Says that what the section tells still holds today."""
        row = fetch_editable(self.queryset.all(), request.user, pk=pk)
        with speaking_errors():
            row = sections.confirm_section(row)
        return Response(self.get_serializer(row).data, headers={"ETag": etag(row)})


class PlanTemplateViewSet(ScopedViewSet):
    """Templates of plans, kept by administrators."""

    permission_classes = [AdministratorsWrite]

    queryset = PlanTemplate.objects.order_by("id")
    serializer_class = PlanTemplateSerializer
    filterset_fields = {"segment": ["exact"], "cell": ["exact"], "key_accounts_only": ["exact"]}

    def create_row(self, values: dict[str, Any]) -> PlanTemplate:
        return templates.create_template(**values)

    def change_row(
        self, row: PlanTemplate, changes: Mapping[str, Any], base_version: int | None
    ) -> PlanTemplate:
        return templates.change_template(row, changes, base_version=base_version)

    def archive_row(self, row: PlanTemplate) -> None:
        templates.archive_template(row)

    def restore_row(self, row: PlanTemplate) -> None:
        templates.restore_template(row)


class TemplateSectionViewSet(ScopedViewSet):
    """Sections of templates."""

    permission_classes = [AdministratorsWrite]

    queryset = TemplateSection.objects.order_by("id")
    serializer_class = TemplateSectionSerializer
    filterset_fields = {"template": ["exact"], "kind": ["exact"]}

    def create_row(self, values: dict[str, Any]) -> TemplateSection:
        return templates.add_template_section(**values)

    def change_row(
        self, row: TemplateSection, changes: Mapping[str, Any], base_version: int | None
    ) -> TemplateSection:
        return templates.change_template_section(row, changes, base_version=base_version)

    def archive_row(self, row: TemplateSection) -> None:
        templates.archive_template_section(row)

    def restore_row(self, row: TemplateSection) -> None:
        templates.restore_template_section(row)


paths: list = []


def register(router: Any) -> None:
    router.register("sections", SectionViewSet, "section")
    router.register("plan-templates", PlanTemplateViewSet, "plantemplate")
    router.register("template-sections", TemplateSectionViewSet, "templatesection")
