"""Calendar feeds: made, renewed, revoked, and written as iCalendar (RFC 5545)."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from kam.models import Role, User
from kam.models.people import hash_token
from plans.models import Activity, ActivityPerson, CalendarFeed, Review

USED_STEP = timedelta(minutes=5)  # "last used" is written this often at most
#: How many activities a feed holds, the nearest first.
AT_MOST = 500


@transaction.atomic
def issue_feed(user: User) -> tuple[CalendarFeed, str]:
    """A new secret address of this person; an older one stops working. The secret is given once."""
    User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)  # one at a time
    revoke_feeds(user)
    secret, digest = CalendarFeed.secret()
    return CalendarFeed.objects.create(user=user, digest=digest), secret


def revoke_feeds(user: User) -> int:
    """The person's address stops working; returns how many did."""
    return CalendarFeed.objects.filter(user=user, revoked_at__isnull=True).update(
        revoked_at=timezone.now()
    )


def owner_of(secret: str) -> User | None:
    """Whose feed this secret opens, while it is not revoked and they may sign in."""
    feed = (
        CalendarFeed.objects.filter(
            digest=hash_token(secret),
            revoked_at__isnull=True,
            user__is_active=True,
            user__archived_at__isnull=True,
        )
        .exclude(user__role=Role.SERVICE)
        .select_related("user__team")
        .first()
    )
    if feed is None:
        return None
    now = timezone.now()
    if feed.last_used_at is None or feed.last_used_at < now - USED_STEP:
        CalendarFeed.objects.filter(pk=feed.pk).update(last_used_at=now)
    return feed.user


def todo_of(user: User) -> Any:
    """What this person has to do or takes part in, with a day, among what they see now."""
    taking = ActivityPerson.objects.active().filter(user=user).order_by().values("activity")
    return (
        Activity.objects.visible_to(user)
        .open()
        .filter(Q(responsible=user) | Q(pk__in=taking))
        .filter(
            due_on__isnull=False,
            due_on__year__range=(1990, 2100),
            plan__archived_at__isnull=True,
            plan__account__archived_at__isnull=True,
        )
        .exclude(plan__status="closed")
        .select_related("plan__account", "contact", "responsible")
        .order_by("due_on", "pk")[:AT_MOST]
    )


def reviews_of(user: User) -> Any:
    """The reviews that this person holds, among those they see now."""
    return (
        Review.objects.visible_to(user)
        .active()
        .of_people([user.pk])
        .filter(state=Review.State.DUE)
        .exclude(Q(plan__archived_at__isnull=False) | Q(plan__account__archived_at__isnull=False))
        .exclude(plan__status="closed")
        .select_related("plan__account", "owner")
        .order_by("due_on", "pk")[:AT_MOST]
    )


def calendar_of(user: User, address: Any) -> bytes:
    """The person's calendar. ``address`` gives the full address of an activity's or review's page.

    Each activity and review is a whole day, the one on which it is due, that keeps nobody from other
    meetings.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//KAM//Account plans//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _("Activities"))
    calendar.add("refresh-interval;value=duration", "PT1H")
    for activity in todo_of(user):
        event = Event()
        event.add("uid", f"activity-{activity.pk}@kam")
        event.add("dtstamp", _whole(activity.updated_at))
        event.add("last-modified", _whole(activity.updated_at))
        event.add("sequence", activity.version)
        event.add("summary", f"{activity.plan.account}: {activity.title}")
        event.add("dtstart", activity.due_on)
        event.add("dtend", activity.due_on + timedelta(days=1))
        event.add("transp", "TRANSPARENT")
        event.add("url", address(activity))
        event.add("description", "\n".join(_facts(activity, user)))
        calendar.add_component(event)
    for review in reviews_of(user):
        event = Event()
        event.add("uid", f"review-{review.pk}@kam")
        event.add("dtstamp", _whole(review.updated_at))
        event.add("last-modified", _whole(review.updated_at))
        event.add("sequence", review.version)
        about = review.plan.account if review.plan else review.owner
        event.add("summary", f"{about}: {review.get_kind_display()}")
        event.add("dtstart", review.due_on)
        event.add("dtend", review.due_on + timedelta(days=1))
        event.add("transp", "TRANSPARENT")
        event.add("url", address(review))
        calendar.add_component(event)
    return calendar.to_ical()


def _facts(activity: Activity, user: User) -> list[str]:
    facts = [activity.get_status_display()]
    if activity.contact is not None:
        facts.append(_("With whom: %(name)s") % {"name": activity.contact})
    if activity.responsible is not None and activity.responsible_id != user.pk:
        facts.append(_("Responsible: %(name)s") % {"name": activity.responsible})
    return facts


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
