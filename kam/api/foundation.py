"""Resources of the foundation: people, teams, substitutes, rates, messages, long work."""

from collections.abc import Mapping
from typing import Any

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter

from kam import jobs, services
from kam.api.bodies import bodiless
from kam.api.permissions import AdministratorsWrite
from kam.api.resources import RowSerializer, ScopedChangeViewSet, ScopedReadViewSet, ScopedViewSet
from kam.models import (
    ApiToken,
    BudgetRate,
    Company,
    Job,
    Notification,
    SavedView,
    Substitution,
    Team,
    User,
)
from kam.views.jobs import send_result

ROW = ["id", "version", "created_at", "updated_at", "archived_at"]


class UserSerializer(RowSerializer):
    class Meta:
        model = User
        fields = [*ROW, "email", "name", "title", "phone", "role", "team", "is_active"]
        read_only_fields = ROW


class TeamSerializer(RowSerializer):
    class Meta:
        model = Team
        fields = [*ROW, "name", "parent", "leader", "path"]
        read_only_fields = [*ROW, "path"]


class SubstitutionSerializer(RowSerializer):
    class Meta:
        model = Substitution
        fields = [*ROW, "absent", "substitute", "starts_on", "ends_on", "note"]
        read_only_fields = ROW
        fixed = ["absent", "substitute"]


class BudgetRateSerializer(RowSerializer):
    class Meta:
        model = BudgetRate
        fields = [*ROW, "year", "currency", "rate", "source"]
        read_only_fields = ROW


class CompanySerializer(RowSerializer):
    class Meta:
        model = Company
        fields = [*ROW, "name", "currency", "fiscal_year_start", "timezone", "accent"]
        read_only_fields = ROW


class NotificationSerializer(serializers.ModelSerializer):
    class Meta:
        model = Notification
        fields = ["id", "kind", "title", "body", "url", "created_at", "read_at"]


class SavedViewSerializer(serializers.ModelSerializer):
    class Meta:
        model = SavedView
        fields = ["id", "page", "name", "query"]


class ApiTokenSerializer(serializers.ModelSerializer):
    class Meta:
        model = ApiToken
        fields = [
            "id",
            "name",
            "prefix",
            "may_write",
            "created_at",
            "expires_at",
            "last_used_at",
            "revoked_at",
        ]


class JobSerializer(serializers.ModelSerializer):
    class Meta:
        model = Job
        fields = [
            "id",
            "kind",
            "title",
            "state",
            "done",
            "total",
            "message",
            "url",
            "created_at",
            "started_at",
            "finished_at",
        ]


class UserViewSet(ScopedViewSet):
    """People of the company. Administrators write."""

    queryset = User.objects.order_by("id")
    serializer_class = UserSerializer
    permission_classes = [AdministratorsWrite]
    filterset_fields = {"role": ["exact"], "team": ["exact"], "email": ["exact"]}

    def create_row(self, values: dict[str, Any]) -> User:
        return services.enter_person(**values)

    def change_row(self, row: User, changes: Mapping[str, Any], base_version: int | None) -> User:
        return services.change_person(row, changes, base_version=base_version)

    def archive_row(self, row: User) -> None:
        services.archive_person(row)

    def restore_row(self, row: User) -> None:
        services.restore_person(row)


class TeamViewSet(ScopedViewSet):
    """The tree of teams. Administrators write."""

    queryset = Team.objects.order_by("id")
    serializer_class = TeamSerializer
    permission_classes = [AdministratorsWrite]
    filterset_fields = {"parent": ["exact", "isnull"], "leader": ["exact"]}

    def create_row(self, values: dict[str, Any]) -> Team:
        return services.form_team(**values)

    def change_row(self, row: Team, changes: Mapping[str, Any], base_version: int | None) -> Team:
        return services.change_team(row, changes, base_version=base_version)

    def archive_row(self, row: Team) -> None:
        services.archive_team(row)


class SubstitutionViewSet(ScopedViewSet):
    """Who stands in for whom, and when."""

    queryset = Substitution.objects.order_by("id")
    serializer_class = SubstitutionSerializer
    filterset_fields = {"absent": ["exact"], "substitute": ["exact"]}

    def create_row(self, values: dict[str, Any]) -> Substitution:
        return services.hand_over(**values)

    def change_row(
        self, row: Substitution, changes: Mapping[str, Any], base_version: int | None
    ) -> Substitution:
        return services.change_substitution(row, changes, base_version=base_version)

    def restore_row(self, row: Substitution) -> None:
        services.restore_substitution(row)

    def archive_row(self, row: Substitution) -> None:
        services.end_substitution(row)


class BudgetRateViewSet(ScopedViewSet):
    """Rates into the company's currency, per fiscal year. Administrators write."""

    queryset = BudgetRate.objects.order_by("id")
    serializer_class = BudgetRateSerializer
    permission_classes = [AdministratorsWrite]
    filterset_fields = {"year": ["exact"], "currency": ["exact"]}


class CompanyViewSet(ScopedChangeViewSet):
    """The company's settings: one row. Administrators change it."""

    queryset = Company.objects.order_by("id")
    serializer_class = CompanySerializer
    permission_classes = [AdministratorsWrite]

    def change_row(
        self, row: Company, changes: Mapping[str, Any], base_version: int | None
    ) -> Company:
        return services.change_company(row, changes, base_version=base_version)


class NotificationViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """The caller's own messages."""

    queryset = Notification.objects.order_by("-id")
    serializer_class = NotificationSerializer
    filterset_fields = {"read_at": ["isnull"], "kind": ["exact"]}
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset.none()
        return self.queryset.visible_to(self.request.user)

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    @bodiless
    def read(self, request: Request, pk: str) -> Response:
        """Marks the message as read."""
        row = self.get_object()
        services.mark_read(Notification.objects.editable_by(request.user).filter(pk=row.pk))
        return Response(status=status.HTTP_204_NO_CONTENT)


class SavedViewViewSet(ScopedReadViewSet):
    """The caller's saved views of lists."""

    queryset = SavedView.objects.order_by("id")
    serializer_class = SavedViewSerializer
    filterset_fields = {"page": ["exact"]}


class ApiTokenViewSet(ScopedReadViewSet):
    """The caller's own tokens; the secrets themselves are kept nowhere."""

    queryset = ApiToken.objects.order_by("id")
    serializer_class = ApiTokenSerializer

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    @bodiless
    def revoke(self, request: Request, pk: str) -> Response:
        """Ends the token for good."""
        services.revoke_token(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


class JobViewSet(ScopedReadViewSet):
    """Long work that the caller asked for."""

    queryset = Job.objects.order_by("-id")
    serializer_class = JobSerializer
    filterset_fields = {"kind": ["exact"], "state": ["exact"]}

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    @bodiless
    def cancel(self, request: Request, pk: str) -> Response:
        """Asks the work to stop."""
        jobs.cancel(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"])
    def result(self, request: Request, pk: str) -> FileResponse:
        """The file that the job made; 404 until it is done."""
        return send_result(self.get_object())


def register(router: BaseRouter) -> None:
    router.register("users", UserViewSet, "user")
    router.register("teams", TeamViewSet, "team")
    router.register("substitutions", SubstitutionViewSet, "substitution")
    router.register("budget-rates", BudgetRateViewSet, "budgetrate")
    router.register("company", CompanyViewSet, "company")
    router.register("notifications", NotificationViewSet, "notification")
    router.register("saved-views", SavedViewViewSet, "savedview")
    router.register("api-tokens", ApiTokenViewSet, "apitoken")
    router.register("jobs", JobViewSet, "job")
