"""The calendar feed: its page, where one makes and revokes it, and what calendars read."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from kam.scoping import signed_in
from plans.models import CalendarFeed, Review
from plans.services import feeds
from plans.views.activities import list_tabs


def _page(request: HttpRequest, secret: str = "") -> HttpResponse:
    feed = CalendarFeed.objects.visible_to(request.user).filter(revoked_at__isnull=True).first()
    address = ""
    if secret:
        address = request.build_absolute_uri(reverse("plans:calendar", args=[secret]))
    context = {
        "feed": feed,
        "address": address,
        "tabs": list_tabs("", "plans:calendar_feed"),
    }
    return render(request, "plans/work/feed.html", context)


@login_required
@require_safe
def calendar_feed(request: HttpRequest) -> HttpResponse:
    """One's own calendar feed: whether there is one, when it was last read."""
    return _page(request)


@login_required
@never_cache
@require_POST
def feed_issue(request: HttpRequest) -> HttpResponse:
    """Makes one's secret address, or a new one, and shows it, this once."""
    _feed, secret = feeds.issue_feed(signed_in(request))
    response = _page(request, secret)
    response["Cache-Control"] = "no-store"
    return response


@login_required
@require_POST
def feed_revoke(request: HttpRequest) -> HttpResponse:
    """One's secret address stops working."""
    feeds.revoke_feeds(signed_in(request))
    messages.success(request, _("The calendar feed no longer works."))
    return HttpResponseRedirect(reverse("plans:calendar_feed"))


@require_safe
def calendar(request: HttpRequest, secret: str) -> HttpResponse:
    """What a calendar program reads: open activities of the address' owner, as they see them now.

    Nobody signs in here: the secret is the key. Read only; unknown and revoked addresses are 404.
    """
    user = feeds.owner_of(secret)
    if user is None:
        raise Http404
    with translation.override(user.language), timezone.override(user.zone):
        body = feeds.calendar_of(
            user,
            lambda row: request.build_absolute_uri(
                row.get_absolute_url()
                if isinstance(row, Review)
                else reverse("plans:activity_detail", args=[row.pk])
            ),
        )
    response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="activities.ics"'
    response["Cache-Control"] = "private, no-cache"
    response["Referrer-Policy"] = "no-referrer"
    return response
