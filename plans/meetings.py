"""Meetings of the plans that hours are taken over from: done activities and held reviews."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kam.models import User
from kam.money import rounded
from plans.duration import in_hours
from plans.models import Activity, ActivityPerson, Review, ReviewPerson
from portfolio.meetings import Asked, Found, Meeting, Source, register

#: Meetings of one kind in one week; nobody has more.
AT_MOST = 200


def _in_days(asked: Asked, name: str) -> Q:
    return Q(**{f"{name}__gte": asked.first, f"{name}__lt": asked.end})


def _usable(prefix: str) -> Q:
    """Rows of plans and accounts in use."""
    names = ("archived_at", f"{prefix}archived_at", f"{prefix}account__archived_at")
    return Q(**{f"{name}__isnull": True for name in names})


def _activities_with(person: User) -> Any:
    """Keys of activities that somebody answers for or takes part in: each part by its own index."""
    mine = Activity.objects.filter(responsible=person).order_by().values("pk")
    seats = ActivityPerson.objects.active().filter(user=person).order_by().values("activity")
    return mine.union(seats)


def activities(asked: Asked) -> Iterator[Found]:
    """Done activities of a person. The effort is the whole activity's, shared by its people."""
    beside = (
        ActivityPerson.objects.active()
        .filter(activity=OuterRef("pk"))
        .exclude(user=OuterRef("responsible"))
        .order_by()
        .values("activity")
        .annotate(n=Count("pk"))
        .values("n")
    )
    mine = Activity.objects.filter(pk__in=_activities_with(asked.person))
    counts = Q(status=Activity.Status.DONE, done_on__isnull=False) & _usable("plan__")
    ours = mine.filter(counts).order_by().values("pk")
    rows = (
        Activity.objects.visible_to(asked.user)
        .filter(
            Q(pk__in=mine.filter(counts & _in_days(asked, "done_on")).order_by().values("pk"))
            | Q(pk__in=asked.named)
        )
        .annotate(beside=Coalesce(Subquery(beside), 0), counts=Q(pk__in=ours))
        .select_related("plan__account")
        .order_by("done_on", "pk")
    )
    for row in rows[: AT_MOST + len(asked.named)]:
        yield row.pk, _activity(row) if row.counts else None


def _activity(row: Any) -> Meeting:
    people = row.beside + (row.responsible_id is not None)
    effort: Decimal | None = row.effort_hours or None
    return Meeting(
        kind="activity",
        source=row.pk,
        account=row.plan.account,
        title=row.title,
        url=reverse("plans:activity_detail", args=[row.pk]),
        day=row.done_on,
        hours=rounded(effort / max(people, 1)) if effort else None,
        people=max(people, 1),
    )


def _reviews_with(person: User) -> Any:
    """Keys of reviews that somebody was at; where nobody is named, that they led, or of whose account
    they are the KAM."""
    ours = ReviewPerson.objects.active().filter(user__isnull=False)
    unnamed = Review.objects.filter(~Exists(ours.filter(review=OuterRef("pk")))).order_by()
    there = ours.filter(user=person).order_by().values("review")
    led = unnamed.filter(led_by=person).values("pk")
    return there.union(led, unnamed.filter(plan__account__owner=person).values("pk"))


def reviews(asked: Asked) -> Iterator[Found]:
    """Held reviews of plans that a person was at. Each of them was there all the time that it took."""
    held = Q(state=Review.State.HELD, plan__isnull=False) & _usable("plan__")
    mine = Review.objects.filter(held, pk__in=_reviews_with(asked.person))
    rows = (
        Review.objects.visible_to(asked.user)
        .filter(
            Q(pk__in=mine.filter(_in_days(asked, "held_on")).order_by().values("pk"))
            | Q(pk__in=asked.named)
        )
        .annotate(counts=Q(pk__in=mine.order_by().values("pk")))
        .select_related("plan__account")
        .order_by("held_on", "pk")
    )
    for row in rows[: AT_MOST + len(asked.named)]:
        yield row.pk, _review(row) if row.counts else None


def _review(row: Any) -> Meeting:
    return Meeting(
        kind="review",
        source=row.pk,
        account=row.plan.account,
        title=row.get_kind_display(),
        url=row.get_absolute_url(),
        day=row.held_on,
        hours=in_hours(row.minutes),
    )


register(Source("activity", _("Activity"), activities))
register(Source("review", _("Review"), reviews))
