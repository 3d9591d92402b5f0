"""Nominations and segments over the API."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.urls import URLPattern
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter

from kam.api.resources import RowSerializer, ScopedViewSet, etag, if_match, speaking_errors
from kam.editing import fetch_visible
from kam.scoping import signed_in
from portfolio.filters.nominations import NominationApiFilter
from portfolio.models import Nomination, NominationStep
from portfolio.services import nominations as process

ROW = ["id", "version", "created_at", "updated_at", "archived_at"]
paths: list[URLPattern] = []


class NominationStepSerializer(serializers.ModelSerializer):
    class Meta:
        model = NominationStep
        fields = ["state", "note", "by", "acting_for", "at"]


class NominationSerializer(RowSerializer):
    steps = NominationStepSerializer(many=True, read_only=True)

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
            "reason",
            "findings",
            "proposed_by",
            "due_on",
            "steps",
        ]
        read_only_fields = [*ROW, "state", "findings", "proposed_by", "due_on"]
        fixed = ["account", "kind"]


class Words(serializers.Serializer):
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
        rows = Nomination.objects.select_related("account")
        row = fetch_visible(rows, user, pk=self.kwargs["pk"])
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


def register(router: BaseRouter) -> None:
    """Puts this part's resources on the router."""
    router.register("nominations", NominationViewSet, "nomination")
