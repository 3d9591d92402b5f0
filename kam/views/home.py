"""Home: what needs me today, by role; a shell of panels (see kam.panels)."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kam.health import readiness
from kam.installation import to_do
from kam.models import Notification, Role
from kam.panels import Home, panels_for, render_panel
from kam.scoping import principal, signed_in
from kam.views.administration import administrators_only

SHOWN = 6


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The panels that say something to this person's role."""
    person = principal(request.user)
    roles = {person.role if person else ""} - {Role.ADMINISTRATOR}
    if signed_in(request).is_administrator:  # their own right, whomever they act for
        roles = roles | {Role.ADMINISTRATOR}
    context = {
        "person": person,
        "panels": panels_for("home", Home(), aside=False, roles=roles),
        "aside": panels_for("home", Home(), aside=True, roles=roles),
        "demo": settings.DEMO,
    }
    return render(request, "kam/home.html", context)


@login_required
@require_safe
def home_messages(request: HttpRequest) -> HttpResponse:
    """The newest unread messages."""
    rows = list(Notification.objects.visible_to(request.user).unread()[: SHOWN + 1])
    context = {"rows": rows[:SHOWN], "more": len(rows) > SHOWN}
    return render_panel(request, "kam/home/messages.html", context, title=_("Unread"), row=Home())


@administrators_only
@require_safe
def home_installation(request: HttpRequest) -> HttpResponse:
    """What an administrator has to put right, and whether every part of the installation works."""
    context = {"to_do": to_do(request.user), "checks": _checks()}
    return render_panel(
        request,
        "kam/home/installation.html",
        context,
        title=_("The installation"),
        row=Home(),
    )


def _checks() -> list[dict[str, Any]]:
    names = {
        "database": _("Database"),
        "migrations": _("Migrations"),
        "broker": _("Broker"),
        "worker": _("Background work"),
        "nightly": _("Nightly run"),
    }
    return [
        {"label": names.get(name, name), "ok": check.ok, "state": check.state, "at": check.at}
        for name, check in readiness(timezone.now()).items()
    ]
