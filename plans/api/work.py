"""Resources of strategies, steps of goals, people in activities; readings and the scorecard."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter
from rest_framework.views import APIView

from kam.api.filtering import KnownParameters
from kam.api.resources import RowSerializer, ScopedViewSet
from kam.editing import fetch_visible, is_editable
from plans.models import AccountPlan, ActivityPerson, Goal, GoalStep, Measure, Strategy
from plans.services import activities, goals
from plans.views.goals import GoalRow, goal_rows, scorecard_of

ROW = ["id", "version", "created_at", "updated_at", "archived_at"]


class StrategySerializer(RowSerializer):
    class Meta:
        model = Strategy
        fields = [*ROW, "plan", "goal", "title", "description"]
        read_only_fields = ROW
        fixed = ["plan"]


class GoalStepSerializer(RowSerializer):
    class Meta:
        model = GoalStep
        fields = [*ROW, "goal", "on", "target", "actual"]
        read_only_fields = ROW
        fixed = ["goal"]


class ActivityPersonSerializer(RowSerializer):
    class Meta:
        model = ActivityPerson
        fields = [*ROW, "activity", "user"]
        read_only_fields = ROW
        fixed = ["activity", "user"]


class StrategyViewSet(ScopedViewSet):
    """Ways to goals; activities carry them out."""

    queryset = Strategy.objects.select_related("plan__account").order_by("id")
    serializer_class = StrategySerializer
    filterset_fields = {"plan": ["exact"], "goal": ["exact"]}

    def create_row(self, values: dict[str, Any]) -> Strategy:
        return goals.add_strategy(**values)

    def change_row(
        self, row: Strategy, changes: Mapping[str, Any], base_version: int | None
    ) -> Strategy:
        return goals.change_strategy(row, changes, base_version=base_version)

    def archive_row(self, row: Strategy) -> None:
        goals.archive_strategy(row)

    def restore_row(self, row: Strategy) -> None:
        goals.restore_strategy(row)


class GoalStepViewSet(ScopedViewSet):
    """Targets of a goal over time, and what was reached by then."""

    queryset = GoalStep.objects.select_related("goal__plan__account").order_by("id")
    serializer_class = GoalStepSerializer
    filterset_fields = {"goal": ["exact"], "goal__plan": ["exact"]}

    def create_row(self, values: dict[str, Any]) -> GoalStep:
        return goals.add_step(**values)

    def change_row(
        self, row: GoalStep, changes: Mapping[str, Any], base_version: int | None
    ) -> GoalStep:
        return goals.change_step(row, changes, base_version=base_version)

    def archive_row(self, row: GoalStep) -> None:
        goals.archive_step(row)

    def restore_row(self, row: GoalStep) -> None:
        goals.restore_step(row)


class ActivityPersonViewSet(ScopedViewSet):
    """People who take part in an activity beside the responsible one."""

    queryset = ActivityPerson.objects.select_related("activity__plan__account").order_by("id")
    serializer_class = ActivityPersonSerializer
    filterset_fields = {"activity": ["exact"], "activity__plan": ["exact"], "user": ["exact"]}
    http_method_names = ["get", "post", "delete", "head", "options"]

    def create_row(self, values: dict[str, Any]) -> ActivityPerson:
        if not is_editable(values["activity"], self.request.user):
            raise PermissionDenied  # before the service says who sees the account
        return activities.add_person(values["activity"], values["user"])

    def archive_row(self, row: ActivityPerson) -> None:
        activities.remove_person(row)

    def restore_row(self, row: ActivityPerson) -> None:
        activities.restore_person(row)


class PartSerializer(serializers.Serializer):
    """One number that a reading is made of."""

    label = serializers.CharField()  # type: ignore[assignment]  # a declared field, taken off the class
    value = serializers.DecimalField(20, 2, allow_null=True)
    unit = serializers.CharField()


class GoalReading(serializers.Serializer):
    """What a goal has reached, and why; amounts in the plan's currency."""

    goal = serializers.IntegerField()
    title = serializers.CharField()
    perspective = serializers.CharField()
    measured_by = serializers.ChoiceField(Measure.choices)
    weight = serializers.IntegerField()
    target = serializers.DecimalField(16, 2, allow_null=True)
    actual = serializers.DecimalField(20, 2, allow_null=True)
    attainment = serializers.DecimalField(
        12, 4, allow_null=True, help_text="A ratio: the part of the way from baseline to target."
    )
    reached = serializers.BooleanField()
    unit = serializers.CharField(help_text="Empty for goals that are measured by hand.")
    formula = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # a declared field, taken off the class
    as_of = serializers.DateField(allow_null=True)
    left_out = serializers.CharField(help_text="What is missing and therefore in no sum.")
    parts = PartSerializer(many=True)


class QuadrantSerializer(serializers.Serializer):
    perspective = serializers.CharField()
    attainment = serializers.DecimalField(6, 4, allow_null=True)
    goals = GoalReading(many=True)


class ScorecardSerializer(serializers.Serializer):
    """Σ weight × attainment ÷ Σ weight; each goal counts from 0 to 1."""

    attainment = serializers.DecimalField(6, 4, allow_null=True)
    quadrants = QuadrantSerializer(many=True)


def reading_of(row: GoalRow) -> dict[str, Any]:
    """A goal's reading as it is answered."""
    goal, known = row.goal, row.reading
    share = row.progress.share
    return {
        "goal": goal.pk,
        "title": goal.title,
        "perspective": goal.perspective,
        "measured_by": goal.measured_by,
        "weight": goal.weight,
        "target": goal.target,
        "actual": None if row.actual is None else round(row.actual, 2),
        "attainment": None if share is None else round(share, 4),
        "reached": row.progress.reached,
        "unit": known.unit if known else "",
        "formula": known.formula if known else "",
        "source": known.source if known else "",
        "as_of": known.as_of if known else None,
        "left_out": known.left_out if known else "",
        "parts": [
            {
                "label": part.label,
                "value": None if part.value is None else round(part.value, 2),
                "unit": part.unit,
            }
            for part in (known.parts if known else ())
        ],
    }


class ReadingView(KnownParameters, APIView):
    """What a goal has reached, by hand or as the system measures it."""

    @extend_schema(responses=GoalReading)
    def get(self, request: Request, pk: int) -> Response:
        """The reading with its formula, source and date."""
        goal = fetch_visible(Goal.objects.select_related("plan__account"), request.user, pk=pk)
        return Response(GoalReading(reading_of(goal_rows([goal])[0])).data)


class ScorecardView(KnownParameters, APIView):
    """A plan's goals by finance, customer, process and learning."""

    @extend_schema(responses=ScorecardSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """The four quadrants with their goals' readings."""
        plan = fetch_visible(AccountPlan.objects.select_related("account"), request.user, pk=pk)
        rows = goal_rows(list(plan.goals.active()))
        quadrants, total = scorecard_of(rows)
        answer = {
            "attainment": None if total is None else round(total, 4),
            "quadrants": [
                {
                    "perspective": str(quadrant.label),
                    "attainment": None if quadrant.share is None else round(quadrant.share, 4),
                    "goals": [reading_of(row) for row in quadrant.rows],
                }
                for quadrant in quadrants
            ],
        }
        return Response(ScorecardSerializer(answer).data)


paths: list = [
    path("plans/<int:pk>/scorecard/", ScorecardView.as_view(), name="plan-scorecard"),
    path("goals/<int:pk>/reading/", ReadingView.as_view(), name="goal-reading"),
]


def register(router: BaseRouter) -> None:
    router.register("strategies", StrategyViewSet, "strategy")
    router.register("goal-steps", GoalStepViewSet, "goalstep")
    router.register("activity-people", ActivityPersonViewSet, "activityperson")
