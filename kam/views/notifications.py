"""What the signed-in person has been told."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from kam import services
from kam.editing import fetch_editable, fetch_visible
from kam.htmx import render, wants_fragment
from kam.listing import Key, key_page
from kam.models import Notification

NEWEST_FIRST = (Key("created_at", descending=True), Key("id", descending=True))


@login_required
@require_safe
def notification_list(request: HttpRequest) -> HttpResponse:
    """The person's messages, newest first; ``?unread=1`` leaves out what is read."""
    rows = Notification.objects.visible_to(request.user)
    unread_only = request.GET.get("unread") == "1"
    if unread_only:
        rows = rows.unread()
    page = key_page(
        rows, NEWEST_FIRST, after=request.GET.get("after"), before=request.GET.get("before")
    )
    context = {"page": page, "unread_only": unread_only}
    return render(
        request, "kam/notifications.html", context, fragment="kam/_notification_rows.html"
    )


@login_required
@require_safe
def notification_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Leads to what the message is about, and marks it as read on the way."""
    row = fetch_visible(Notification.objects, request.user, pk=pk)
    services.mark_read(Notification.objects.editable_by(request.user).filter(pk=row.pk))
    known = row.url.startswith("/") and url_has_allowed_host_and_scheme(row.url, None)
    return HttpResponseRedirect(row.url if known else reverse("kam:notifications"))


@login_required
@require_POST
def notification_read(request: HttpRequest, pk: int) -> HttpResponse:
    """Marks one message as read."""
    row = fetch_editable(Notification.objects, request.user, pk=pk)
    services.mark_read(Notification.objects.editable_by(request.user).filter(pk=row.pk))
    row.refresh_from_db(fields=["read_at"])
    if wants_fragment(request):
        return render(
            request,
            "kam/_notification.html",
            {"row": row},
            fragment="kam/_notification.html",
        )
    return redirect("kam:notifications")


@login_required
@require_POST
def notifications_read(request: HttpRequest) -> HttpResponse:
    """Marks all messages as read."""
    n = services.mark_read(Notification.objects.editable_by(request.user))
    messages.success(
        request,
        ngettext("%(n)d message is read now.", "%(n)d messages are read now.", n) % {"n": n},
    )
    return redirect("kam:notifications")
