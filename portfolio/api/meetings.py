"""Hours from meetings over the API: what is offered in a week, what was taken over, taken back."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError as ModelError
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter
from rest_framework.views import APIView

from kam.api.filtering import KnownParameters
from kam.api.resources import RowSerializer, ScopedViewSet
from kam.periods import company_today
from kam.scoping import signed_in
from portfolio import meetings as registry
from portfolio import resources
from portfolio.models import MeetingHours
from portfolio.services import meetings
from portfolio.services.hours import FIRST_WEEK, monday

TAKEN = ["spent", "account", "week", "user", "title", "happened_on", "offered"]
ROW = ["id", "version", "created_at", "updated_at", "archived_at"]


class MeetingHoursSerializer(RowSerializer):
    """``kind`` and ``source`` name the meeting; ``hours`` only where it says none, or other ones."""

    account = serializers.IntegerField(source="spent.account_id", read_only=True)
    week = serializers.DateField(source="spent.week", read_only=True)

    class Meta:
        model = MeetingHours
        fields = [*ROW, *TAKEN, "kind", "source", "hours"]
        read_only_fields = [*ROW, *TAKEN]
        extra_kwargs = {
            "hours": {"required": False},
            "kind": {"help_text": "activity or review."},
            "source": {"help_text": "The meeting's id: of the activity, of the review."},
        }
        validators: list[Any] = []  # a meeting that is taken over again is brought up to date


class MeetingHoursViewSet(ScopedViewSet):
    """Hours that were taken over from meetings. Each person takes over their own, once each.

    POST takes a meeting over, or brings it up to date; DELETE takes it back.
    """

    http_method_names = ["get", "post", "delete", "head", "options"]
    queryset = MeetingHours.objects.select_related("spent").order_by("id")
    serializer_class = MeetingHoursSerializer
    filterset_fields = {
        "spent": ["exact"],
        "spent__account": ["exact"],
        "user": ["exact"],
        "kind": ["exact"],
        "source": ["exact"],
        "happened_on": ["gte", "lt"],
    }

    def create_row(self, values: dict[str, Any]) -> MeetingHours:
        person = signed_in(self.request)
        kind = values["kind"]
        if kind not in registry.kinds():
            raise ModelError({"kind": _("One of: %(kinds)s.") % {"kinds": _listed()}})
        meeting = registry.one(self.request.user, person, kind, values["source"])
        if meeting is None:
            raise ModelError({"source": meetings.NO_MEETING})
        return meetings.take_over(person, meeting, values.get("hours"))

    def archive_row(self, row: Any) -> None:
        meetings.take_back(row)

    def restore_row(self, row: Any) -> None:
        meetings.count_again(row, signed_in(self.request))


def _listed() -> str:
    return ", ".join(registry.kinds())


def _hours(value: Any) -> str | None:
    return None if value is None else f"{value:.2f}"


class OfferedView(KnownParameters, APIView):
    """One's meetings of a week: those to take over, and those taken over with what has changed."""

    parameters = ("week",)

    @extend_schema(
        operation_id="meeting_hours_offered",
        parameters=[
            OpenApiParameter("week", date, description="Any day of the week; this week without it.")
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        today = company_today()
        week = _week(request, today)
        found = resources.meetings_of(request.user, signed_in(request), week, today)
        return Response(
            {
                "week": week,
                "offered": [_offer(offer.meeting) for offer in found.offers],
                "taken": [
                    {
                        "id": taken.line.pk,
                        "kind": taken.line.kind,
                        "source": taken.line.source,
                        "hours": _hours(taken.line.hours),
                        "change": taken.change or None,
                        "now": _offer(taken.now) if taken.now is not None else None,
                    }
                    for taken in found.taken
                ],
                "changed_weeks": found.changed,
            }
        )


def _offer(meeting: registry.Meeting) -> dict[str, Any]:
    return {
        "kind": meeting.kind,
        "source": meeting.source,
        "account": meeting.account.pk,
        "title": meeting.title,
        "day": meeting.day,
        "hours": _hours(meeting.hours),
        "people": meeting.people,
    }


def _week(request: Request, today: date) -> date:
    text = request.query_params.get("week", "")
    if not text:
        return monday(today)
    try:
        week = monday(date.fromisoformat(text))
    except (ValueError, OverflowError):
        raise ValidationError({"week": _("A day, such as 2026-01-05.")}) from None
    if not FIRST_WEEK <= week <= today:
        raise ValidationError({"week": _("A week from 1990 until this one.")})
    return week


paths: list[URLPattern] = [
    path("resources/meetings/", OfferedView.as_view(), name="resources-meetings"),
]


def register(router: BaseRouter) -> None:
    router.register("meeting-hours", MeetingHoursViewSet, "meetinghours")
