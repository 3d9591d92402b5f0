"""The page of one activity: all that is said of it, who takes part, what it waits for."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from kam.editing import fetch_editable, fetch_visible
from plans.models import Activity, ActivityPerson
from plans.services import activities
from plans.views.activities import NAMED, due_text, status_text
from plans.views.rows import crumbs_to, plan_for
from plans.work_forms import PersonForm

#: What stands together on the page.
GROUPS = (
    (gettext_lazy("What and why"), ("title", "reason", "side", "contact")),
    (gettext_lazy("Who and when"), ("responsible", "starts_on", "due_on", "status", "depends_on")),
    (gettext_lazy("What for"), ("goal", "strategy", "need")),
    (gettext_lazy("What it takes"), ("effort_hours", "cost")),
)


def _page(
    request: HttpRequest, activity: Activity, *, status: int = 200, **more: Any
) -> HttpResponse:
    plan = plan_for(request.user, activity.plan_id)
    activity.plan = plan
    people = activity.people.visible_to(request.user).active()  # type: ignore[attr-defined]
    followers = activity.followers.visible_to(request.user).active()  # type: ignore[attr-defined]
    may_act = plan.may_act and activity.archived_at is None  # type: ignore[attr-defined]
    context = {
        "plan": plan,
        "activity": activity,
        "may_edit": may_act,
        "groups": GROUPS,
        "state": status_text(activity),
        "due": due_text(activity),
        "people": list(people.select_related("user").order_by("user__name", "pk")),
        "followers": list(followers.order_by("due_on", "pk")),
        "waits": activity.depends_on is not None and activity.depends_on.is_open,
        "crumbs": [
            *crumbs_to(plan),
            {"label": _("Activities"), "url": reverse("plans:plan_activities", args=[plan.pk])},
        ],
        "here": reverse("plans:activity_detail", args=[activity.pk]),
        **more,
    }
    if may_act and "form" not in context:
        context["form"] = PersonForm(activity=activity)
    return render(request, "plans/work/activity.html", context, status=status)


@login_required
@require_safe
def activity_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """All that is said of an activity."""
    return _page(
        request, fetch_visible(Activity.objects.select_related(*NAMED), request.user, pk=pk)
    )


@login_required
@require_POST
def person_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody more takes part."""
    activity = fetch_editable(
        Activity.objects.select_related("plan__account", *NAMED), request.user, pk=pk
    )
    form = PersonForm(request.POST, activity=activity)
    if form.is_valid():
        try:
            activities.add_person(activity, form.cleaned_data["user"])
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            return HttpResponseRedirect(reverse("plans:activity_detail", args=[pk]))
    return _page(request, activity, form=form, status=422)


@login_required
@require_POST
def person_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody takes part no more."""
    person = fetch_editable(
        ActivityPerson.objects.select_related("activity__plan__account"), request.user, pk=pk
    )
    try:
        activities.remove_person(person)
    except ValidationError as error:
        return _page(request, person.activity, refusals=error.messages, status=422)
    return HttpResponseRedirect(reverse("plans:activity_detail", args=[person.activity_id]))
