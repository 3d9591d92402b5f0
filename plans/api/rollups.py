"""The roll-up over the API: each level's figures, the lines they consist of, and the PDF."""

from datetime import date
from typing import Any

from django.http import Http404, HttpResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import SalesFact
from kam.api.filtering import KnownParameters
from kam.money import rates_for
from kam.periods import FiscalYear, company_today, company_year
from plans import rollups
from plans.api.reports import PDF_ANSWERS, report
from plans.lines import fact_lines, target_lines
from plans.models import TargetMonth
from plans.rollup_json import account_json, node_json
from plans.rollup_scope import WITH_ID, WITHOUT_ID, Scope, scope_of

YEAR = OpenApiParameter("year", int, description="Fiscal year; the present one without it.")
MONTH = OpenApiParameter("month", str, description="One month only, as 2026-03.")
SHOW = OpenApiParameter("show", str, enum=["sales", "targets"])
AFTER = OpenApiParameter("after", str, description="The cursor of the next page.")
BEFORE = OpenApiParameter("before", str, description="The cursor of the previous page.")
LEVEL = OpenApiParameter("level", str, OpenApiParameter.PATH, enum=WITHOUT_ID)
LEVEL_OF = OpenApiParameter("level", str, OpenApiParameter.PATH, enum=WITH_ID)


class LineSerializer(serializers.Serializer):
    """One sales fact or target month of a total, with its rate and where it came from."""

    id = serializers.IntegerField(source="pk")
    account = serializers.IntegerField(source="account_id")
    account_name = serializers.CharField(source="account")
    name = serializers.CharField(source="what", help_text="The product or product line.")
    month = serializers.DateField()
    currency = serializers.CharField()
    amount = serializers.DecimalField(18, 2)
    rate = serializers.DecimalField(
        18, 8, allow_null=True, help_text="Empty: no rate is set, and the line is in no sum."
    )
    converted = serializers.DecimalField(20, 2, allow_null=True, help_text="Company currency.")
    source = serializers.CharField(  # type: ignore[assignment]  # a declared field, taken off the class
        help_text="The import or plan that the line came with."
    )
    at = serializers.DateTimeField(allow_null=True)
    who = serializers.CharField()


class LinePage(serializers.Serializer):
    """A page of lines; ``next`` and ``previous`` are cursors."""

    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = LineSerializer(many=True)


def asked_year(request: Request) -> FiscalYear:
    """``?year=``, a fiscal year from 1990 to 2100; else the present one."""
    text = request.query_params.get("year")
    if not text:
        return company_year()
    if not (text.isascii() and text.isdecimal() and len(text) == 4 and 1990 <= int(text) <= 2100):
        raise ValidationError({"year": "A year from 1990 to 2100."})
    return company_year(int(text))


def asked_month(request: Request, year: FiscalYear) -> date | None:
    """``?month=``, a month of the year; else all twelve."""
    text = request.query_params.get("month")
    if not text:
        return None
    for month in year.months():
        if text == f"{month:%Y-%m}":
            return month
    raise ValidationError({"month": f"A month of {year.label}, as {year.first:%Y-%m}."})


def check(level: str, pk: int | None) -> None:
    """404 for a level that does not exist, or that wants an id and has none."""
    if level not in (WITHOUT_ID if pk is None else WITH_ID):
        raise Http404


class RollupView(KnownParameters, APIView):
    """One level of the roll-up, through the caller's scope."""

    parameters = ("year",)

    def level(self, scope: Scope, level: str, pk: int | None, year: FiscalYear) -> dict[str, Any]:
        check(level, pk)
        today = company_today()
        if level != "account":
            return node_json(scope.node(level, pk, year, today))
        account = scope.accounts().filter(pk=pk or 0).first()
        if account is None:
            raise Http404
        return account_json(rollups.account_tree(account, scope.accounts(), year, today))


class TopView(RollupView):
    """The company, one's own teams, or the accounts without an owner."""

    @extend_schema(operation_id="rollup", parameters=[YEAR, LEVEL], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, level: str) -> Response:
        return Response(self.level(scope_of(request.user), level, None, asked_year(request)))


class NodeView(RollupView):
    """A team, a person's portfolio, or an account with its subsidiaries."""

    @extend_schema(
        operation_id="rollup_of", parameters=[YEAR, LEVEL_OF], responses=OpenApiTypes.OBJECT
    )
    def get(self, request: Request, level: str, pk: int) -> Response:
        return Response(self.level(scope_of(request.user), level, pk, asked_year(request)))


class LinesView(KnownParameters, APIView):
    """The lines that a total consists of."""

    parameters = ("year", "month", "show", "after", "before")

    def lines(self, request: Request, level: str, pk: int | None) -> Response:
        check(level, pk)
        scope, year = scope_of(request.user), asked_year(request)
        month = asked_month(request, year)
        if level == "account":
            accounts = scope.accounts().filter(pk=pk or 0)
            if not accounts.exists():
                raise Http404
        else:
            accounts, _owners = scope.accounts_of(level, pk)
        ways: dict[str, Any] = {
            "month": month,
            "after": request.query_params.get("after"),
            "before": request.query_params.get("before"),
        }
        rates = rates_for(year.year)
        if request.query_params.get("show") == "targets":
            months = TargetMonth.objects.visible_to(request.user)
            page = target_lines(months, accounts, year, rates, **ways)
        else:
            facts = SalesFact.objects.visible_to(request.user)
            page = fact_lines(facts, accounts, year, rates, **ways)
        return Response(
            {
                "next": page.next,
                "previous": page.previous,
                "results": LineSerializer(page.rows, many=True).data,
            }
        )


class TopLinesView(LinesView):
    """The lines of the company, one's own teams, or the accounts without an owner."""

    @extend_schema(
        operation_id="rollup_lines",
        parameters=[YEAR, LEVEL, MONTH, SHOW, AFTER, BEFORE],
        responses=LinePage,
    )
    def get(self, request: Request, level: str) -> Response:
        return self.lines(request, level, None)


class NodeLinesView(LinesView):
    """The lines of a team, a person's portfolio, or an account."""

    @extend_schema(
        operation_id="rollup_lines_of",
        parameters=[YEAR, LEVEL_OF, MONTH, SHOW, AFTER, BEFORE],
        responses=LinePage,
    )
    def get(self, request: Request, level: str, pk: int) -> Response:
        return self.lines(request, level, pk)


class TopPdfView(KnownParameters, APIView):
    """The level's report."""

    parameters = ("year",)

    @extend_schema(operation_id="rollup_pdf", parameters=[YEAR, LEVEL], responses=PDF_ANSWERS)
    def get(self, request: Request, level: str) -> HttpResponse:
        check(level, None)
        return report(request, level, None, asked_year(request).year)


class NodePdfView(KnownParameters, APIView):
    """The report of a team or a person's portfolio."""

    parameters = ("year",)

    @extend_schema(operation_id="rollup_pdf_of", parameters=[YEAR, LEVEL_OF], responses=PDF_ANSWERS)
    def get(self, request: Request, level: str, pk: int) -> HttpResponse:
        check(level, pk)
        if level == "account":  # an account's report is its plan's
            raise Http404
        return report(request, level, pk, asked_year(request).year)


paths = [
    path("rollups/<slug:level>/", TopView.as_view(), name="rollup"),
    path("rollups/<slug:level>/lines/", TopLinesView.as_view(), name="rollup-lines"),
    path("rollups/<slug:level>/pdf/", TopPdfView.as_view(), name="rollup-pdf"),
    path("rollups/<slug:level>/<int:pk>/", NodeView.as_view(), name="rollup-of"),
    path("rollups/<slug:level>/<int:pk>/lines/", NodeLinesView.as_view(), name="rollup-lines-of"),
    path("rollups/<slug:level>/<int:pk>/pdf/", NodePdfView.as_view(), name="rollup-pdf-of"),
]
