"""People's load, the time by matrix cell and suggestions over the API; read only, computed."""

from typing import Any

from django.http import Http404
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from kam.api.filtering import KnownParameters, refuse_unknown
from kam.models import Company, User
from kam.periods import FiscalYear, company_year
from portfolio import resources
from portfolio.calc.resources import cell_shares
from portfolio.filters.resources import LoadFilter

YEAR = OpenApiParameter("year", int, description="Fiscal year; the present one without it.")
TEAM = OpenApiParameter("team", int, description="A team with all teams below it.")
PERSON = OpenApiParameter("person", int, description="One person, by id.")


def _year(request: Request) -> FiscalYear:
    text = request.query_params.get("year", "")
    if not text:
        return company_year()
    if not (text.isascii() and text.isdecimal() and len(text) == 4 and 1990 <= int(text) <= 2100):
        raise ValidationError({"year": _("A year from 1990 to 2100.")})
    return company_year(int(text))


def _filtered(request: Request, people: Any) -> Any:
    filterset = LoadFilter(request.query_params, queryset=people, request=request)
    if not filterset.is_valid():
        raise ValidationError(filterset.errors)
    return filterset.qs


def _person(request: Request, people: Any) -> Any:
    """The named person, whose portfolio the caller may open; else 404."""
    text = request.query_params.get("person", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ValidationError({"person": _("A person's id.")})
    found = people.filter(pk=int(text)).first()
    if found is None:
        raise Http404
    return found


class LoadSerializer(serializers.ModelSerializer):
    """One person's hours of the fiscal year; shares are of the capacity, null without one."""

    capacity = serializers.DecimalField(9, 2, allow_null=True)
    planned = serializers.DecimalField(12, 2)
    spent = serializers.DecimalField(12, 2)
    planned_share = serializers.SerializerMethodField()
    spent_share = serializers.SerializerMethodField()
    free = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = (
            "id", "name", "email", "team", "capacity", "planned", "spent", "planned_share",
            "spent_share", "free",
        )  # fmt: skip

    def get_planned_share(self, person: Any) -> float | None:
        return _ratio(resources.load_of(person).planned_share)

    def get_spent_share(self, person: Any) -> float | None:
        return _ratio(resources.load_of(person).spent_share)

    def get_free(self, person: Any) -> str | None:
        free = resources.load_of(person).free
        return None if free is None else f"{free:.2f}"


def _ratio(value: Any) -> float | None:
    return None if value is None else round(float(value), 6)


class LoadView(generics.ListAPIView):
    """Each key account manager's capacity, planned and spent hours of a fiscal year."""

    serializer_class = LoadSerializer
    queryset = User.objects.none()
    filter_backends: list[Any] = []

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset()
        people = resources.people_with_load(self.request.user, _year(self.request))
        return _filtered(self.request, people).order_by("id")

    @extend_schema(operation_id="resources_load", parameters=[YEAR, TEAM])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        refuse_unknown(request, ("year", "team", "q", "cursor", "page_size"))
        return super().get(request, *args, **kwargs)


class TimeByCellView(KnownParameters, APIView):
    """Hours of twelve months by matrix cell, against the share that each cell should have."""

    parameters = ("team", "person", "q")

    @extend_schema(
        operation_id="resources_cells", parameters=[TEAM, PERSON], responses=OpenApiTypes.OBJECT
    )
    def get(self, request: Request) -> Response:
        people = resources.people_with_load(request.user, company_year())
        person = _person(request, people)
        owners = people.filter(pk=person.pk) if person else _filtered(request, people)
        spent = resources.spent_by_cell(owners.order_by().values("pk"))
        return Response(
            {
                "night": spent.night,
                "cells": [
                    {
                        "cell": share.cell,
                        "hours": f"{share.hours:.2f}",
                        "share": _ratio(share.share),
                        "should_share": _ratio(share.should_share),
                        "should": None if share.should is None else f"{share.should:.2f}",
                        "over": None if share.over is None else f"{share.over:.2f}",
                    }
                    for share in cell_shares(spent.hours, resources.wanted_shares())
                ],
            }
        )


class SuggestionsView(KnownParameters, APIView):
    """Where one person's planned hours could go: from cells over their share to those under it."""

    parameters = ("year", "person")

    @extend_schema(
        operation_id="resources_suggestions",
        parameters=[YEAR, OpenApiParameter("person", int, required=True)],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        year = _year(request)
        person = _person(request, resources.people_with_load(request.user, year))
        if person is None:
            raise ValidationError({"person": _("Name the person, by id.")})
        board = resources.board_of(request.user, person, year)
        names = {row.account.pk: row.account.name for row in board.rows}

        def place(found: Any) -> dict[str, Any]:
            return {"account": found.key, "name": names[found.key], "cell": found.cell}

        return Response(
            {
                "person": person.pk,
                "year": year.year,
                "currency": Company.current().currency,
                "moves": [
                    {
                        "from": {
                            **place(move.giver),
                            "return_per_hour": None
                            if move.giver.per_hour is None
                            else f"{move.giver.per_hour:.2f}",
                        },
                        "to": {
                            **place(move.taker),
                            "improvement": None
                            if move.taker.improvement is None
                            else str(move.taker.improvement),
                        },
                        "hours": str(move.hours),
                    }
                    for move in board.moves
                ],
            }
        )


paths: list[URLPattern] = [
    path("resources/load/", LoadView.as_view(), name="resources-load"),
    path("resources/cells/", TimeByCellView.as_view(), name="resources-cells"),
    path("resources/suggestions/", SuggestionsView.as_view(), name="resources-suggestions"),
]


def register(router: Any) -> None:
    """Nothing on the router: these are computed, not rows."""
