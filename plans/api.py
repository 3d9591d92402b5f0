"""Resources of plans: plans, targets by month, goals, activities."""

from rest_framework.routers import BaseRouter

from kam.api.resources import RowSerializer, ScopedViewSet
from plans.models import AccountPlan, Activity, Goal, Target, TargetMonth

ROW = ["id", "version", "created_at", "updated_at", "archived_at"]


class AccountPlanSerializer(RowSerializer):
    class Meta:
        model = AccountPlan
        fields = [
            *ROW,
            "account",
            "year",
            "currency",
            "status",
            "summary",
            "situation",
            "needs",
            "value_offer",
            "competitors",
            "strategy",
            "risks",
            "decided_by",
            "decided_at",
            "decision_note",
        ]
        read_only_fields = [*ROW, "status", "decided_by", "decided_at", "decision_note"]


class TargetSerializer(RowSerializer):
    class Meta:
        model = Target
        fields = [*ROW, "plan", "line", "phasing"]
        read_only_fields = ROW


class TargetMonthSerializer(RowSerializer):
    class Meta:
        model = TargetMonth
        fields = [*ROW, "target", "month", "revenue", "margin", "volume", "forecast"]
        read_only_fields = ROW


class GoalSerializer(RowSerializer):
    class Meta:
        model = Goal
        fields = [
            *ROW,
            "plan",
            "side",
            "title",
            "metric",
            "baseline",
            "target",
            "actual",
            "due_on",
        ]
        read_only_fields = ROW


class ActivitySerializer(RowSerializer):
    class Meta:
        model = Activity
        fields = [
            *ROW,
            "plan",
            "goal",
            "title",
            "reason",
            "contact",
            "responsible",
            "due_on",
            "status",
            "done_on",
        ]
        read_only_fields = ROW


class AccountPlanViewSet(ScopedViewSet):
    """Account plans: one per account and fiscal year."""

    queryset = AccountPlan.objects.order_by("id")
    serializer_class = AccountPlanSerializer
    filterset_fields = {"account": ["exact"], "year": ["exact"], "status": ["exact"]}


class TargetViewSet(ScopedViewSet):
    """Targets of a plan, one per product line."""

    queryset = Target.objects.order_by("id")
    serializer_class = TargetSerializer
    filterset_fields = {"plan": ["exact"], "line": ["exact"]}


class TargetMonthViewSet(ScopedViewSet):
    """A target's months, in the plan's currency."""

    queryset = TargetMonth.objects.order_by("id")
    serializer_class = TargetMonthSerializer
    filterset_fields = {"target": ["exact"], "target__plan": ["exact"], "month": ["exact"]}


class GoalViewSet(ScopedViewSet):
    """Goals, ours and the customer's."""

    queryset = Goal.objects.order_by("id")
    serializer_class = GoalSerializer
    filterset_fields = {"plan": ["exact"], "side": ["exact"]}


class ActivityViewSet(ScopedViewSet):
    """What is to be done."""

    queryset = Activity.objects.order_by("id")
    serializer_class = ActivitySerializer
    filterset_fields = {
        "plan": ["exact"],
        "responsible": ["exact"],
        "status": ["exact"],
        "due_on": ["gte", "lte"],
    }


def register(router: BaseRouter) -> None:
    router.register("plans", AccountPlanViewSet, "plan")
    router.register("targets", TargetViewSet, "target")
    router.register("target-months", TargetMonthViewSet, "targetmonth")
    router.register("goals", GoalViewSet, "goal")
    router.register("activities", ActivityViewSet, "activity")
