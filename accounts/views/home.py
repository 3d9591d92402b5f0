"""The start page's panel of a contributor's accounts."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import AccountTeamMember
from kam.panels import Home, render_panel
from kam.scoping import principal

SHOWN = 12


@login_required
@require_safe
def home_accounts(request: HttpRequest) -> HttpResponse:
    """The accounts on whose teams the person is, with their role there."""
    seats = (
        AccountTeamMember.objects.visible_to(request.user)
        .active()
        .filter(user=principal(request.user), account__archived_at__isnull=True)
        .select_related("account__owner")
        .order_by("account__name", "pk")
    )
    rows = list(seats[: SHOWN + 1])
    context = {
        "rows": rows[:SHOWN],
        "more": len(rows) > SHOWN,
        "all_url": reverse("accounts:list"),
    }
    return render_panel(
        request, "accounts/home_accounts.html", context, title=_("My accounts"), row=Home()
    )
