"""Resources of the joint plan: customers' links and what was done with them, comments, readers."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import BaseRouter

from kam.api.bodies import bodiless
from kam.api.resources import (
    RowSerializer,
    ScopedChoice,
    ScopedReadViewSet,
    ScopedViewSet,
    etag,
    speaking_errors,
)
from kam.editing import fetch_visible
from kam.scoping import signed_in
from plans.api.plans import not_yours_is_403
from plans.models import (
    Activity,
    Goal,
    PlanComment,
    PlanShare,
    Section,
    SectionReader,
    SharedActivity,
    SharedGoal,
    SharedSection,
    ShareEvent,
)
from plans.services import comments, confidentiality, sharing

ROW = ["id", "version", "created_at", "updated_at", "archived_at"]
SHOWN = ("sections", "goals", "activities")
paths: list = []


class PlanShareSerializer(RowSerializer):
    expires_on = serializers.DateField(
        required=False, help_text="Without it: as long as the company's links are valid."
    )
    sections = ScopedChoice(
        queryset=Section.objects.all(),  # unscoped: ScopedChoice asks visible_to
        many=True,
        required=False,
        help_text="Only sections that all who see the account read.",
    )
    # unscoped: ScopedChoice asks visible_to
    goals = ScopedChoice(queryset=Goal.objects.all(), many=True, required=False)
    # unscoped: ScopedChoice asks visible_to
    activities = ScopedChoice(queryset=Activity.objects.all(), many=True, required=False)
    mail = serializers.BooleanField(
        required=False,
        write_only=True,
        default=True,
        help_text="Whether the contact gets the link by mail, once.",
    )
    url = serializers.SerializerMethodField(
        help_text="The link itself: in the answer to making it, and never again."
    )

    class Meta:
        model = PlanShare
        fields = [
            *ROW,
            "plan",
            "contact",
            "expires_on",
            "message",
            *SHOWN,
            "mail",
            "mailed_at",
            "created_by",
            "url",
        ]
        read_only_fields = [*ROW, "mailed_at", "created_by"]
        fixed = ["plan", "contact", "message", *SHOWN, "mail"]

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_url(self, share: PlanShare) -> str | None:
        return getattr(share, "issued_url", None)

    def to_representation(self, instance: PlanShare) -> dict[str, Any]:
        """What it shows, by the ids of the plan's own rows."""
        data = super().to_representation(instance)
        data["sections"] = [row.section_id for row in instance.sections.all()]
        data["goals"] = [row.goal_id for row in instance.goals.all()]
        data["activities"] = [row.activity_id for row in instance.activities.all()]
        return data


class ShareEventSerializer(serializers.ModelSerializer):
    class Meta:
        model = ShareEvent
        fields = ["id", "share", "what", "goal", "facts", "at"]


class PlanCommentSerializer(RowSerializer):
    class Meta:
        model = PlanComment
        fields = [
            *ROW,
            "plan",
            "section",
            "body",
            "author",
            "share",
            "resolved_at",
            "resolved_by",
        ]
        read_only_fields = [*ROW, "author", "share", "resolved_at", "resolved_by"]
        fixed = ["plan", "section"]


class SectionReaderSerializer(RowSerializer):
    class Meta:
        model = SectionReader
        fields = [*ROW, "section", "user"]
        read_only_fields = ROW
        fixed = ["section", "user"]


class PlanShareViewSet(ScopedViewSet):
    """Personal links for people at the customer. DELETE ends one at once and for good."""

    queryset = PlanShare.objects.select_related("plan__account", "contact__account").order_by("id")
    serializer_class = PlanShareSerializer
    filterset_fields = {"plan": ["exact"], "contact": ["exact"], "expires_on": ["gte", "lte"]}
    restore = None  # type: ignore[assignment]  # a link that was ended does not come back

    def get_queryset(self) -> Any:
        mine = SharedSection.objects.visible_to(self.request.user).active()
        return (
            super()
            .get_queryset()
            .prefetch_related(
                Prefetch("sections", mine),
                Prefetch("goals", SharedGoal.objects.visible_to(self.request.user).active()),
                Prefetch(
                    "activities", SharedActivity.objects.visible_to(self.request.user).active()
                ),
            )
        )

    def create_row(self, values: dict[str, Any]) -> PlanShare:
        plan, contact = values.pop("plan"), values.pop("contact")
        with not_yours_is_403():
            issued = sharing.share_plan(plan, contact, by=signed_in(self.request), **values)
        issued.share.issued_url = issued.url  # type: ignore[attr-defined]
        return issued.share

    def change_row(
        self, row: PlanShare, changes: Mapping[str, Any], base_version: int | None
    ) -> PlanShare:
        if "expires_on" not in changes:
            return row
        by = signed_in(self.request)
        sharing.prolong(row, changes["expires_on"], by=by, base_version=base_version)
        return self.get_queryset().get(pk=row.pk)

    def archive_row(self, row: PlanShare) -> None:
        sharing.end_share(row, by=signed_in(self.request))


class ShareEventViewSet(ScopedReadViewSet):
    """What customers did with their links: opened, commented, confirmed a goal (with its facts)."""

    queryset = ShareEvent.objects.order_by("id")
    serializer_class = ShareEventSerializer
    filterset_fields = {"share": ["exact"], "goal": ["exact"], "what": ["exact"]}


class PlanCommentViewSet(ScopedViewSet):
    """Comments: by those who read what is commented on; changed by their authors."""

    queryset = PlanComment.objects.select_related(
        "plan__account__owner", "section", "author"
    ).order_by("id")
    serializer_class = PlanCommentSerializer
    filterset_fields = {
        "plan": ["exact"],
        "section": ["exact"],
        "author": ["exact"],
        "resolved_at": ["isnull"],
    }

    def create_row(self, values: dict[str, Any]) -> PlanComment:
        return comments.add_comment(
            values["plan"],
            values["body"],
            author=signed_in(self.request),
            section=values.get("section"),
        )

    def change_row(
        self, row: PlanComment, changes: Mapping[str, Any], base_version: int | None
    ) -> PlanComment:
        return comments.change_comment(row, changes, base_version=base_version)

    def _settle(self, *, resolved: bool) -> Response:
        row = fetch_visible(self.queryset, self.request.user, pk=self.kwargs["pk"])
        if not comments.may_settle(row, self.request.user):
            raise PermissionDenied
        with speaking_errors():
            row = (
                comments.resolve(row, signed_in(self.request)) if resolved else comments.reopen(row)
            )
        return Response(self.get_serializer(row).data, headers={"ETag": etag(row)})

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    @bodiless
    def resolve(self, request: Request, pk: str) -> Response:
        """It is dealt with: said by its author, or by who may change the plan."""
        return self._settle(resolved=True)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    @bodiless
    def reopen(self, request: Request, pk: str) -> Response:
        """It is taken up again."""
        return self._settle(resolved=False)


class SectionReaderViewSet(ScopedViewSet):
    """Who reads a section that is kept to named people."""

    http_method_names = ["get", "post", "delete", "head", "options"]
    queryset = SectionReader.objects.select_related("section__plan__account").order_by("id")
    serializer_class = SectionReaderSerializer
    filterset_fields = {"section": ["exact"], "user": ["exact"]}
    restore = None  # type: ignore[assignment]  # posted anew

    def create_row(self, values: dict[str, Any]) -> SectionReader:
        section = values["section"]
        if not Section.objects.editable_by(self.request.user).filter(pk=section.pk).exists():
            raise PermissionDenied
        return confidentiality.add_reader(section, values["user"])

    def archive_row(self, row: SectionReader) -> None:
        confidentiality.remove_reader(row, by=signed_in(self.request))


def register(router: BaseRouter) -> None:
    router.register("plan-shares", PlanShareViewSet, basename="planshare")
    router.register("plan-share-events", ShareEventViewSet, basename="shareevent")
    router.register("plan-comments", PlanCommentViewSet, basename="plancomment")
    router.register("section-readers", SectionReaderViewSet, basename="sectionreader")
