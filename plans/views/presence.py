"""Who else has the plan open: asked by the plan's page every few seconds."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from kam.editing import fetch_visible
from kam.scoping import signed_in
from plans.models import AccountPlan
from plans.services.presence import be_present


@login_required
@require_POST
def presence(request: HttpRequest, pk: int) -> HttpResponse:
    """Says that this person is here (``field``: what they write in), and who else is."""
    plan = fetch_visible(AccountPlan.objects, request.user, pk=pk)
    others = be_present(plan, signed_in(request), request.POST.get("field", "")[:80])
    return render(request, "plans/sharing/_presence.html", {"others": others})
