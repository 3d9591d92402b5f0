"""Criteria over the API: versions with all they hold, the rows of drafts, comparisons in pairs."""

from collections.abc import Mapping
from typing import Any, cast

from django.db.models import Prefetch
from django.urls import URLPattern
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from kam.api.bodies import Body, bodiless
from kam.api.permissions import AdministratorsWrite
from kam.api.resources import RowSerializer, ScopedViewSet, etag, speaking_errors
from kam.scoping import signed_in
from portfolio.calc.ahp import Weighing
from portfolio.criteria import Comparison, comparison_of
from portfolio.models import (
    Axis,
    CriteriaVersion,
    Criterion,
    CriterionGroup,
    PairwiseComparison,
)
from portfolio.services import criteria

ROW = ["id", "version", "created_at", "updated_at", "archived_at"]


class CriterionSerializer(RowSerializer):
    class Meta:
        model = Criterion
        fields = [*ROW, "group", "position", *criteria.TAKEN_OVER]
        read_only_fields = [*ROW, "position"]
        fixed = ["group"]


class CriterionGroupSerializer(RowSerializer):
    class Meta:
        model = CriterionGroup
        fields = [*ROW, "criteria_version", "axis", "name", "weight"]
        read_only_fields = ROW
        fixed = ["criteria_version"]


class GroupInVersion(serializers.ModelSerializer):
    """A group with its criteria, as it stands in its version."""

    criteria = CriterionSerializer(many=True, read_only=True)

    class Meta:
        model = CriterionGroup
        fields = ["id", "version", "axis", "name", "weight", "criteria"]


class CriteriaVersionSerializer(RowSerializer):
    groups = GroupInVersion(many=True, read_only=True)
    copy_of = serializers.PrimaryKeyRelatedField(
        queryset=CriteriaVersion.objects.none(),
        required=False,
        write_only=True,
        help_text="The version whose groups and criteria a new draft begins with.",
    )
    library = serializers.ListField(
        child=serializers.CharField(max_length=40),
        required=False,
        write_only=True,
        max_length=100,
        help_text="Codes of ready criteria that a new draft takes over.",
    )

    class Meta:
        model = CriteriaVersion
        fields = [
            *ROW,
            "name",
            "state",
            "active_from",
            "active_to",
            "activate_on",
            "activated_by",
            "revise_by",
            "note",
            "profitability_cut",
            "potential_cut",
            "copy_of",
            "library",
            "groups",
        ]
        read_only_fields = [
            *ROW,
            "state",
            "active_from",
            "active_to",
            "activate_on",
            "activated_by",
        ]
        fixed = ["copy_of", "library"]

    def get_fields(self) -> dict[str, serializers.Field]:
        fields = super().get_fields()
        request = self.context.get("request")
        if request is not None:
            choice: Any = fields["copy_of"]
            choice.queryset = CriteriaVersion.objects.visible_to(request.user)
        return fields


class PairwiseComparisonSerializer(RowSerializer):
    ratios = serializers.ListField(
        child=serializers.DecimalField(max_digits=12, decimal_places=9),
        max_length=45,
        help_text=(
            "Saaty's scale, 1/9 to 9, for each pair of items: the upper triangle, row by row."
        ),
    )

    class Meta:
        model = PairwiseComparison
        fields = [*ROW, "criteria_version", "axis", "group", "person", "items", "ratios"]
        read_only_fields = [*ROW, "person", "items"]
        fixed = ["criteria_version", "axis", "group"]
        validators: list[Any] = []  # a second sheet of the same person replaces the first


class WeighingSerializer(serializers.Serializer):
    """What all sheets say together, and how consistent that is."""

    items = serializers.ListField(child=serializers.IntegerField())
    weights = serializers.ListField(child=serializers.DecimalField(12, 9), help_text="Sum: 1.")
    lambda_max = serializers.DecimalField(12, 6)
    consistency_index = serializers.DecimalField(12, 6)
    consistency_ratio = serializers.DecimalField(12, 6, help_text="Above 0.10: reconsider.")
    reconsider = serializers.ListField(
        child=serializers.IntegerField(),
        allow_null=True,
        help_text="The two items whose judgement fits the others least.",
    )
    people = serializers.IntegerField(help_text="How many sheets there are.")


class Activation(Body):
    """From when a version is in force; at once without a date."""

    activate_on = serializers.DateField(required=False, allow_null=True)


class Move(Body):
    """Where a criterion goes: into which group, behind which of its criteria (first without)."""

    group = serializers.PrimaryKeyRelatedField(queryset=CriterionGroup.objects.none())
    after = serializers.PrimaryKeyRelatedField(
        queryset=Criterion.objects.none(), required=False, allow_null=True, default=None
    )

    def get_fields(self) -> dict[str, serializers.Field]:
        fields = super().get_fields()
        request = self.context.get("request")
        if request is not None:
            group, after = cast(Any, fields["group"]), cast(Any, fields["after"])
            group.queryset = CriterionGroup.objects.visible_to(request.user)
            after.queryset = Criterion.objects.visible_to(request.user)
        return fields


class Compared(Body):
    """What is compared: the groups of a score, or the criteria of one group."""

    axis = serializers.ChoiceField(choices=Axis.choices)
    group = serializers.IntegerField(required=False, allow_null=True, default=None)


class CriteriaVersionViewSet(ScopedViewSet):
    """Versions of the criteria, with their groups and criteria. DELETE archives."""

    permission_classes = [AdministratorsWrite]
    queryset = (
        CriteriaVersion.objects.prefetch_related(
            Prefetch(
                "groups",
                CriterionGroup.objects.active()  # unscoped: part of a version that the caller sees
                .order_by("pk")
                .prefetch_related(
                    # unscoped: part of a version that the caller sees
                    Prefetch("criteria", Criterion.objects.active().order_by("position", "pk"))
                ),
            )
        )
    ).order_by("id")
    serializer_class = CriteriaVersionSerializer
    filterset_fields = {"state": ["exact"]}

    def create_row(self, values: dict[str, Any]) -> CriteriaVersion:
        picks = values.pop("library", ())
        return criteria.create_version(picks=picks, **values)

    def change_row(
        self, row: CriteriaVersion, changes: Mapping[str, Any], base_version: int | None
    ) -> CriteriaVersion:
        return criteria.change_version(row, changes, base_version=base_version)

    def archive_row(self, row: CriteriaVersion) -> None:
        criteria.archive_version(row)

    def restore_row(self, row: CriteriaVersion) -> None:
        criteria.restore_version(row)

    @extend_schema(request=Activation)
    @action(detail=True, methods=["post"])
    def activate(self, request: Request, pk: str) -> Response:
        """Puts a sound draft in force, now or by the night of a date to come, and archives the
        version in force until then."""
        given = Activation(data=request.data)
        given.is_valid(raise_exception=True)
        day, by = given.validated_data.get("activate_on"), signed_in(request)
        with speaking_errors():
            if day is None:
                version = criteria.activate(self.get_object(), by)
            else:
                version = criteria.schedule(self.get_object(), by, day)
        return Response(self.get_serializer(version).data, headers={"ETag": etag(version)})

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    @bodiless
    def unschedule(self, request: Request, pk: str) -> Response:
        """Takes the date back on which a draft was to come into force."""
        with speaking_errors():
            version = criteria.unschedule(self.get_object())
        return Response(self.get_serializer(version).data, headers={"ETag": etag(version)})

    @extend_schema(parameters=[Compared], responses=WeighingSerializer, filters=False)
    @action(detail=True, methods=["get"])
    def weighing(self, request: Request, pk: str) -> Response:
        """What all sheets on these things say together (geometric mean)."""
        version = self.get_object()
        axis, group = self._compared(version, request.query_params)
        found = comparison_of(version, axis, group)
        if found.together is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return Response(_weighing(found, found.together.weighing))

    @extend_schema(request=Compared, responses=WeighingSerializer)
    @action(detail=True, methods=["post"], url_path="apply-weights")
    def apply_weights(self, request: Request, pk: str) -> Response:
        """Takes the weights of all sheets together into the draft, in percent."""
        version = self.get_object()
        axis, group = self._compared(version, request.data)
        with speaking_errors():
            weighing = criteria.apply_weights(version, axis, group)
        return Response(_weighing(comparison_of(version, axis, group), weighing))

    def _compared(self, version: CriteriaVersion, given: Any) -> tuple[str, CriterionGroup | None]:
        compared = Compared(data=given)
        compared.is_valid(raise_exception=True)
        values = compared.validated_data
        if values["group"] is None:
            return values["axis"], None
        groups = CriterionGroup.objects.visible_to(self.request.user).active()
        group = groups.filter(
            criteria_version=version, axis=values["axis"], pk=values["group"]
        ).first()
        if group is None:
            raise serializers.ValidationError({"group": ["No such group in this score."]})
        return values["axis"], group


def _weighing(found: Comparison, weighing: Weighing) -> dict[str, Any]:
    items, doubt = found.items, weighing.doubt
    return WeighingSerializer(
        {
            "items": items,
            "weights": [round(w, 9) for w in weighing.weights],
            "lambda_max": round(weighing.lambda_max, 6),
            "consistency_index": round(weighing.index, 6),
            "consistency_ratio": round(weighing.ratio, 6),
            "reconsider": [items[doubt.row], items[doubt.column]] if doubt else None,
            "people": sum(1 for sheet in found.sheets if sheet.result is not None),
        }
    ).data


class CriterionGroupViewSet(ScopedViewSet):
    """Groups of criteria; only those of drafts change."""

    permission_classes = [AdministratorsWrite]
    queryset = CriterionGroup.objects.order_by("id")
    serializer_class = CriterionGroupSerializer
    filterset_fields = {"criteria_version": ["exact"], "axis": ["exact"]}

    def create_row(self, values: dict[str, Any]) -> CriterionGroup:
        version = values.pop("criteria_version")
        return criteria.add_group(version, **values)

    def change_row(
        self, row: CriterionGroup, changes: Mapping[str, Any], base_version: int | None
    ) -> CriterionGroup:
        return criteria.change_group(row, changes, base_version=base_version)

    def archive_row(self, row: CriterionGroup) -> None:
        criteria.remove_group(row)

    def restore_row(self, row: CriterionGroup) -> None:
        criteria.restore_group(row)


class CriterionViewSet(ScopedViewSet):
    """Criteria; only those of drafts change."""

    permission_classes = [AdministratorsWrite]
    queryset = Criterion.objects.select_related("group").order_by("id")
    serializer_class = CriterionSerializer
    filterset_fields = {
        "group": ["exact"],
        "group__criteria_version": ["exact"],
        "group__axis": ["exact"],
        "code": ["exact"],
        "kind": ["exact"],
    }

    def create_row(self, values: dict[str, Any]) -> Criterion:
        return criteria.add_criterion(values.pop("group"), values)

    def change_row(
        self, row: Criterion, changes: Mapping[str, Any], base_version: int | None
    ) -> Criterion:
        return criteria.change_criterion(row, changes, base_version=base_version)

    @extend_schema(request=Move, responses=CriterionSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Another place: in its group, or in another group of the same draft."""
        given = Move(data=request.data, context=self.get_serializer_context())
        given.is_valid(raise_exception=True)
        with speaking_errors():
            row = criteria.move_criterion(self.get_object(), **given.validated_data)
        return Response(self.get_serializer(row).data, headers={"ETag": etag(row)})

    def archive_row(self, row: Criterion) -> None:
        criteria.remove_criterion(row)

    def restore_row(self, row: Criterion) -> None:
        criteria.restore_criterion(row)


class PairwiseComparisonViewSet(ScopedViewSet):
    """Sheets of comparisons in pairs: everybody writes their own, on drafts."""

    queryset = PairwiseComparison.objects.select_related("criteria_version", "group").order_by("id")
    serializer_class = PairwiseComparisonSerializer
    filterset_fields = {
        "criteria_version": ["exact"],
        "axis": ["exact"],
        "group": ["exact"],
        "person": ["exact"],
    }

    def create_row(self, values: dict[str, Any]) -> PairwiseComparison:
        return criteria.save_comparison(
            values["criteria_version"],
            values["axis"],
            values.get("group"),
            signed_in(self.request),
            values["ratios"],
        )

    def change_row(
        self, row: PairwiseComparison, changes: Mapping[str, Any], base_version: int | None
    ) -> PairwiseComparison:
        if "ratios" not in changes:
            return row
        return criteria.save_comparison(
            row.criteria_version,
            row.axis,
            row.group,
            row.person,
            changes["ratios"],
            base_version=base_version,
        )


paths: list[URLPattern] = []


def register(router: Any) -> None:
    """Puts this part's resources on the router."""
    router.register("criteria-versions", CriteriaVersionViewSet, "criteriaversion")
    router.register("criterion-groups", CriterionGroupViewSet, "criteriongroup")
    router.register("criteria", CriterionViewSet, "criterion")
    router.register("pairwise-comparisons", PairwiseComparisonViewSet, "pairwisecomparison")
