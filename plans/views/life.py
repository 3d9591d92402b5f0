"""A plan through time: its versions, what changed between them, next year's plan, many at once."""

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from kam.editing import fetch_visible
from kam.htmx import render as render_part
from kam.markdown import rendered
from kam.periods import company_year
from kam.scoping import signed_in
from plans import versions
from plans.life_forms import CopyForm
from plans.models import AccountPlan, PlanVersion
from plans.services import copying
from plans.services.refusals import PlanExists, PlanRefusal
from plans.variance import variances_of
from plans.views.rows import crumbs_to, plan_for

#: How the groups of a snapshot are called.
GROUPS = {
    "plan": gettext_lazy("Plan"),
    "targets": gettext_lazy("Targets"),
    "sections": gettext_lazy("Texts"),
    "goals": gettext_lazy("Goals"),
    "steps": gettext_lazy("Steps of goals"),
    "strategies": gettext_lazy("Strategies"),
    "needs": gettext_lazy("Needs"),
    "activities": gettext_lazy("Activities"),
}
HOW = {
    "added": gettext_lazy("added"),
    "removed": gettext_lazy("removed"),
    "changed": gettext_lazy("changed"),
}
NOW = "now"


@login_required
@require_safe
def version_list(request: HttpRequest, pk: int) -> HttpResponse:
    """The panel of a plan's versions, each to be opened and compared with now."""
    plan = plan_for(request.user, pk)
    found = list(plan.versions.select_related("made_by").defer("content"))
    context = {
        "plan": plan,
        "versions": found,
        "title": _("Versions"),
        "crumbs": crumbs_to(plan),
        "part": "plans/life/_versions.html",
    }
    return render_part(request, "plans/panel.html", context, fragment="plans/life/_versions.html")


@login_required
@require_safe
def version_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One version as it was frozen, without the sections that this reader may not read."""
    version = fetch_visible(PlanVersion.objects, request.user, pk=pk)
    plan = plan_for(request.user, version.plan_id)
    content = versions.for_reader(version.content, plan, request.user)
    context = {
        "plan": plan,
        "version": version,
        "content": content,
        "summary": rendered(content["plan"]["summary"]),
        "targets": [
            {
                "name": target["name"],
                **{m: versions.year_of(target, m) for m in versions.MEASURES},
            }
            for target in content["targets"]
        ],
        "sections": [
            (row["name"], rendered(row["body"]))
            for row in content["sections"]
            if row["body"].strip()
        ],
        "crumbs": crumbs_to(plan),
        "year_label": company_year(plan.year).label,
    }
    return render(request, "plans/life/version.html", context)


@login_required
@require_safe
def compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Two versions side by side, or a version against the plan as it stands now.

    Without a word: the version in force against now, with each variance explained.
    """
    plan = plan_for(request.user, pk)
    known = {str(v.number): v for v in plan.versions.all()}
    if not known:
        raise Http404
    before = request.GET.get("before") or str(plan.in_force or max(map(int, known)))
    after = request.GET.get("after") or NOW
    if before not in known or (after != NOW and after not in known):
        raise Http404
    old = versions.for_reader(known[before].content, plan, request.user)
    new = versions.for_reader(
        versions.snapshot(plan) if after == NOW else known[after].content, plan, request.user
    )
    changes = versions.compare(old, new)
    context = {
        "plan": plan,
        "groups": [
            {
                "label": label,
                "changes": [
                    {"row": change, "how": HOW[change.how]}
                    for change in changes
                    if change.group == group
                ],
            }
            for group, label in GROUPS.items()
            if any(change.group == group for change in changes)
        ],
        "count": len(changes),
        "choices": [(str(n), _("Version %(n)s") % {"n": n}) for n in sorted(known, key=int)],
        "before": before,
        "after": after,
        "now": NOW,
        "variances": variances_of(plan, old) if after == NOW else None,
        "crumbs": crumbs_to(plan),
    }
    return render(request, "plans/life/compare.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def copy(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks, and makes next year's plan from this one."""
    plan = plan_for(request.user, pk)
    if not plan.steerable:  # type: ignore[attr-defined]
        raise PermissionDenied
    form = CopyForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            return _copied(request, plan, form.cleaned_data["growth"])
    following = company_year(plan.year + 1).label
    context = {
        "plan": plan,
        "question": _("Make the plan for %(year)s from this one?") % {"year": following},
        "consequences": [
            _("Texts, needs, strategies and open goals come along; activities stay behind."),
            _("Texts keep their day: the new plan says which of them have become old."),
        ],
        "form": form,
        "submit": _("Copy to %(year)s") % {"year": following},
        "cancel_url": plan.get_absolute_url(),
        "crumbs": crumbs_to(plan),
        "heading": str(plan),
    }
    return render(request, "plans/step.html", context, status=status)


def _copied(request: HttpRequest, plan: AccountPlan, growth: Decimal | None) -> HttpResponse:
    try:
        new = copying.copy_forward(plan, by=signed_in(request), growth=growth)
    except PlanExists as exists:
        messages.info(request, exists.sentence)
        return HttpResponseRedirect(exists.plan.get_absolute_url())
    except PlanRefusal as refusal:
        messages.error(request, refusal.sentence)
        return HttpResponseRedirect(plan.get_absolute_url())
    messages.success(request, _("The plan is there. Go through its texts and targets."))
    return HttpResponseRedirect(new.get_absolute_url())


def compare_url(plan: Any) -> str:
    """Where the version in force is compared with now; empty before any approval."""
    return reverse("plans:compare", args=[plan.pk]) if plan.in_force else ""
