"""Scores over the API: the rows of a night, each with its explanation; the runs."""

from typing import Any

from django.core.exceptions import BadRequest
from django.urls import URLPattern
from django_filters import DateFilter, FilterSet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from kam.api.resources import ScopedReadViewSet
from portfolio.explain import as_json, explain
from portfolio.models import AccountScore, ScoringRun
from portfolio.nights import read_night
from portfolio.scoring_sql import AXES, FIGURES

paths: list[URLPattern] = []


class AccountScoreSerializer(serializers.ModelSerializer):
    class Meta:
        model = AccountScore
        fields = [
            "id",
            "account",
            "owner",
            "criteria_version",
            "first_night",
            "last_night",
            "is_key_account",
            "cell",
            *AXES,
            "completeness",
            *FIGURES,
        ]


class ScoringRunSerializer(serializers.ModelSerializer):
    class Meta:
        model = ScoringRun
        fields = [
            "id",
            "night",
            "criteria_version",
            "state",
            "started_at",
            "finished_at",
            "scored",
            "changed",
            "recipe",
            "facts",
        ]


class ExplanationSerializer(serializers.Serializer):
    """An account's scores taken apart; decimals are strings, scores and values 0–100."""

    account = serializers.IntegerField()
    night = serializers.DateField()
    until = serializers.DateField(allow_null=True)
    criteria_version = serializers.DictField()
    cell = serializers.CharField(allow_blank=True)
    completeness = serializers.CharField()
    revenue = serializers.CharField(allow_null=True)
    contribution = serializers.CharField(allow_null=True)
    facts = serializers.DictField()
    scores = serializers.ListField(child=serializers.DictField())


class AccountScoreFilter(FilterSet):
    """``night`` gives what held after that night's run; without it, every row of the history."""

    night = DateFilter(method="on_night", label="what held after the run of this night")

    class Meta:
        model = AccountScore
        fields = {
            "account": ["exact"],
            "owner": ["exact"],
            "cell": ["exact"],
            "is_key_account": ["exact"],
            "last_night": ["isnull"],
        }

    def on_night(self, queryset: Any, _name: str, value: Any) -> Any:
        return queryset.on_night(value)


class AccountScoreViewSet(ScopedReadViewSet):
    """Scores of accounts, 0–100, with the amounts (company currency) of the twelve months before."""

    queryset = AccountScore.objects.order_by("id")
    serializer_class = AccountScoreSerializer
    filterset_class = AccountScoreFilter

    @extend_schema(
        parameters=[OpenApiParameter("night", OpenApiTypes.DATE)], responses=ExplanationSerializer
    )
    @action(detail=True, methods=["get"])
    def explanation(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Why these scores: each criterion's fact, value, share and contribution.

        With ``night``, sources and people of judgements are as they stood on that night.
        """
        try:
            night = read_night(request.query_params.get("night", ""))
        except BadRequest as error:
            raise ValidationError({"night": str(error)}) from None
        return Response(as_json(explain(self.get_object(), night)))


class ScoringRunViewSet(ScopedReadViewSet):
    """The nightly runs, with the recipe and the facts that each scored by."""

    queryset = ScoringRun.objects.order_by("id")
    serializer_class = ScoringRunSerializer
    filterset_fields = {"night": ["exact", "gte", "lte"], "state": ["exact"]}


def register(router: Any) -> None:
    router.register("account-scores", AccountScoreViewSet, basename="accountscore")
    router.register("scoring-runs", ScoringRunViewSet, basename="scoringrun")
