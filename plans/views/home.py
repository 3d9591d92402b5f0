"""The start page's panels about plans, activities and figures."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import Account
from kam.listing import capped_count
from kam.models import User
from kam.panels import Home, render_panel
from kam.periods import company_today, company_year
from kam.scoping import SEES_ALL, principal, signed_in
from plans.models import AccountPlan, Activity
from plans.rollup_scope import scope_of
from plans.views.rollup.addresses import address
from plans.views.rollup.figures import label_of
from portfolio.resources import waiting
from portfolio.services.hours import monday

SHOWN = 8
AHEAD = timedelta(days=14)


def _panel(request: HttpRequest, name: str, context: dict[str, Any], title: str) -> HttpResponse:
    return render_panel(request, f"plans/home/{name}.html", context, title=title, row=Home())


@login_required
@require_safe
def activities(request: HttpRequest) -> HttpResponse:
    """The person's open activities that are late or due within two weeks; what of last week's meetings
    waits for its hours."""
    today = company_today()
    last_week = monday(today) - timedelta(days=7)
    mine = (
        Activity.objects.visible_to(request.user)
        .open()
        .filter(responsible=principal(request.user), plan__archived_at__isnull=True)
        .filter(due_on__lte=today + AHEAD)
        .select_related("plan__account")
        .order_by("due_on", "pk")
    )
    rows = list(mine[: SHOWN + 1])
    context = {
        "rows": rows[:SHOWN],
        "more": len(rows) > SHOWN,
        "today": today,
        "all_url": reverse("plans:activity_list"),
        "meetings": waiting(signed_in(request), last_week),
        "hours_url": f"{reverse('portfolio:hours')}?week={last_week}#meetings",
    }
    return _panel(request, "activities", context, _("Due and late"))


@login_required
@require_safe
def late(request: HttpRequest) -> HttpResponse:
    """Late activities of all whom the person leads, the oldest first."""
    today = company_today()
    person = principal(request.user)
    theirs = Activity.objects.visible_to(request.user).late(today)
    if person is not None and person.role not in SEES_ALL:
        led = User.objects.figures_visible_to(request.user).order_by().values("pk")
        theirs = theirs.filter(Q(responsible__in=led) | Q(plan__account__owner__in=led))
    theirs = theirs.filter(plan__archived_at__isnull=True).exclude(responsible=person)
    count, capped = capped_count(theirs, 200)
    rows = list(
        theirs.select_related("plan__account", "responsible").order_by("due_on", "pk")[:SHOWN]
    )
    context = {
        "rows": rows,
        "count": count,
        "capped": capped,
        "today": today,
        "all_url": reverse("plans:activity_list") + "?whose=all&when=late",
    }
    return _panel(request, "late", context, _("Late in the team"))


@login_required
@require_safe
def approvals(request: HttpRequest) -> HttpResponse:
    """Submitted plans that wait for this person's decision."""
    waiting = (
        AccountPlan.objects.approvable_by(request.user)
        .active()
        .filter(status=AccountPlan.Status.SUBMITTED)
        .select_related("account__owner")
        .order_by("updated_at", "pk")
    )
    rows = list(waiting[: SHOWN + 1])
    context = {
        "rows": rows[:SHOWN],
        "more": len(rows) > SHOWN,
        "all_url": reverse("plans:list") + "?decide=yes",
    }
    return _panel(request, "approvals", context, _("Plans that wait for you"))


@login_required
@require_safe
def plans(request: HttpRequest) -> HttpResponse:
    """The person's own plans that are drafts or came back, and accounts without a plan."""
    year = company_year()
    person = principal(request.user)
    mine = (
        AccountPlan.objects.visible_to(request.user)
        .active()
        .filter(account__owner=person, year__gte=year.year)
        .filter(status__in=[AccountPlan.Status.DRAFT, AccountPlan.Status.RETURNED])
        .select_related("account")
        .order_by("-status", "year", "account__name", "pk")
    )
    rows = list(mine[: SHOWN + 1])
    planned = AccountPlan.objects.visible_to(request.user).active().filter(year=year.year)
    without = (
        Account.objects.visible_to(request.user)
        .active()
        .filter(owner=person)
        .exclude(type=Account.Type.GROUP)
        .exclude(pk__in=planned.order_by().values("account"))
    )
    count, capped = capped_count(without, 200)
    context = {
        "rows": rows[:SHOWN],
        "more": len(rows) > SHOWN,
        "all_url": reverse("plans:list"),
        "without": count,
        "capped": capped,
        "without_url": reverse("plans:unplanned_list"),
        "year": year,
    }
    return _panel(request, "plans", context, _("Plans to work on"))


@login_required
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """The year at a glance: own portfolio, the teams, or the company, each part with its address."""
    year, today = company_year(), company_today()
    scope = scope_of(request.user)
    person = principal(request.user)
    if scope.sees_all:
        level, pk = "company", None
    else:
        above = dict(scope.teams.active().values_list("pk", "parent_id"))
        tops = [pk for pk, parent in above.items() if parent not in above]
        if len(tops) == 1:
            level, pk = "team", tops[0]
        elif tops:
            level, pk = "own", None
        else:
            level, pk = "kam", person.pk if person else None
    node, url = scope.node(level, pk, year, today), address(level, pk, year)
    context = {
        "node": node,
        "year": node.figures.year,
        "missing": node.figures.missing,
        "parts": [
            {
                "label": label_of(part),
                "url": address(part.kind, part.pk, year),
                "year": part.figures.year,
                "late": part.counts.late_activities,
            }
            for part in node.parts
        ],
        "url": url,
        "fiscal_year": year,
    }
    return _panel(request, "figures", context, _("The year so far"))
