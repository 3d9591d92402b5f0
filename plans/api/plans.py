"""Resources of plans: plans and their life, targets by month, goals, activities."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django_filters import CharFilter, FilterSet, NumberFilter
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter

from kam.api.bodies import Body, bodiless
from kam.api.resources import (
    RowSerializer,
    ScopedChangeViewSet,
    ScopedViewSet,
    etag,
    speaking_errors,
)
from kam.editing import fetch_visible, touching
from kam.lookup import LookupFilter
from kam.scoping import signed_in
from plans.api.reports import PDF_ANSWERS, report
from plans.filters import ActivityFilter, PlanFilter
from plans.models import AccountPlan, Activity, Goal, Target, TargetMonth
from plans.quality import assess
from plans.selectors import plan_year
from plans.services import activities, copying, goals, lifecycle, plans, targets
from plans.services.steering import NotYours

ROW = ["id", "version", "created_at", "updated_at", "archived_at"]


class AccountPlanSerializer(RowSerializer):
    growth = serializers.DecimalField(
        max_digits=6,
        decimal_places=2,
        min_value=-100,
        max_value=1000,
        required=False,
        write_only=True,
        help_text="Per cent above last year's sales for the targets made with the plan.",
    )

    class Meta:
        model = AccountPlan
        fields = [
            *ROW,
            "account",
            "year",
            "growth",
            "currency",
            "status",
            "summary",
            "template",
            "stance",
            "stance_reason",
            "in_force",
            "decided_by",
            "decided_at",
            "decision_note",
        ]
        read_only_fields = [
            *ROW,
            "currency",
            "status",
            "template",
            "in_force",
            "decided_by",
            "decided_at",
            "decision_note",
        ]
        fixed = ["account", "year", "growth"]


class TargetSerializer(RowSerializer):
    revenue = serializers.DecimalField(
        16, 2, min_value=0, required=False, write_only=True, help_text="The year's, phased."
    )
    margin = serializers.DecimalField(
        16, 2, required=False, write_only=True, help_text="The year's, phased."
    )
    volume = serializers.DecimalField(
        16, 3, min_value=0, required=False, write_only=True, help_text="The year's, phased."
    )

    class Meta:
        model = Target
        fields = [*ROW, "plan", "line", "phasing", *targets.PHASED]
        read_only_fields = ROW
        fixed = ["plan", "line", *targets.PHASED]


class TargetMonthSerializer(RowSerializer):
    class Meta:
        model = TargetMonth
        fields = [*ROW, "target", "month", "revenue", "margin", "volume", "forecast"]
        read_only_fields = ROW
        fixed = ["target", "month"]


class GoalSerializer(RowSerializer):
    class Meta:
        model = Goal
        fields = [
            *ROW,
            "plan",
            "side",
            "title",
            "perspective",
            "measured_by",
            "metric",
            "baseline",
            "target",
            "actual",
            "weight",
            "due_on",
        ]
        read_only_fields = ROW
        fixed = ["plan"]
        extra_kwargs = {
            "metric": {
                "required": False,
                "help_text": "Needed for goals that are measured by hand.",
            },
            "actual": {"help_text": "Typed by hand; what the system measures: …/reading/."},
        }


class ActivitySerializer(RowSerializer):
    class Meta:
        model = Activity
        fields = [
            *ROW,
            "plan",
            "goal",
            "strategy",
            "need",
            "side",
            "title",
            "reason",
            "contact",
            "responsible",
            "starts_on",
            "due_on",
            "status",
            "done_on",
            "depends_on",
            "effort_hours",
            "cost",
        ]
        read_only_fields = ROW
        fixed = ["plan"]


class PlanApiFilter(PlanFilter):
    """The pages' filter; here for any year, and by account."""

    year = NumberFilter(field_name="year")
    account = LookupFilter("accounts")
    account_number = CharFilter(
        field_name="account__number", label="The account's number, exactly; never an id."
    )


class ActivityApiFilter(FilterSet):
    """Here nothing is left out that nobody asked to leave out (the page starts with "mine")."""

    q = ActivityFilter.base_filters["q"]
    archived = ActivityFilter.base_filters["archived"]

    class Meta:
        model = Activity
        fields = {
            "plan": ["exact"],
            "responsible": ["exact"],
            "status": ["exact"],
            "due_on": ["gte", "lte"],
        }


class PlanDecision(Body):
    """What the decider says; required when a plan is returned."""

    note = serializers.CharField(max_length=5000, required=False, allow_blank=True, default="")


class GivingUp(Body):
    """What goes back beside targets and goals."""

    texts = serializers.BooleanField(
        default=False,
        help_text="Summary, stance, sections and strategies go back as well; "
        "sections that the caller may not change stay.",
    )


class CopySerializer(Body):
    """How next year's targets begin: growth on this year's sales in %; null for none."""

    growth = serializers.DecimalField(
        6, 2, min_value=-100, max_value=1000, required=False, allow_null=True, default=Decimal(0)
    )


class QualitySerializer(serializers.Serializer):
    """Plan quality (the product's own measure): completeness × freshness, each 0–1."""

    completeness = serializers.DecimalField(7, 4)
    freshness = serializers.DecimalField(7, 4, allow_null=True)
    quality = serializers.DecimalField(7, 4)
    todo = serializers.ListField(child=serializers.CharField())


@contextmanager
def not_yours_is_403() -> Iterator[None]:
    """A step that is for those who answer for the account is refused with its sentence, as 403."""
    try:
        yield
    except NotYours as refusal:
        raise PermissionDenied(refusal.sentence) from None


class AccountPlanViewSet(ScopedViewSet):
    """Account plans: one per account and fiscal year, with the steps of their life."""

    queryset = AccountPlan.objects.order_by("id")
    serializer_class = AccountPlanSerializer
    filterset_class = PlanApiFilter

    def create_row(self, values: dict[str, Any]) -> AccountPlan:
        made = ("account", "year", "growth")
        texts = {name: value for name, value in values.items() if name not in made}
        with not_yours_is_403():
            plan = plans.make_plan(
                values["account"],
                values["year"],
                by=signed_in(self.request),
                growth=values.get("growth"),
            )
        return plans.change_plan(plan, texts, base_version=None) if texts else plan

    def change_row(
        self, row: AccountPlan, changes: Mapping[str, Any], base_version: int | None
    ) -> AccountPlan:
        return plans.change_plan(row, changes, base_version=base_version)

    def archive_row(self, row: AccountPlan) -> None:
        with not_yours_is_403():
            plans.archive_plan(row, by=signed_in(self.request))

    def restore_row(self, row: AccountPlan) -> None:
        with not_yours_is_403():
            plans.restore_plan(row, by=signed_in(self.request))

    def _step(self, take: Callable[[AccountPlan], AccountPlan], *, decides: bool) -> Response:
        """``decides``: for those who decide on plans; else the service asks who answers for it."""
        plan = self._to_decide() if decides else self._seen()
        with speaking_errors(), not_yours_is_403():
            plan = take(plan)
        return Response(self.get_serializer(plan).data, headers={"ETag": etag(plan)})

    def _seen(self) -> AccountPlan:
        return fetch_visible(AccountPlan.objects.all(), self.request.user, pk=self.kwargs["pk"])

    def _to_decide(self) -> AccountPlan:
        """The plan, for one of those who decide on it; 404 unseen, 403 not theirs to decide."""
        plan = self._seen()
        mine = AccountPlan.objects.approvable_by(self.request.user)
        if not mine.filter(pk=plan.pk).exists():
            raise PermissionDenied
        return plan

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    @bodiless
    def submit(self, request: Request, pk: str) -> Response:
        """Asks for a decision."""
        return self._step(lambda plan: lifecycle.submit(plan, signed_in(request)), decides=False)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    @bodiless
    def withdraw(self, request: Request, pk: str) -> Response:
        """Takes a submitted plan back."""
        return self._step(lambda plan: lifecycle.withdraw(plan, signed_in(request)), decides=False)

    @extend_schema(request=PlanDecision)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Puts a submitted plan in force."""
        note = self._note(request)
        return self._step(
            lambda plan: lifecycle.approve(plan, signed_in(request), note), decides=True
        )

    @extend_schema(request=PlanDecision)
    @action(detail=True, methods=["post"], url_path="return")
    def send_back(self, request: Request, pk: str) -> Response:
        """Returns a submitted plan to its KAM."""
        note = self._note(request)
        return self._step(
            lambda plan: lifecycle.send_back(plan, signed_in(request), note), decides=True
        )

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    @bodiless
    def amend(self, request: Request, pk: str) -> Response:
        """Opens an approved plan for changes that are approved anew."""
        return self._step(lambda plan: lifecycle.amend(plan, signed_in(request)), decides=False)

    @extend_schema(request=GivingUp)
    @action(detail=True, methods=["post"], url_path="give-up")
    def give_up(self, request: Request, pk: str) -> Response:
        """Ends an amendment undecided: targets and goals go back to the version in force.

        Steps of goals and the phasing of targets, too, unless that version was kept before versions
        held them: then they stay.
        """
        asked = GivingUp(data=request.data)
        asked.is_valid(raise_exception=True)
        texts = asked.validated_data["texts"]
        return self._step(
            lambda plan: lifecycle.give_up(plan, signed_in(request), texts=texts), decides=False
        )

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    @bodiless
    def close(self, request: Request, pk: str) -> Response:
        """Ends the work with a plan."""
        return self._step(lambda plan: lifecycle.close(plan, signed_in(request)), decides=False)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    @bodiless
    def reopen(self, request: Request, pk: str) -> Response:
        """Puts a closed plan in force again."""
        return self._step(lambda plan: lifecycle.reopen(plan, signed_in(request)), decides=False)

    @extend_schema(request=CopySerializer, responses={201: AccountPlanSerializer})
    @action(detail=True, methods=["post"])
    def copy(self, request: Request, pk: str) -> Response:
        """Makes the next year's plan from this one."""
        plan = self._seen()
        asked = CopySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        with speaking_errors(), not_yours_is_403():
            new = copying.copy_forward(
                plan, by=signed_in(request), growth=asked.validated_data["growth"]
            )
        return Response(self.get_serializer(new).data, status=201, headers={"ETag": etag(new)})

    @extend_schema(responses=QualitySerializer)
    @action(detail=True, methods=["get"])
    def quality(self, request: Request, pk: str) -> Response:
        """How complete and fresh the plan is, and what to do about it."""
        plan = self.get_object()
        sections = list(plan.sections.active())  # unscoped: assess names only what is read
        found = assess(plan, sections, request.user)
        return Response(
            QualitySerializer(
                {
                    "completeness": found.quality.completeness,
                    "freshness": found.quality.freshness,
                    "quality": found.quality.quality,
                    "todo": [item.what for item in found.todo],
                }
            ).data
        )

    @extend_schema(request=None, responses=PDF_ANSWERS)
    @action(detail=True, methods=["get"])
    def pdf(self, request: Request, pk: str) -> HttpResponse:
        """The plan as PDF: at once, or 202 with the job that makes it."""
        return report(request, "plan", self.get_object().pk, 0)

    def _note(self, request: Request) -> str:
        words = PlanDecision(data=request.data)
        words.is_valid(raise_exception=True)
        return words.validated_data["note"]


class TargetViewSet(ScopedViewSet):
    """Targets of a plan, one per product line; POST phases the year's totals over the months."""

    queryset = Target.objects.select_related("plan__account").order_by("id")
    serializer_class = TargetSerializer
    filterset_fields = {"plan": ["exact"], "line": ["exact"]}

    def create_row(self, values: dict[str, Any]) -> Target:
        totals = {name: values[name] for name in targets.PHASED if name in values}
        phasing = values.get("phasing", Target.Phasing.EVEN)
        return targets.add_target(values["plan"], values["line"], totals, phasing=phasing)

    def change_row(
        self, row: Target, changes: Mapping[str, Any], base_version: int | None
    ) -> Target:
        if not touching(row, changes):
            return row
        versions = {month.month: month.version for month in row.months.all()}
        months = plan_year(row.plan).months()
        return targets.set_phasing(row, changes["phasing"], [versions.get(m, 0) for m in months])

    def archive_row(self, row: Target) -> None:
        targets.archive_target(row)

    def restore_row(self, row: Target) -> None:
        targets.restore_target(row)


class TargetMonthViewSet(ScopedChangeViewSet):
    """A target's months, in the plan's currency. They come and go with their target."""

    queryset = TargetMonth.objects.select_related("target__plan__account").order_by("id")
    serializer_class = TargetMonthSerializer
    filterset_fields = {"target": ["exact"], "target__plan": ["exact"], "month": ["exact"]}

    def change_row(
        self, row: TargetMonth, changes: Mapping[str, Any], base_version: int | None
    ) -> TargetMonth:
        version = row.version if base_version is None else base_version
        for measure, value in touching(row, changes).items():
            edit = targets.CellEdit(row.target_id, row.month, value, version)
            (row,) = targets.save_cells(row.target.plan, measure, [edit])
        return row


class GoalViewSet(ScopedViewSet):
    """Goals, ours and the customer's."""

    queryset = Goal.objects.select_related("plan__account").order_by("id")
    serializer_class = GoalSerializer
    filterset_fields = {
        "plan": ["exact"],
        "side": ["exact"],
        "perspective": ["exact"],
        "measured_by": ["exact"],
    }

    def create_row(self, values: dict[str, Any]) -> Goal:
        return goals.add_goal(**values)

    def change_row(self, row: Goal, changes: Mapping[str, Any], base_version: int | None) -> Goal:
        return goals.change_goal(row, changes, base_version=base_version)

    def archive_row(self, row: Goal) -> None:
        goals.archive_goal(row)

    def restore_row(self, row: Goal) -> None:
        goals.restore_goal(row)


class ActivityViewSet(ScopedViewSet):
    """What is to be done."""

    queryset = Activity.objects.select_related("plan__account").order_by("id")
    serializer_class = ActivitySerializer
    filterset_class = ActivityApiFilter

    def create_row(self, values: dict[str, Any]) -> Activity:
        return activities.add_activity(**values)

    def change_row(
        self, row: Activity, changes: Mapping[str, Any], base_version: int | None
    ) -> Activity:
        return activities.change_activity(row, changes, base_version=base_version)

    def archive_row(self, row: Activity) -> None:
        activities.archive_activity(row)

    def restore_row(self, row: Activity) -> None:
        activities.restore_activity(row)


def register(router: BaseRouter) -> None:
    router.register("plans", AccountPlanViewSet, "plan")
    router.register("targets", TargetViewSet, "target")
    router.register("target-months", TargetMonthViewSet, "targetmonth")
    router.register("goals", GoalViewSet, "goal")
    router.register("activities", ActivityViewSet, "activity")
