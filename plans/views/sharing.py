"""Links of a plan for the customer's people: the panel, a new one, a look, prolonging, ending."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kam.editing import fetch_editable, fetch_visible
from kam.htmx import render as render_part
from kam.htmx import wants_fragment
from kam.periods import company_today
from kam.scoping import signed_in
from plans import joint
from plans.models import PlanSettings, PlanShare
from plans.services import sharing
from plans.sharing_forms import ProlongForm, ShareForm
from plans.views.joint import page_of
from plans.views.rows import crumbs_to, plan_for

RELATED = ("plan__account__owner", "contact__account", "created_by")


def _panel(request: HttpRequest, plan: Any, *, status: int = 200, **more: Any) -> HttpResponse:
    today = company_today()
    in_use = plan.archived_at is None and plan.account.archived_at is None
    context = {
        "plan": plan,
        "may_share": plan.steerable and in_use,
        "may_end": plan.steerable,
        "links": joint.links_of(plan, today),
        "prolonged": today + timedelta(days=PlanSettings.current().link_days),
        "title": _("Shared with the customer"),
        "crumbs": crumbs_to(plan),
        "part": "plans/sharing/_links.html",
        **more,
    }
    return render_part(
        request, "plans/panel.html", context, fragment="plans/sharing/_links.html", status=status
    )


@login_required
@require_safe
def share_list(request: HttpRequest, pk: int) -> HttpResponse:
    """The panel of a plan's links: for whom, how they stand, what was done with them."""
    return _panel(request, plan_for(request.user, pk))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def share_add(request: HttpRequest, pk: int) -> HttpResponse:
    """A new link. The answer to making it shows the address, once."""
    plan = plan_for(request.user, pk)
    if not plan.steerable:  # type: ignore[attr-defined]
        raise PermissionDenied
    posted = request.method == "POST"
    form = ShareForm(
        request.POST if posted else None,
        instance=PlanShare(plan=plan),
        user=request.user,
        plan=plan,
        initial={"expires_on": company_today() + timedelta(days=PlanSettings.current().link_days)},
    )
    context = {"plan": plan, "form": form, "crumbs": crumbs_to(plan)}
    if posted and form.is_valid():
        try:
            issued = sharing.share_plan(
                plan, form.cleaned_data["contact"], by=signed_in(request), **form.chosen()
            )
        except ValidationError as error:
            form.add_model_errors(error)
        else:
            issued.share.refresh_from_db()
            response = render(
                request, "plans/sharing/made.html", {**context, "issued": issued}, status=201
            )
            response["Cache-Control"] = "private, no-store"
            return response
    return render(request, "plans/sharing/new.html", context, status=422 if posted else 200)


@login_required
@require_safe
def share_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What the customer sees through a link, without its forms."""
    share = fetch_visible(PlanShare.objects.select_related(*RELATED), request.user, pk=pk)
    return page_of(request, share, ours=True)


def _share(request: HttpRequest, pk: int) -> PlanShare:
    return fetch_editable(PlanShare.objects.select_related(*RELATED), request.user, pk=pk)


@login_required
@require_POST
def share_prolong(request: HttpRequest, pk: int) -> HttpResponse:
    """Lets a link open until another day."""
    share = _share(request, pk)
    form = ProlongForm(request.POST, instance=share, user=request.user)
    if not form.is_valid():
        return _after(request, share, [str(e) for e in form.errors.get("expires_on", [])])
    day = form.cleaned_data["expires_on"]
    by = signed_in(request)
    return _act(request, share, lambda: sharing.prolong(_share(request, pk), day, by=by))


@login_required
@require_POST
def share_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Ends a link at once."""
    share = _share(request, pk)
    return _act(request, share, lambda: sharing.end_share(share, by=signed_in(request)))


def _act(request: HttpRequest, share: PlanShare, act: Any) -> HttpResponse:
    try:
        act()
    except ValidationError as error:
        return _after(request, share, error.messages)
    return _after(request, share, [])


def _after(request: HttpRequest, share: PlanShare, refusals: list[str]) -> HttpResponse:
    if wants_fragment(request) or refusals:
        plan = plan_for(request.user, share.plan_id)
        return _panel(request, plan, refusals=refusals, status=422 if refusals else 200)
    messages.success(request, _("Saved."))
    return HttpResponseRedirect(reverse("plans:share_list", args=[share.plan_id]))
