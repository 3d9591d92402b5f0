"""Resources of reviews: what is to be held, agendas, holding and skipping, decisions."""

from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django_filters import FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter

from accounts.models import Contact
from kam.api.bodies import Body, bodiless
from kam.api.resources import RowSerializer, ScopedChoice, ScopedViewSet, etag, speaking_errors
from kam.editing import is_editable
from kam.models import User
from kam.scoping import signed_in
from plans.models import AccountPlan, Review, ReviewDecision, ReviewPerson
from plans.models.review import LONGEST
from plans.review_words import parts_of
from plans.services import review_people, reviews

ROW = ["id", "version", "created_at", "updated_at", "archived_at"]
paths: list = []


class ReviewSerializer(RowSerializer):
    plan = ScopedChoice(
        queryset=AccountPlan.objects.all(),  # unscoped: the field narrows it to the caller's
        help_text="Empty in the review of a portfolio.",
    )
    present = serializers.SerializerMethodField(help_text="People of ours who were there.")
    contacts = serializers.SerializerMethodField(
        help_text="Contacts of the customer who were there, as far as the caller sees them."
    )

    class Meta:
        model = Review
        fields = [
            *ROW,
            "kind",
            "plan",
            "owner",
            "state",
            "due_on",
            "begun_at",
            "held_on",
            "led_by",
            "notes",
            "reason",
            "minutes",
            "present",
            "contacts",
            "others",
        ]
        read_only_fields = [*ROW, "owner", "state", "begun_at", "held_on", "reason"]
        fixed = ["kind", "plan"]

    def get_present(self, row: Review) -> list[int]:
        return [person.user_id for person in self._people(row) if person.user_id]

    def get_contacts(self, row: Review) -> list[int]:
        return [person.contact_id for person in self._people(row) if person.contact_id]

    def _people(self, row: Review) -> list[ReviewPerson]:
        """Read with the list of reviews; of one that was just changed, anew."""
        if not hasattr(row, "seen_people"):
            user = self.context["request"].user
            row.seen_people = review_people.present_at([row], user)[row.pk]  # type: ignore[attr-defined]
        return row.seen_people  # type: ignore[attr-defined, no-any-return]


class ReviewPersonSerializer(RowSerializer):
    class Meta:
        model = ReviewPerson
        fields = [*ROW, "review", "user", "contact"]
        read_only_fields = ROW
        extra_kwargs = {
            "user": {"help_text": "A person of ours; or else name a contact."},
            "contact": {"help_text": "A contact of the account or its group."},
        }
        validators: list[Any] = []  # the service brings back who was taken out


class Held(Body):
    """The day on which it was held (today without), and the next one (by the rhythm without).

    How long it took and who was there may be left out: then nobody is named, but a substitute who
    holds it is.
    """

    held_on = serializers.DateField(required=False)
    next_on = serializers.DateField(required=False)
    minutes = serializers.IntegerField(required=False, min_value=1, max_value=LONGEST)
    present = ScopedChoice(
        queryset=User.objects.all(),  # unscoped: the field narrows it to the caller's
        many=True,
        required=False,
        help_text="People of ours who were there.",
    )
    contacts = ScopedChoice(
        queryset=Contact.objects.all(),  # unscoped: the field narrows it to the caller's
        many=True,
        required=False,
        help_text="People of the customer who were there, in a business review with them.",
    )
    others = serializers.CharField(
        required=False,
        max_length=300,
        help_text="People of the customer who are no contacts here, by name.",
    )


class SkippedReview(Body):
    """Why it is left out, and when the next one is."""

    reason = serializers.CharField(max_length=500)
    next_on = serializers.DateField(required=False)


class AgendaRowSerializer(serializers.Serializer):
    """One line of the agenda; ``mark``: bad is behind, good is on pace."""

    what = serializers.CharField()
    words = serializers.CharField()
    mark = serializers.CharField()


class AgendaPartSerializer(serializers.Serializer):
    """One part of the agenda, in the reader's language."""

    name = serializers.CharField()
    title = serializers.CharField()
    question = serializers.CharField()
    more = serializers.IntegerField(help_text="How many rows more there were.")
    rows = AgendaRowSerializer(many=True)


class DecisionSerializer(RowSerializer):
    plan = ScopedChoice(
        queryset=AccountPlan.objects.all(),  # unscoped: the field narrows it to the caller's
        required=False,
        write_only=True,
        help_text="In a portfolio's review: the plan that it is about.",
    )
    responsible = ScopedChoice(
        queryset=User.objects.all(),  # unscoped: the field narrows it to the caller's
        required=False,
        write_only=True,
    )
    due_on = serializers.DateField(required=False, write_only=True)

    class Meta:
        model = ReviewDecision
        fields = [*ROW, "review", "text", "activity", "plan", "responsible", "due_on"]
        read_only_fields = [*ROW, "activity"]


class ReviewApiFilter(FilterSet):
    """Here nothing is left out that nobody asked to leave out."""

    class Meta:
        model = Review
        fields = {
            "plan": ["exact"],
            "owner": ["exact"],
            "kind": ["exact"],
            "state": ["exact"],
            "due_on": ["gte", "lte"],
        }


class ReviewViewSet(ScopedViewSet):
    """Reviews of plans and portfolios. POST puts one more review of a plan on a day."""

    queryset = Review.objects.select_related("plan__account__owner", "plan__template").order_by(
        "id"
    )
    serializer_class = ReviewSerializer
    filterset_class = ReviewApiFilter
    http_method_names = ["get", "post", "patch", "head", "options"]
    restore = None  # type: ignore[assignment]  # a review is held or skipped, never archived

    def get_queryset(self) -> Any:
        return review_people.with_people(super().get_queryset(), self.request.user)

    def create_row(self, values: dict[str, Any]) -> Review:
        review = reviews.add_review(values["plan"], values["kind"], values["due_on"])
        more = {name: values[name] for name in ("led_by", "notes") if values.get(name)}
        return reviews.change_review(review, more) if more else review

    def change_row(
        self, row: Review, changes: Mapping[str, Any], base_version: int | None
    ) -> Review:
        return reviews.change_review(row, changes, base_version=base_version)

    def _step(self, take: Callable[[Review], Review]) -> Response:
        review = self.get_object()
        with speaking_errors():
            review = take(review)
        return Response(self.get_serializer(review).data, headers={"ETag": etag(review)})

    def _said(self, request: Request, kind: type[serializers.Serializer]) -> dict[str, Any]:
        words = kind(data=request.data, context=self.get_serializer_context())
        words.is_valid(raise_exception=True)
        return words.validated_data

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    @bodiless
    def begin(self, request: Request, pk: str) -> Response:
        """Opens the review: its agenda is kept as it is now."""
        return self._step(lambda review: reviews.begin(review, signed_in(request)))

    @extend_schema(request=Held)
    @action(detail=True, methods=["post"])
    def hold(self, request: Request, pk: str) -> Response:
        """Ends the review as held, and puts the next one in the calendar."""
        self.get_object()
        said = self._said(request, Held)
        return self._step(lambda review: reviews.hold(review, signed_in(request), **said))

    @extend_schema(request=SkippedReview)
    @action(detail=True, methods=["post"])
    def skip(self, request: Request, pk: str) -> Response:
        """Leaves the review out, with the reason."""
        self.get_object()
        said = self._said(request, SkippedReview)
        return self._step(lambda review: reviews.skip(review, signed_in(request), **said))

    @extend_schema(responses=AgendaPartSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def agenda(self, request: Request, pk: str) -> Response:
        """The agenda as it was when the review began; empty before."""
        parts = parts_of(self.get_object(), request.user)
        return Response(AgendaPartSerializer(parts, many=True).data)


class ReviewPersonViewSet(ScopedViewSet):
    """Who was there when a review was held. POST names one more, DELETE takes one out."""

    queryset = ReviewPerson.objects.select_related("review").order_by("id")
    serializer_class = ReviewPersonSerializer
    filterset_fields = {"review": ["exact"], "review__plan": ["exact"], "user": ["exact"]}
    http_method_names = ["get", "post", "delete", "head", "options"]

    def create_row(self, values: dict[str, Any]) -> ReviewPerson:
        if not is_editable(values["review"], self.request.user):
            raise PermissionDenied  # before the service says who sees the account
        return review_people.add_person(by=signed_in(self.request), **values)

    def archive_row(self, row: ReviewPerson) -> None:
        review_people.remove_person(row)

    def restore_row(self, row: ReviewPerson) -> None:
        review_people.restore_person(row)


class DecisionViewSet(ScopedViewSet):
    """What reviews decided. POST writes one down and makes it an activity of the plan."""

    queryset = ReviewDecision.objects.order_by("id")
    serializer_class = DecisionSerializer
    filterset_fields = {"review": ["exact"]}
    http_method_names = ["get", "post", "head", "options"]
    restore = None  # type: ignore[assignment]  # a decision that was made stays

    def create_row(self, values: dict[str, Any]) -> ReviewDecision:
        return reviews.decide(values.pop("review"), by=signed_in(self.request), **values)


def register(router: BaseRouter) -> None:
    router.register("reviews", ReviewViewSet, basename="review")
    router.register("review-people", ReviewPersonViewSet, basename="reviewperson")
    router.register("review-decisions", DecisionViewSet, basename="reviewdecision")
