"""A plan's activities over the months, with what waits for what."""

from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from kam.htmx import render as render_part
from kam.periods import add_months, company_today, company_year
from kam.pictures import timeline
from kam.templatetags.kam_format import day
from plans.models import Activity
from plans.services.locks import activities_are_open
from plans.views.activities import views_of
from plans.views.rows import crumbs_to, plan_for

#: How many activities the picture shows.
AT_MOST = 60


def bar_of(activity: Activity, today: date) -> timeline.Bar:
    """An activity as a bar: open, late or done."""
    style = "done"
    if activity.is_open:
        style = "late" if activity.due_on is not None and activity.due_on < today else "open"
    words = [activity.title, activity.get_status_display()]
    if activity.due_on is not None:
        words.append(str(day(activity.due_on)))
    if style == "late":
        words.append(_("late"))
    if activity.responsible is not None:
        words.append(str(activity.responsible))
    return timeline.Bar(
        key=activity.pk,
        label=activity.title,
        start=activity.starts_on,
        end=activity.due_on,
        title=", ".join(words),
        style=style,
        after=(activity.depends_on_id,) if activity.depends_on_id else (),
        href=reverse("plans:activity_detail", args=[activity.pk]),
    )


@login_required
@require_safe
def plan_timeline(request: HttpRequest, pk: int) -> HttpResponse:
    """The panel of a plan's activities over the months; those that were cancelled are left out."""
    plan = plan_for(request.user, pk)
    rows = list(
        Activity.objects.visible_to(request.user)
        .active()
        .filter(plan=plan)
        .exclude(status=Activity.Status.CANCELLED)
        .select_related("responsible")
        .order_by(F("starts_on").asc(nulls_last=True), F("due_on").asc(nulls_last=True), "pk")
    )
    rows.sort(key=lambda row: (row.starts_on or row.due_on or date.max, row.due_on or date.max))
    today = company_today()
    bars = [bar_of(row, today) for row in rows[:AT_MOST]]
    late = sum(1 for bar in bars if bar.style == "late")
    year = company_year(plan.year)
    context: dict[str, Any] = {
        "plan": plan,
        "may_edit": activities_are_open(plan),
        "bars": bars,
        "today": today,
        "span": (add_months(year.first, -12), add_months(year.end, 12)),
        "caption": ngettext("%(n)d activity", "%(n)d activities", len(bars)) % {"n": len(bars)}
        + (", " + _("%(n)d late") % {"n": late} if late else ""),
        "undated": sum(1 for bar in bars if bar.end is None),
        "more": max(0, len(rows) - AT_MOST),
        "views": views_of(plan, "plans:plan_timeline"),
        "title": _("Timeline of activities"),
        "crumbs": crumbs_to(plan),
        "part": "plans/work/_timeline.html",
    }
    return render_part(request, "plans/panel.html", context, fragment="plans/work/_timeline.html")
