"""Resources of versions: what was approved, and what has changed since."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from kam.api.resources import ScopedReadViewSet
from plans import versions
from plans.models import PlanVersion


class PlanVersionSerializer(serializers.ModelSerializer):
    content = serializers.SerializerMethodField(help_text="Without sections kept from the caller.")

    class Meta:
        model = PlanVersion
        fields = ["id", "plan", "number", "occasion", "made_at", "made_by", "note", "content"]

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_content(self, version: PlanVersion) -> dict[str, Any]:
        user = self.context["request"].user
        return versions.for_reader(version.content, version.plan, user)


class FieldChangeSerializer(serializers.Serializer):
    field = serializers.CharField(source="label")
    before = serializers.CharField(allow_null=True)
    after = serializers.CharField(allow_null=True)
    difference = serializers.DecimalField(20, 3, allow_null=True)


class RowChangeSerializer(serializers.Serializer):
    """One row that differs: ``how`` is added, removed or changed."""

    group = serializers.CharField()
    name = serializers.CharField()
    how = serializers.ChoiceField(["added", "removed", "changed"])
    changes = FieldChangeSerializer(many=True, source="fields")


class PlanVersionViewSet(ScopedReadViewSet):
    """Versions of plans as they were frozen."""

    queryset = PlanVersion.objects.select_related("plan").order_by("id")
    serializer_class = PlanVersionSerializer
    filterset_fields = {"plan": ["exact"], "occasion": ["exact"]}

    @extend_schema(responses=RowChangeSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filterset_fields={})
    def changes(self, request: Request, pk: str) -> Response:
        """What has changed in the plan since this version."""
        version = self.get_object()
        before, now = (
            versions.for_reader(content, version.plan, request.user)
            for content in (version.content, versions.snapshot(version.plan))
        )
        found = versions.compare(before, now)
        return Response(RowChangeSerializer(found, many=True).data)


paths: list = []


def register(router: Any) -> None:
    router.register("plan-versions", PlanVersionViewSet, "planversion")
