"""Nominations and segments over the API."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.urls import URLPattern
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter

from accounts.models import Account
from kam.api.bodies import Body
from kam.api.errors import Conflict
from kam.api.permissions import AdministratorsWrite
from kam.api.resources import (
    RowSerializer,
    ScopedReadViewSet,
    ScopedViewSet,
    etag,
    if_match,
    speaking_errors,
)
from kam.editing import fetch_visible
from kam.scoping import principal, signed_in
from portfolio.filters.nominations import NominationApiFilter
from portfolio.filters.segments import PlacementFilter
from portfolio.models import (
    Nomination,
    NominationStep,
    Segment,
    SegmentOverride,
    SegmentPlacement,
    SegmentRule,
    SegmentScheme,
)
from portfolio.services import nominations as process
from portfolio.services import segments

ROW = ["id", "version", "created_at", "updated_at", "archived_at"]
paths: list[URLPattern] = []


class NominationStepSerializer(serializers.ModelSerializer):
    class Meta:
        model = NominationStep
        fields = ["state", "note", "by", "acting_for", "at"]


class NominationSerializer(RowSerializer):
    steps = NominationStepSerializer(many=True, read_only=True)
    leaves_unseen = serializers.SerializerMethodField(
        help_text="Another key account leaves, which the caller does not see: ``leaves`` is null."
    )

    class Meta:
        model = Nomination
        fields = [
            *ROW,
            "account",
            "kind",
            "state",
            "level",
            "owner",
            "leaves",
            "leaves_unseen",
            "reason",
            "findings",
            "proposed_by",
            "due_on",
            "steps",
        ]
        read_only_fields = [*ROW, "state", "findings", "proposed_by", "due_on"]
        fixed = ["account", "kind"]

    def to_internal_value(self, data: Any) -> Any:
        if self.instance is not None and isinstance(data, Mapping):
            words = _("This does not change here: the steps lead from state to state.")
            wrong = {
                name: [words]
                for name in ("state", "kind")
                if name in data and data[name] != getattr(self.instance, name)
            }
            if wrong:
                raise serializers.ValidationError(wrong)
        return super().to_internal_value(data)

    def get_leaves_unseen(self, row: Nomination) -> bool:
        if row.leaves_id is None:
            return False
        seen = getattr(row, "sees_leaves", None)  # of a list; a row that was just written asks
        if seen is None:
            user = self.context["request"].user
            seen = Account.objects.visible_to(user).filter(pk=row.leaves_id).exists()
        return not seen

    def to_representation(self, row: Nomination) -> dict[str, Any]:
        shown = super().to_representation(row)
        return shown | {"leaves": None} if shown["leaves_unseen"] else shown


class Words(Body):
    """What the decider says; required with a rejection, and where the criteria do not support it."""

    note = serializers.CharField(max_length=5000, required=False, allow_blank=True, default="")


class NominationViewSet(ScopedViewSet):
    """Proposals to make an account a key account, or to end that, with the steps of the process.

    With ``If-Match`` a step is refused where the proposal was changed since it was read.
    """

    queryset = Nomination.objects.prefetch_related("steps").order_by("id")
    serializer_class = NominationSerializer
    filterset_class = NominationApiFilter
    http_method_names = ["get", "post", "patch", "head", "options"]

    def get_queryset(self) -> Any:
        sees = Account.objects.visible_to(self.request.user).filter(pk=OuterRef("leaves"))
        return super().get_queryset().annotate(sees_leaves=Exists(sees.order_by()))

    restore = None  # type: ignore[assignment]  # a decided nomination stays; one proposes anew

    def create_row(self, values: dict[str, Any]) -> Nomination:
        return process.propose(values.pop("account"), signed_in(self.request), **values)

    def change_row(
        self, row: Nomination, changes: Mapping[str, Any], base_version: int | None
    ) -> Nomination:
        return process.change(row, changes, base_version=base_version)

    def _step(self, name: str) -> Response:
        words = Words(data=self.request.data)
        words.is_valid(raise_exception=True)
        user = signed_in(self.request)
        row = fetch_visible(
            Nomination.objects.select_related("account"), user, pk=self.kwargs["pk"]
        )
        visible = Nomination.objects.visible_to(user)
        mine = visible.proposed_by(user) if name == "withdraw" else visible.decided_by(user)
        # A decided one is nobody's turn: the service says who decided.
        if row.state in process.WAITING and not mine.filter(pk=row.pk).exists():
            raise PermissionDenied
        act: Any = getattr(process, name)
        with speaking_errors():
            row = act(row, user, words.validated_data["note"], base_version=if_match(self.request))
        return Response(self.get_serializer(row).data, headers={"ETag": etag(row)})

    @extend_schema(request=Words)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str) -> Response:
        """Decides that it is to be validated."""
        return self._step("accept")

    @extend_schema(request=Words)
    @action(detail=True, methods=["post"], url_path="validate")
    def validate(self, request: Request, pk: str) -> Response:
        """Keeps what the criteria say with it, and asks management."""
        return self._step("validate")

    @extend_schema(request=Words)
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str) -> Response:
        """Makes it a key account, or ends that; whoever leaves, leaves with it."""
        return self._step("confirm")

    @extend_schema(request=Words)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """Ends the proposal with the reason."""
        return self._step("reject")

    @extend_schema(request=Words)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Takes one's own proposal back."""
        return self._step("withdraw")


class SegmentSchemeSerializer(RowSerializer):
    class Meta:
        model = SegmentScheme
        fields = [*ROW, "name", "description"]
        read_only_fields = ROW


class SegmentSerializer(RowSerializer):
    class Meta:
        model = Segment
        fields = [*ROW, "scheme", "name", "rank"]
        read_only_fields = ROW
        fixed = ["scheme"]


class SegmentRuleSerializer(RowSerializer):
    class Meta:
        model = SegmentRule
        fields = [*ROW, "segment", "subject", "at_least", "below"]
        read_only_fields = ROW
        validators = ()  # the service tells a rule in use (409) from an archived one
        fixed = ["segment", "subject"]


class SegmentOverrideSerializer(RowSerializer):
    class Meta:
        model = SegmentOverride
        fields = [*ROW, "account", "scheme", "segment", "reason", "author", "expires_on"]
        read_only_fields = [*ROW, "scheme", "author"]
        fixed = ["account"]


class SegmentPlacementSerializer(serializers.ModelSerializer):
    class Meta:
        model = SegmentPlacement
        fields = ["id", "account", "scheme", "segment", "by_hand", "first_night", "last_night"]


class SegmentSchemeViewSet(ScopedViewSet):
    """Segment schemes. Administrators write; accounts are placed with the next night."""

    queryset = SegmentScheme.objects.order_by("id")
    serializer_class = SegmentSchemeSerializer
    permission_classes = [AdministratorsWrite]

    def create_row(self, values: dict[str, Any]) -> SegmentScheme:
        return segments.create_scheme(**values)

    def change_row(
        self, row: SegmentScheme, changes: Mapping[str, Any], base_version: int | None
    ) -> SegmentScheme:
        return segments.change_scheme(row, changes, base_version=base_version)

    def archive_row(self, row: SegmentScheme) -> None:
        segments.archive_scheme(row)

    def restore_row(self, row: SegmentScheme) -> None:
        segments.restore_scheme(row)


class SegmentViewSet(ScopedViewSet):
    """Segments of the schemes, by rank. Administrators write."""

    queryset = Segment.objects.order_by("id")
    serializer_class = SegmentSerializer
    permission_classes = [AdministratorsWrite]
    filterset_fields = {"scheme": ["exact"]}

    def create_row(self, values: dict[str, Any]) -> Segment:
        return segments.create_segment(values.pop("scheme"), **values)

    def change_row(
        self, row: Segment, changes: Mapping[str, Any], base_version: int | None
    ) -> Segment:
        return segments.change_segment(row, changes, base_version=base_version)

    def archive_row(self, row: Segment) -> None:
        segments.archive_segment(row)

    def restore_row(self, row: Segment) -> None:
        segments.restore_segment(row)


class SegmentRuleViewSet(ScopedViewSet):
    """Rules of the segments: at least, below. Administrators write."""

    queryset = SegmentRule.objects.order_by("id")
    serializer_class = SegmentRuleSerializer
    permission_classes = [AdministratorsWrite]
    filterset_fields = {"segment": ["exact"], "segment__scheme": ["exact"], "subject": ["exact"]}

    def create_row(self, values: dict[str, Any]) -> SegmentRule:
        edges = values.get("at_least"), values.get("below")
        try:
            return segments.add_rule(values["segment"], values["subject"], *edges)
        except segments.RuleExists as refusal:
            raise Conflict(" ".join(refusal.messages)) from refusal


class SegmentOverrideViewSet(ScopedViewSet):
    """Segments given by hand, until a date. The scheme is the segment's; a new one takes the place
    of the one that is there."""

    queryset = SegmentOverride.objects.select_related("account", "scheme").order_by("id")
    serializer_class = SegmentOverrideSerializer
    filterset_fields = {"account": ["exact"], "scheme": ["exact"], "segment": ["exact"]}

    def create_row(self, values: dict[str, Any]) -> SegmentOverride:
        return segments.set_override(
            values["account"],
            values["segment"],
            principal(self.request.user),
            reason=values["reason"],
            expires_on=values["expires_on"],
        )

    def change_row(
        self, row: SegmentOverride, changes: Mapping[str, Any], base_version: int | None
    ) -> SegmentOverride:
        return segments.change_override(row, changes, base_version=base_version)

    def archive_row(self, row: SegmentOverride) -> None:
        segments.end_override(row)

    def restore_row(self, row: SegmentOverride) -> None:
        segments.restore_override(row)


class SegmentPlacementViewSet(ScopedReadViewSet):
    """In which segment an account stood, from night to night (``last_night`` null: stands)."""

    queryset = SegmentPlacement.objects.order_by("id")
    serializer_class = SegmentPlacementSerializer
    filterset_class = PlacementFilter


def register(router: BaseRouter) -> None:
    """Puts this part's resources on the router."""
    router.register("nominations", NominationViewSet, "nomination")
    router.register("segment-schemes", SegmentSchemeViewSet, "segmentscheme")
    router.register("segments", SegmentViewSet, "segment")
    router.register("segment-rules", SegmentRuleViewSet, "segmentrule")
    router.register("segment-overrides", SegmentOverrideViewSet, "segmentoverride")
    router.register("segment-placements", SegmentPlacementViewSet, "segmentplacement")
