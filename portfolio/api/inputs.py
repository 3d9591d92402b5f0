"""What people know about accounts, over the API: estimates, judgements, costs, hours, capacity."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.urls import URLPattern
from rest_framework.routers import BaseRouter

from kam.api.permissions import AdministratorsWrite
from kam.api.resources import RowSerializer, ScopedChangeViewSet, ScopedViewSet
from kam.periods import company_today
from kam.scoping import Role, principal
from portfolio.models import (
    Capacity,
    HoursSpent,
    Judgement,
    LineEstimate,
    PlannedHours,
    PortfolioSettings,
    ServiceCost,
)
from portfolio.services import hours, inputs

ROW = ["id", "version", "created_at", "updated_at", "archived_at"]
paths: list[URLPattern] = []


class LineEstimateSerializer(RowSerializer):
    class Meta:
        model = LineEstimate
        fields = [
            *ROW,
            "account",
            "line",
            "currency",
            "wallet",
            "potential",
            "chance",
            "source",
            "as_of",
            "confidence",
        ]
        read_only_fields = ROW
        fixed = ["account", "line"]
        validators: list[Any] = []  # the service brings an archived row back


class JudgementSerializer(RowSerializer):
    class Meta:
        model = Judgement
        fields = [
            *ROW,
            "account",
            "code",
            "value",
            "evidence",
            "source",
            "judged_on",
            "judged_by",
        ]
        read_only_fields = [*ROW, "judged_by"]
        extra_kwargs = {"judged_on": {"required": False}}
        fixed = ["account", "code"]
        validators: list[Any] = []


class ServiceCostSerializer(RowSerializer):
    class Meta:
        model = ServiceCost
        fields = [*ROW, "account", "month", "kind", "currency", "amount", "source"]
        read_only_fields = ROW
        extra_kwargs = {"month": {"help_text": "Any day of the month; its first day is kept."}}
        fixed = ["account"]
        validators: list[Any] = []


class HoursSpentSerializer(RowSerializer):
    class Meta:
        model = HoursSpent
        fields = [*ROW, "account", "user", "week", "hours", "from_meetings", "note"]
        read_only_fields = [*ROW, "from_meetings"]
        extra_kwargs = {"week": {"help_text": "The week's Monday; not a coming one."}}
        fixed = ["account", "user", "week"]
        validators: list[Any] = []


class PlannedHoursSerializer(RowSerializer):
    class Meta:
        model = PlannedHours
        fields = [*ROW, "account", "user", "year", "hours"]
        read_only_fields = ROW
        extra_kwargs = {"year": {"help_text": "The fiscal year, by the year in which it ends."}}
        fixed = ["account", "user", "year"]
        validators: list[Any] = []


class CapacitySerializer(RowSerializer):
    class Meta:
        model = Capacity
        fields = [*ROW, "user", "year", "hours"]
        read_only_fields = ROW
        fixed = ["user", "year"]
        validators: list[Any] = []


class PortfolioSettingsSerializer(RowSerializer):
    class Meta:
        model = PortfolioSettings
        fields = [
            "id",
            "version",
            "updated_at",
            "hourly_cost",
            "profit_measure",
            "key_account_limit",
            "key_accounts_per_kam",
            "key_share_low",
            "key_share_high",
            "dependence_warning",
            "largest_notice",
            "screen_days",
            "validate_days",
            "confirm_days",
        ]
        read_only_fields = ["id", "version", "updated_at"]


class _OfAccountViewSet(ScopedViewSet):
    """Rows of an account: made, changed and brought back by the pages' services."""

    def change_row(self, row: Any, changes: Mapping[str, Any], base_version: int | None) -> Any:
        return inputs.change_row(row, changes, base_version=base_version)

    def restore_row(self, row: Any) -> None:
        inputs.restore_row(row)


class LineEstimateViewSet(_OfAccountViewSet):
    """Wallet, potential and chance of an account per product line."""

    queryset = LineEstimate.objects.select_related("account", "line").order_by("id")
    serializer_class = LineEstimateSerializer
    filterset_fields = {
        "account": ["exact"],
        "line": ["exact"],
        "as_of": ["gte", "lt"],
        "confidence": ["exact"],
    }

    def create_row(self, values: dict[str, Any]) -> LineEstimate:
        return inputs.add_estimate(**values)

    def restore_row(self, row: Any) -> None:
        inputs.restore_estimate(row)


class JudgementViewSet(_OfAccountViewSet):
    """Judgements of accounts, 1 to 5, by the code of a criterion."""

    queryset = Judgement.objects.select_related("account").order_by("id")
    serializer_class = JudgementSerializer
    filterset_fields = {"account": ["exact"], "code": ["exact"], "judged_on": ["gte", "lt"]}

    def create_row(self, values: dict[str, Any]) -> Judgement:
        values = {"judged_on": company_today(), **values}
        return inputs.add_judgement(by=principal(self.request.user), **values)

    def change_row(self, row: Any, changes: Mapping[str, Any], base_version: int | None) -> Any:
        by = principal(self.request.user)
        return inputs.change_judgement(row, changes, by=by, base_version=base_version)


class ServiceCostViewSet(_OfAccountViewSet):
    """Costs to serve an account in a month that are neither goods nor hours."""

    queryset = ServiceCost.objects.select_related("account").order_by("id")
    serializer_class = ServiceCostSerializer
    filterset_fields = {
        "account": ["exact"],
        "month": ["exact", "gte", "lt"],
        "kind": ["exact"],
        "currency": ["exact"],
    }

    def create_row(self, values: dict[str, Any]) -> ServiceCost:
        return inputs.add_cost(**values)


class HoursSpentViewSet(_OfAccountViewSet):
    """Hours of one person on one account in one week. Each person writes their own."""

    queryset = HoursSpent.objects.select_related("account").order_by("id")
    serializer_class = HoursSpentSerializer
    filterset_fields = {
        "account": ["exact"],
        "user": ["exact"],
        "week": ["exact", "gte", "lt"],
        "from_meetings": ["gt"],
    }

    def create_row(self, values: dict[str, Any]) -> HoursSpent:
        return hours.add_hours(**values)

    def change_row(self, row: Any, changes: Mapping[str, Any], base_version: int | None) -> Any:
        return hours.change_hours(row, changes, base_version=base_version)

    def archive_row(self, row: Any) -> None:
        hours.archive_hours(row)

    def restore_row(self, row: Any) -> None:
        hours.restore_hours(row)


class PlannedHoursViewSet(_OfAccountViewSet):
    """Hours that one person is to spend on one account in a fiscal year."""

    queryset = PlannedHours.objects.select_related("account").order_by("id")
    serializer_class = PlannedHoursSerializer
    filterset_fields = {"account": ["exact"], "user": ["exact"], "year": ["exact"]}

    def create_row(self, values: dict[str, Any]) -> PlannedHours:
        return inputs.plan_hours(**values, only_new=True)


class CapacityViewSet(ScopedViewSet):
    """Hours that a person has for accounts in a fiscal year. Leaders set those of their teams."""

    queryset = Capacity.objects.order_by("id")
    serializer_class = CapacitySerializer
    filterset_fields = {"user": ["exact"], "year": ["exact"]}

    def create_row(self, values: dict[str, Any]) -> Capacity:
        me = principal(self.request.user)
        if me is None or me.role not in {Role.LEADER, Role.ADMINISTRATOR, Role.SERVICE}:
            raise PermissionDenied
        return inputs.set_capacity(**values, only_new=True)

    def change_row(
        self, row: Capacity, changes: Mapping[str, Any], base_version: int | None
    ) -> Capacity:
        return inputs.change_capacity(row, changes, base_version=base_version)


class PortfolioSettingsViewSet(ScopedChangeViewSet):
    """The portfolio's limits, thresholds and the cost of an hour; one row. Administrators write."""

    queryset = PortfolioSettings.objects.order_by("id")
    serializer_class = PortfolioSettingsSerializer
    permission_classes = [AdministratorsWrite]

    def change_row(self, row: Any, changes: Mapping[str, Any], base_version: int | None) -> Any:
        return inputs.change_settings(row, changes, base_version=base_version)


def register(router: BaseRouter) -> None:
    router.register("line-estimates", LineEstimateViewSet, "lineestimate")
    router.register("judgements", JudgementViewSet, "judgement")
    router.register("service-costs", ServiceCostViewSet, "servicecost")
    router.register("hours-spent", HoursSpentViewSet, "hoursspent")
    router.register("planned-hours", PlannedHoursViewSet, "plannedhours")
    router.register("capacities", CapacityViewSet, "capacity")
    router.register("portfolio-settings", PortfolioSettingsViewSet, "portfoliosettings")
