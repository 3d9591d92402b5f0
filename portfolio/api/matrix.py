"""The matrix and the concentration over the API, through the caller's scope; read only."""

from typing import Any

from django.core.exceptions import BadRequest
from django.urls import URLPattern, path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Account
from kam.api.filtering import KnownParameters
from kam.api.resources import RowSerializer, ScopedChangeViewSet
from kam.editing import fetch_visible
from kam.models import Company
from portfolio import concentration as figures
from portfolio import concentration_text as words
from portfolio import loss, matrix
from portfolio.filters.matrix import MatrixFilter
from portfolio.models import CellText, PortfolioSettings
from portfolio.views.concentration import Asked as AskedConcentration
from portfolio.views.matrix import Asked as AskedMatrix

FILTERS = [
    OpenApiParameter("owner", str, description="A KAM: e-mail address or name."),
    OpenApiParameter("team", int, description="A team with all teams below it."),
    OpenApiParameter("segment", int),
    OpenApiParameter("industry", int),
    OpenApiParameter("is_key_account", str, enum=["yes", "no"]),
]
YEAR = OpenApiParameter("year", int, description="Fiscal year; the present one without it.")


class MatrixView(KnownParameters, APIView):
    """Cells, and the accounts or clusters of a part of the matrix, on one night."""

    parameters = (*MatrixFilter.base_filters, "night", "x", "y")

    @extend_schema(
        operation_id="matrix",
        parameters=[
            *FILTERS,
            OpenApiParameter("country", str),
            OpenApiParameter("cell", str, enum=CellText.Cell.values),
            OpenApiParameter("night", OpenApiTypes.DATE, description="The newest without it."),
            OpenApiParameter("x", str, description="Range of profitability, as 20-40."),
            OpenApiParameter("y", str, description="Range of potential, as 20-40."),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        asked = AskedMatrix(request)  # type: ignore[arg-type]
        try:
            window, run = asked.window, asked.run
        except BadRequest as error:
            raise ValidationError(str(error)) from None
        if run is None:
            return Response({"night": None, "cells": [], "accounts": [], "clusters": []})
        refuse_errors(asked.filterset)
        found = matrix.kept_grid(request.user, asked.rows, window, run)
        alone = matrix.shown_alone(found)
        rows = matrix.bubbles(asked.rows, window, alone)
        version = run.criteria_version
        return Response(
            {
                "night": run.night,
                "criteria_version": version.pk,
                "profitability_cut": version.profitability_cut,
                "potential_cut": version.potential_cut,
                "currency": Company.current().currency,
                "cells": [
                    {"cell": cell, **_sums(found.cells.get(cell, matrix.Sums()))}
                    for cell in (*CellText.Cell.values, "")
                ],
                "accounts": [
                    {
                        "account": row.account_id,
                        "name": row.account.name,
                        "profitability": row.profitability,
                        "potential": row.potential,
                        "cell": row.cell,
                        "revenue": row.revenue,
                        "contribution": row.contribution,
                        "attainable": row.attainable,
                        "is_key_account": row.is_key_account,
                    }
                    for row in rows
                ],
                "clusters": [
                    {
                        "x": [square.window.x[0], square.window.x[1]],
                        "y": [square.window.y[0], square.window.y[1]],
                        **_sums(square),
                    }
                    for square in (found.squares if alone is not None else ())
                    if square.accounts > 1
                ],
            }
        )


def _sums(sums: matrix.Sums) -> dict[str, Any]:
    return {
        "accounts": sums.accounts,
        "key_accounts": sums.key_accounts,
        "revenue": sums.revenue,
        "contribution": sums.contribution,
        "attainable": sums.attainable,
        "hours": sums.hours,
        "without_rate": sums.unrated,
    }


def refuse_errors(filterset: Any) -> None:
    """400 by field for a filter that cannot be read."""
    if not filterset.is_valid():
        raise ValidationError(filterset.errors)


class ConcentrationView(KnownParameters, APIView):
    """A fiscal year's concentration, with the bridge from the year before."""

    parameters = ("year", "owner", "team", "segment", "industry", "is_key_account")

    @extend_schema(
        operation_id="concentration", parameters=[YEAR, *FILTERS], responses=OpenApiTypes.OBJECT
    )
    def get(self, request: Request) -> Response:
        asked = _asked(request)
        refuse_errors(asked.filterset)
        year, portfolio = asked.year.year, asked.portfolio
        found = figures.kept_year(portfolio, year).value
        bridge = figures.kept_bridge(portfolio, year).value
        names = figures.names_of(request.user, [one.top for one in found.largest])
        currency = Company.current().currency
        data = words.as_data(found, names, PortfolioSettings.current(), currency)
        return Response({**data, "bridge": words.bridge_data(bridge)})


def _asked(request: Request) -> AskedConcentration:
    try:
        return AskedConcentration(request)  # type: ignore[arg-type]
    except BadRequest as error:
        raise ValidationError({"year": str(error)}) from None


class LossView(KnownParameters, APIView):
    """What the loss of a customer would mean."""

    parameters = ("year",)

    @extend_schema(
        operation_id="concentration_without", parameters=[YEAR], responses=OpenApiTypes.OBJECT
    )
    def get(self, request: Request, pk: int) -> Response:
        account = fetch_visible(Account.objects, request.user, pk=pk)
        found = loss.what_if_lost(request.user, account, _asked(request).year)
        return Response({"currency": Company.current().currency, **words.loss_data(found)})


class CellTextSerializer(RowSerializer):
    class Meta:
        model = CellText
        fields = (
            "id", "version", "cell", "goal", "treatment", "contact_rhythm", "resource_share",
        )  # fmt: skip
        read_only_fields = ("version", "cell")


class CellTextViewSet(ScopedChangeViewSet):
    """The company's word on each cell of the matrix; changed by administrators."""

    queryset = CellText.objects.order_by("id")
    serializer_class = CellTextSerializer


paths: list[URLPattern] = [
    path("matrix/", MatrixView.as_view(), name="matrix"),
    path("concentration/", ConcentrationView.as_view(), name="concentration"),
    path("concentration/without/<int:pk>/", LossView.as_view(), name="what-if-lost"),
]


def register(router: Any) -> None:
    """Puts this part's resources on the router."""
    router.register("matrix-cells", CellTextViewSet)
