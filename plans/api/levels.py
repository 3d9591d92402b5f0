"""Resources of plans of KAM, team and company, shares of targets, forecast accuracy, and the roll-up
along other lines."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.urls import path
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter
from rest_framework.views import APIView

from accounts.models import Account
from kam.api.bodies import Body, bodiless
from kam.api.filtering import KnownParameters
from kam.api.resources import (
    RowSerializer,
    ScopedChoice,
    ScopedReadViewSet,
    ScopedViewSet,
    etag,
    speaking_errors,
)
from kam.editing import fetch_visible
from kam.models import Company, Team, User
from kam.money import rounded
from kam.periods import company_today
from kam.scoping import signed_in
from plans.api.rollups import YEAR, asked_year
from plans.models import CascadeShare, LevelGoal, LevelPlan
from plans.rollup_scope import scope_of
from plans.rollups import along as lengthwise
from plans.rollups.accuracy import PartAccuracy
from plans.rollups.along import LINES, PartFigures
from plans.services import cascades, levels
from plans.services.forecasts import LEADS
from plans.views.levels import accuracy as accuracy_page
from plans.views.levels import along as along_page
from plans.views.levels.cascade import parts_for, preview
from plans.views.levels.goals import goal_rows
from plans.views.levels.plan import gaps_of
from plans.views.levels.rows import level_plan

ROW = ["id", "version", "created_at", "updated_at", "archived_at"]
LINE = OpenApiParameter("line", str, OpenApiParameter.PATH, enum=list(LINES))
TOP = OpenApiParameter("level", str, OpenApiParameter.PATH, enum=["company", "own"])
BELOW = OpenApiParameter("level", str, OpenApiParameter.PATH, enum=["team", "kam"])
SCHEME = OpenApiParameter("scheme", int, description="The segment scheme; the first without.")
LEAD = OpenApiParameter("lead", int, enum=list(LEADS), description="Months ahead; 1 without.")


def money(value: Decimal | None) -> str | None:
    return None if value is None else f"{rounded(value):f}"


def share(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.quantize(Decimal('0.000001'), ROUND_HALF_UP):f}"


class LevelPlanSerializer(RowSerializer):
    class Meta:
        model = LevelPlan
        fields = [
            *ROW, "level", "year", "owner", "team", "summary", "priorities", "resources", "revenue",
            "margin", "gap_argument",
        ]  # fmt: skip
        read_only_fields = ROW
        fixed = ["level", "year", "owner", "team"]
        validators: list = []  # one plan a level and year: said in ``create_row``


class LevelGoalSerializer(RowSerializer):
    class Meta:
        model = LevelGoal
        fields = [
            *ROW, "plan", "title", "perspective", "measured_by", "metric", "target", "actual",
            "due_on",
        ]  # fmt: skip
        read_only_fields = ROW
        fixed = ["plan"]


class CascadeShareSerializer(RowSerializer):
    class Meta:
        model = CascadeShare
        fields = [
            *ROW, "plan", "team", "owner", "account", "basis", "revenue", "margin", "state",
            "argument", "answered_by", "answered_at",
        ]  # fmt: skip
        read_only_fields = fields


class ProposedShare(Body):
    """One part of the target: exactly one of team, owner and account."""

    # unscoped: the choice scopes its rows by the caller
    team = ScopedChoice(queryset=Team.objects.all(), required=False)
    # unscoped: the same
    owner = ScopedChoice(queryset=User.objects.all(), required=False)
    # unscoped: the same
    account = ScopedChoice(queryset=Account.objects.all(), required=False)
    revenue = serializers.DecimalField(18, 2, min_value=0, help_text="Company currency.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if sum(name in attrs for name in ("team", "owner", "account")) != 1:
            raise serializers.ValidationError("Name one of team, owner and account.")
        return attrs


class Proposal(Body):
    """Shares that add up to the target; without ``shares`` those that the basis says."""

    basis = serializers.ChoiceField(CascadeShare.Basis.choices)
    shares = ProposedShare(many=True, required=False)


class Argument(Body):
    """What speaks against a share."""

    argument = serializers.CharField(max_length=2000)


class LevelPlanViewSet(ScopedViewSet):
    """Plans of a KAM's portfolio (owner), a team, or the company (neither), by fiscal year."""

    queryset = LevelPlan.objects.select_related("team").order_by("id")
    serializer_class = LevelPlanSerializer
    filterset_fields = {
        "level": ["exact"],
        "year": ["exact"],
        "owner": ["exact"],
        "team": ["exact"],
    }

    def create_row(self, values: dict[str, Any]) -> LevelPlan:
        key = {name: values.pop(name, None) for name in ("level", "year", "owner", "team")}
        # unscoped: whether the year is taken
        if LevelPlan.objects.filter(**key).exists():
            raise ValidationError(_("There is a plan for this year already."))
        LevelPlan(**key).validate_constraints()
        plan = levels.create_level_plan(
            key["level"], key["year"], owner=key["owner"], team=key["team"]
        )
        levels.refuse_own_target(self.request.user, plan, values)
        return levels.change_level_plan(plan, values, base_version=None) if values else plan

    def archive_row(self, row: LevelPlan) -> None:
        """Raises where somebody would archive the plan that asks something of them."""
        levels.archive_level_plan(self.request.user, row)

    def change_row(
        self, row: LevelPlan, changes: Mapping[str, Any], base_version: int | None
    ) -> LevelPlan:
        levels.refuse_own_target(self.request.user, row, changes)
        return levels.change_level_plan(row, changes, base_version=base_version)

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True, methods=["get"])
    def gap(self, request: Request, pk: str) -> Response:
        """The target from above, the sum of the account plans, shares, and the goals' roll-up."""
        plan = level_plan(request.user, self.get_object().pk)
        gaps, _missing = gaps_of(plan, scope_of(request.user))
        rows = goal_rows(plan, request.user, list(plan.goals.active()))
        return Response(
            {
                "currency": Company.current().currency,
                **{
                    gap.name: {
                        "from_above": money(gap.above),
                        "from_below": money(gap.below),
                        "gap": money(gap.gap),
                        "forecast": money(gap.forecast),
                        "shared_out": money(gap.given),
                        "accepted": money(gap.agreed),
                    }
                    for gap in gaps
                },
                "argument": plan.gap_argument,
                "goals": [
                    {
                        "id": row.goal.pk,
                        "title": row.goal.title,
                        "measured_by": row.goal.measured_by,
                        "target": money(row.goal.target),
                        "actual": money(row.actual),
                        "attainment": share(row.attainment),
                        "accounts": row.sum.heard if row.sum else None,
                        "without_value": row.sum.unheard if row.sum else None,
                    }
                    for row in rows
                ],
            }
        )

    @extend_schema(request=Proposal, responses=CascadeShareSerializer(many=True))
    @action(detail=True, methods=["post"])
    def propose(self, request: Request, pk: str) -> Response:
        """Shares the target out anew; what stood and changed is kept as history."""
        plan = level_plan(request.user, self.get_object().pk)
        if not plan.may_edit:
            raise PermissionDenied
        asked = Proposal(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        basis = asked.validated_data["basis"]
        with speaking_errors():
            lines = preview(plan, parts_for(plan, request.user, basis), basis, [], None)
            given = asked.validated_data.get("shares")
            if given is None:
                proposals = [
                    cascades.Proposal(line.part.key, line.proposed, basis) for line in lines
                ]
            else:
                proposals = _named(given, {line.part.key: line.proposed for line in lines}, basis)
            found = cascades.propose(plan, proposals, signed_in(request))
        return Response(CascadeShareSerializer(found, many=True, context={"request": request}).data)


def _named(
    given: list[dict[str, Any]], known: Mapping[cascades.PartKey, Decimal], basis: str
) -> list[cascades.Proposal]:
    """The shares that were named; each part is one below the plan, and named once."""
    found: dict[cascades.PartKey, cascades.Proposal] = {}
    for row in given:
        kind = next(name for name in ("team", "owner", "account") if name in row)
        part = (kind, row[kind].pk)
        if part not in known:
            raise ValidationError(_("%(part)s is no part of this level.") % {"part": row[kind]})
        if part in found:
            raise ValidationError(_("%(part)s is named twice.") % {"part": row[kind]})
        by = basis if row["revenue"] == known[part] else CascadeShare.Basis.HAND
        found[part] = cascades.Proposal(part, row["revenue"], by)
    return list(found.values())


class LevelGoalViewSet(ScopedViewSet):
    """Goals of plans of levels. What is not measured by hand is rolled up: see the plan's ``gap``."""

    queryset = LevelGoal.objects.select_related("plan").order_by("id")
    serializer_class = LevelGoalSerializer
    filterset_fields = {"plan": ["exact"], "measured_by": ["exact"]}

    def create_row(self, values: dict[str, Any]) -> LevelGoal:
        return levels.add_level_goal(**values)

    def change_row(
        self, row: LevelGoal, changes: Mapping[str, Any], base_version: int | None
    ) -> LevelGoal:
        return levels.change_level_goal(row, changes, base_version=base_version)

    def archive_row(self, row: LevelGoal) -> None:
        levels.archive_level_goal(row)

    def restore_row(self, row: LevelGoal) -> None:
        levels.restore_level_goal(row)


class CascadeShareViewSet(ScopedReadViewSet):
    """Shares of targets: those that one gives and those that one is given. Archived ones are history."""

    queryset = CascadeShare.objects.select_related("team", "owner", "account").order_by("id")
    serializer_class = CascadeShareSerializer
    filterset_fields = {
        "plan": ["exact"], "state": ["exact"], "team": ["exact"], "owner": ["exact"],
        "account": ["exact"],
    }  # fmt: skip

    def _answered(self, take: Any) -> Response:
        # Those who answer a share need not be those who may change it.
        row = fetch_visible(self.queryset, self.request.user, pk=self.kwargs["pk"])
        mine = CascadeShare.objects.visible_to(self.request.user).answerable_by(self.request.user)
        if not mine.filter(pk=row.pk).exists():
            raise PermissionDenied
        with speaking_errors():
            row = take(row)
        return Response(self.get_serializer(row).data, headers={"ETag": etag(row)})

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    @bodiless
    def accept(self, request: Request, pk: str) -> Response:
        """Takes the share on as the target from above."""
        return self._answered(lambda row: cascades.accept(row, signed_in(request)))

    @extend_schema(request=Argument)
    @action(detail=True, methods=["post"])
    def argue(self, request: Request, pk: str) -> Response:
        """Says what speaks against the share."""
        words = Argument(data=request.data)

        def take(row: CascadeShare) -> CascadeShare:
            words.is_valid(raise_exception=True)
            return cascades.argue(row, signed_in(request), words.validated_data["argument"])

        return self._answered(take)


# --- the roll-up along other lines ----------------------------------------------------------------


def part_json(figures: PartFigures) -> dict[str, Any]:
    """The sums of a part as strings, rounded to cents; ratios to six places."""
    return {
        "accounts": figures.accounts,
        "planned": figures.planned,
        **{name: money(getattr(figures, name)) for name in lengthwise.AMOUNTS},
        "attainment": share(figures.attainment),
        "pace": share(figures.pace),
        "margin": share(figures.margin_ratio),
        "rate_missing": figures.lacking,
    }


def along_json(found: lengthwise.Along) -> dict[str, Any]:
    """A level along a line, with what is not listed, the total, and the age of the figures."""
    fresh = found.fresh
    return {
        "line": found.line,
        "name": found.label,
        "year": found.fiscal_year.year,
        "currency": found.currency,
        "parts": [
            {"key": p.key, "name": p.label, "depth": p.depth, "figures": part_json(p.figures)}
            for p in found.parts
        ],
        "others": None
        if found.rest is None
        else {"parts": found.rest_count, "figures": part_json(found.rest)},
        "total": part_json(found.total),
        "computed_at": fresh.computed_at.isoformat() if fresh.computed_at else None,
        "portfolios_waiting": fresh.waiting,
    }


class AlongView(KnownParameters, APIView):
    """A level by industry, segment, product line, country, territory or customer group."""

    parameters = ("year", "scheme")

    def answer(self, request: Request, line: str, level: str, pk: int | None) -> Response:
        along_page.check(line, level, pk)
        text = request.query_params.get("scheme")
        scheme = None
        if line == "segment":
            known = list(lengthwise.schemes())
            scheme = next((s for s in known if text in (None, str(s.pk))), None)
            if scheme is None and text is not None:
                raise serializers.ValidationError({"scheme": "There is no such segment scheme."})
        year = asked_year(request)
        found = along_page.of_level(scope_of(request.user), line, level, pk, year, scheme)
        return Response(along_json(found))


class TopAlongView(AlongView):
    """The company or one's own teams along a line."""

    @extend_schema(
        operation_id="rollup_along", parameters=[LINE, TOP, YEAR, SCHEME],
        responses=OpenApiTypes.OBJECT,
    )  # fmt: skip
    def get(self, request: Request, level: str, line: str) -> Response:
        return self.answer(request, line, level, None)


class NodeAlongView(AlongView):
    """A team or a person's portfolio along a line."""

    @extend_schema(
        operation_id="rollup_along_of", parameters=[LINE, BELOW, YEAR, SCHEME],
        responses=OpenApiTypes.OBJECT,
    )  # fmt: skip
    def get(self, request: Request, level: str, pk: int, line: str) -> Response:
        return self.answer(request, line, level, pk)


# --- forecast accuracy ----------------------------------------------------------------------------


def accuracy_json(part: PartAccuracy) -> dict[str, Any]:
    found = part.accuracy
    return {
        "level": part.kind,
        "id": part.pk,
        "name": part.label,
        "forecast": money(found.forecast),
        "actual": money(found.actual),
        "bias": money(found.bias),
        "bias_share": share(found.bias_ratio),
        "mad": money(found.mad),
        "mape": share(found.mape),
        "wape": share(found.wape),
        "months_without_actual": found.without_actual,
    }


class AccuracyView(KnownParameters, APIView):
    """How good the forecasts of the last twelve months were."""

    parameters = ("lead",)

    def answer(self, request: Request, level: str, pk: int | None) -> Response:
        text = request.query_params.get("lead", "1")
        if text not in {str(lead) for lead in LEADS}:
            raise serializers.ValidationError({"lead": "1 or 3."})
        if level not in accuracy_page.LEVELS:
            raise Http404
        found = accuracy_page.of_level(
            scope_of(request.user), level, pk, int(text), company_today()
        )
        return Response(
            {
                **accuracy_json(found.whole),
                "currency": Company.current().currency,
                "lead": int(text),
                "months": [
                    {
                        "month": f"{month.month:%Y-%m}",
                        "forecast": money(month.forecast),
                        "actual": money(month.actual),
                        "error": money(month.error),
                        "accounts": month.accounts,
                        "left_out": month.left_out,
                    }
                    for month in found.whole.shown
                ],
                "parts": [accuracy_json(part) for part in found.parts],
                "computed_at": found.computed_at.isoformat() if found.computed_at else None,
            }
        )


class TopAccuracyView(AccuracyView):
    """The company's or one's own teams' forecasts."""

    @extend_schema(
        operation_id="forecast_accuracy", parameters=[TOP, LEAD], responses=OpenApiTypes.OBJECT
    )
    def get(self, request: Request, level: str) -> Response:
        return self.answer(request, level, None)


class NodeAccuracyView(AccuracyView):
    """A team's or person's forecasts."""

    @extend_schema(
        operation_id="forecast_accuracy_of", parameters=[BELOW, LEAD], responses=OpenApiTypes.OBJECT
    )
    def get(self, request: Request, level: str, pk: int) -> Response:
        return self.answer(request, level, pk)


paths: list = [
    path("rollups/<slug:level>/along/<slug:line>/", TopAlongView.as_view(), name="along"),
    path(
        "rollups/<slug:level>/<int:pk>/along/<slug:line>/", NodeAlongView.as_view(), name="along-of"
    ),
    path("forecast-accuracy/<slug:level>/", TopAccuracyView.as_view(), name="accuracy"),
    path(
        "forecast-accuracy/<slug:level>/<int:pk>/", NodeAccuracyView.as_view(), name="accuracy-of"
    ),
]


def register(router: BaseRouter) -> None:
    router.register("level-plans", LevelPlanViewSet, "levelplan")
    router.register("level-goals", LevelGoalViewSet, "levelgoal")
    router.register("target-shares", CascadeShareViewSet, "cascadeshare")
