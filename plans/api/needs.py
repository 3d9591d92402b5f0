"""Resources of needs and value propositions, and a plan's improvement potential index."""

from collections.abc import Callable, Mapping
from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter
from rest_framework.views import APIView

from accounts.models import Contact
from kam.api.bodies import Body, bodiless
from kam.api.filtering import KnownParameters
from kam.api.resources import (
    RowSerializer,
    ScopedChoice,
    ScopedViewSet,
    etag,
    speaking_errors,
)
from kam.editing import fetch_visible
from plans.models import AccountPlan, Need, ValueProposition
from plans.needs_filters import NeedFilter
from plans.services import needs
from plans.views.needs import index_of, need_value

ROW = ["id", "version", "created_at", "updated_at", "archived_at"]
MOVED = ["state", "agreed_by", "agreed_on", "realised_value", "realised_on"]


class NeedSerializer(RowSerializer):
    class Meta:
        model = Need
        fields = [*ROW, "plan", *needs.FIELDS, *MOVED]
        read_only_fields = [*ROW, *MOVED]
        fixed = ["plan"]


class PropositionSerializer(RowSerializer):
    class Meta:
        model = ValueProposition
        fields = [*ROW, "plan", "contact", "need", "proposition", "proof"]
        read_only_fields = ROW
        fixed = ["plan"]


class Agreement(Body):
    """Who of the customer has agreed, and when."""

    agreed_by = ScopedChoice(queryset=Contact.objects.all())  # unscoped: the field scopes it
    agreed_on = serializers.DateField()


class Result(Body):
    """What the customer has got, a year in the plan's currency, and since when."""

    realised_value = serializers.DecimalField(16, 2)
    realised_on = serializers.DateField()


class NeedApiFilter(NeedFilter):
    """The pages' filter; here nothing is left out that nobody asked to leave out."""

    class Meta(NeedFilter.Meta):
        fields = ["plan"]

    def filter_queryset(self, queryset: Any) -> Any:
        state = self.form.cleaned_data.get("state")
        queryset = super(NeedFilter, self).filter_queryset(queryset)
        return queryset.filter(state=state) if state and state != "all" else queryset


class NeedViewSet(ScopedViewSet):
    """Needs of customers, from a pain or gain to the value that they confirm."""

    queryset = Need.objects.select_related("plan__account").order_by("id")
    serializer_class = NeedSerializer
    filterset_class = NeedApiFilter

    def create_row(self, values: dict[str, Any]) -> Need:
        return needs.add_need(**values)

    def change_row(self, row: Need, changes: Mapping[str, Any], base_version: int | None) -> Need:
        return needs.change_need(row, changes, base_version=base_version)

    def archive_row(self, row: Need) -> None:
        needs.archive_need(row)

    def restore_row(self, row: Need) -> None:
        needs.restore_need(row)

    def _step(self, take: Callable[[Need], Need]) -> Response:
        with speaking_errors():
            need = take(self.get_object())
        return Response(self.get_serializer(need).data, headers={"ETag": etag(need)})

    def _said(self, request: Request, kind: type[serializers.Serializer]) -> dict[str, Any]:
        words = kind(data=request.data, context=self.get_serializer_context())
        words.is_valid(raise_exception=True)
        return words.validated_data

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    @bodiless
    def diagnose(self, request: Request, pk: str) -> Response:
        """The cause and its consequence are known."""
        return self._step(needs.diagnose)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    @bodiless
    def propose(self, request: Request, pk: str) -> Response:
        """Our answer stands before the customer."""
        return self._step(needs.propose)

    @extend_schema(request=Agreement)
    @action(detail=True, methods=["post"])
    def agree(self, request: Request, pk: str) -> Response:
        """The customer has agreed."""
        need = self.get_object()
        said = self._said(request, Agreement)
        return self._step(lambda _: needs.agree(need, said["agreed_by"], said["agreed_on"]))

    @extend_schema(request=Result)
    @action(detail=True, methods=["post"])
    def realise(self, request: Request, pk: str) -> Response:
        """The value has come about."""
        need = self.get_object()
        said = self._said(request, Result)
        return self._step(
            lambda _: needs.realise(need, said["realised_value"], said["realised_on"])
        )

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    @bodiless
    def back(self, request: Request, pk: str) -> Response:
        """One state back."""
        return self._step(needs.step_back)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    @bodiless
    def drop(self, request: Request, pk: str) -> Response:
        """Nobody goes on with it."""
        return self._step(needs.drop)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    @bodiless
    def resume(self, request: Request, pk: str) -> Response:
        """Taken up again."""
        return self._step(needs.resume)


class PropositionViewSet(ScopedViewSet):
    """What each person who decides gets from us, in their terms."""

    queryset = ValueProposition.objects.select_related("plan__account").order_by("id")
    serializer_class = PropositionSerializer
    filterset_fields = {"plan": ["exact"], "contact": ["exact"], "need": ["exact"]}

    def create_row(self, values: dict[str, Any]) -> ValueProposition:
        return needs.add_proposition(**values)

    def change_row(
        self, row: ValueProposition, changes: Mapping[str, Any], base_version: int | None
    ) -> ValueProposition:
        return needs.change_proposition(row, changes, base_version=base_version)

    def archive_row(self, row: ValueProposition) -> None:
        needs.archive_proposition(row)

    def restore_row(self, row: ValueProposition) -> None:
        needs.restore_proposition(row)


class NeedPart(serializers.Serializer):
    """One need of the index; ``potential`` is empty until value and chance are known."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    state = serializers.CharField()
    attainable = serializers.DecimalField(18, 2, allow_null=True)
    present = serializers.DecimalField(18, 2, allow_null=True)
    chance = serializers.DecimalField(5, 2, allow_null=True)
    potential = serializers.DecimalField(18, 2, allow_null=True)


class Potential(serializers.Serializer):
    """The index with its parts: (attainable − present value) × chance, a year."""

    currency = serializers.CharField()
    index = serializers.DecimalField(18, 2)
    attainable = serializers.DecimalField(18, 2)
    present = serializers.DecimalField(18, 2)
    agreed = serializers.DecimalField(18, 2)
    counted = serializers.IntegerField()
    unknown = serializers.IntegerField(help_text="Needs without a value or a chance: in no part.")
    needs = NeedPart(many=True)


class PotentialView(KnownParameters, APIView):
    """A plan's improvement potential index, in the plan's currency."""

    @extend_schema(responses=Potential)
    def get(self, request: Request, pk: int) -> Response:
        """The index and the needs that it consists of."""
        plan = fetch_visible(AccountPlan.objects.all(), request.user, pk=pk)
        rows = list(
            Need.objects.visible_to(request.user)
            .active()
            .filter(plan=plan)
            .exclude(state=Need.State.DROPPED)
        )
        index = index_of(rows)
        parts = [(need, need_value(need)) for need in rows]
        return Response(
            Potential(
                {
                    "currency": plan.currency,
                    "index": index.index,
                    "attainable": index.attainable,
                    "present": index.present,
                    "agreed": index.agreed,
                    "counted": index.counted,
                    "unknown": index.unknown,
                    "needs": [
                        {
                            "id": need.pk,
                            "title": need.title,
                            "state": need.state,
                            "attainable": numbers.attainable,
                            "present": numbers.present,
                            "chance": numbers.chance,
                            "potential": numbers.potential,
                        }
                        for need, numbers in parts
                    ],
                }
            ).data
        )


paths: list = [
    path("plans/<int:pk>/potential/", PotentialView.as_view(), name="plan-potential"),
]


def register(router: BaseRouter) -> None:
    router.register("needs", NeedViewSet, "need")
    router.register("propositions", PropositionViewSet, "proposition")
