"""Activities: the panel of a plan, my activities across plans, the account's open ones."""

from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Account
from kam.editing import fetch_editable, fetch_visible
from kam.htmx import render as render_part
from kam.htmx import wants_fragment
from kam.inplace import InPlace
from kam.listing import Bulk, Column, Key, Listing
from kam.periods import company_today, company_year
from kam.scoping import principal
from kam.templatetags.kam_format import day
from plans.filters import ActivityFilter
from plans.models import Activity
from plans.services import activities
from plans.services.locks import activities_are_open
from plans.views.goals import goals_panel
from plans.views.rows import add_row, crumbs_to, plan_for
from plans.work_forms import ActivityForm, ManyActivitiesForm

Status = Activity.Status
BADGES = {
    Status.PLANNED: "",
    Status.IN_PROGRESS: "active",
    Status.DONE: "good",
    Status.CANCELLED: "draft",
}
NEW = ("title", "due_on", "responsible", "contact")
#: The rows that an activity names.
NAMED = ("contact", "responsible", "goal", "strategy", "need", "depends_on")
#: How many activities the panel shows; the list shows all of them.
IN_PANEL = 25
SHOWN = {
    "open": gettext_lazy("Open"),
    "over": gettext_lazy("Done or cancelled"),
    "archived": gettext_lazy("Archived"),
}


def due_text(activity: Activity, today: date | None = None) -> Any:
    """The day, with a word and a shape where it has passed."""
    if activity.due_on is None:
        return ""
    today = today or company_today()
    if not activity.is_open or activity.due_on >= today:
        return day(activity.due_on)
    days = (today - activity.due_on).days
    return format_html(
        '{} <span class="badge badge--bad">{}</span>',
        day(activity.due_on),
        ngettext("%(n)d day late", "%(n)d days late", days) % {"n": days},
    )


def status_text(activity: Activity) -> SafeString:
    kind = BADGES[Status(activity.status)]
    return format_html(
        '<span class="badge{}">{}</span>',
        f" badge--{kind}" if kind else "",
        activity.get_status_display(),
    )


def views_of(plan: Any, current: str) -> list[dict[str, Any]]:
    """The ways to look at a plan's activities; the board is a page of its own."""
    places = (("plans:plan_activities", _("List")), ("plans:plan_timeline", _("Timeline")))
    return [
        {
            "label": label,
            "url": reverse(route, args=[plan.pk]),
            "current": route == current,
        }
        for route, label in places
    ]


# --- the panel of a plan --------------------------------------------------------------------------
def _panel(request: HttpRequest, plan: Any, *, status: int = 200, **more: Any) -> HttpResponse:
    show = request.GET.get("show", "open")
    if show not in SHOWN:
        show = "open"
    is_open = Q(status__in=activities.OPEN)
    kept = Q(archived_at__isnull=True)
    counts = plan.activities.order_by().aggregate(
        open=Count("pk", filter=is_open & kept),
        over=Count("pk", filter=~is_open & kept),
        archived=Count("pk", filter=~kept),
    )
    wanted = {"open": is_open & kept, "over": ~is_open & kept, "archived": ~kept}[show]
    order = ("due_on", "pk") if show == "open" else ("-done_on", "-due_on", "-pk")
    rows = list(
        plan.activities.filter(wanted)
        .select_related("contact", "responsible", "goal")
        .order_by(*order)[:IN_PANEL]
    )
    url = reverse("plans:plan_activities", args=[plan.pk])
    context = {
        "plan": plan,
        "may_edit": plan.may_act,
        "rows": rows,
        "show": show,
        "tabs": [
            {
                "label": label,
                "url": f"{url}?show={name}",
                "current": name == show,
                "count": counts[name],
            }
            for name, label in SHOWN.items()
            if counts[name] or name == "open"
        ],
        "more": counts[show] - len(rows),
        "all_url": f"{reverse('plans:activity_list')}?plan={plan.pk}&whose=all&status="
        + ("" if show == "open" else "all"),
        "views": views_of(plan, "plans:plan_activities"),
        "title": _("Activities"),
        "crumbs": crumbs_to(plan),
        "part": "plans/_activities.html",
        **more,
    }
    if plan.may_act and show == "open" and "form" not in context:
        context["form"] = _form(request, plan)
    return render_part(
        request, "plans/panel.html", context, fragment="plans/_activities.html", status=status
    )


def _form(request: HttpRequest, plan: Any, data: Any = None) -> ActivityForm:
    new = Activity(plan=plan, responsible=principal(request.user))
    return ActivityForm(data, instance=new, user=request.user, only=NEW, auto_id="new-activity-%s")


def _after(request: HttpRequest, plan_pk: int) -> HttpResponse:
    if wants_fragment(request) and request.GET.get("panel") == "goals":
        return goals_panel(request, plan_pk)
    if wants_fragment(request):
        return _panel(request, plan_for(request.user, plan_pk))
    if request.GET.get("panel") == "goals":
        return HttpResponseRedirect(reverse("plans:goal_list", args=[plan_pk]))
    back = request.POST.get("next", "")
    ours = back.startswith("/plans/") and "//" not in back and "\\" not in back
    if ours:
        return HttpResponseRedirect(back)
    return HttpResponseRedirect(reverse("plans:plan_activities", args=[plan_pk]))


@login_required
@require_safe
def plan_activities(request: HttpRequest, pk: int) -> HttpResponse:
    """The panel of a plan's activities."""
    return _panel(request, plan_for(request.user, pk))


@login_required
@require_POST
def activity_add(request: HttpRequest, pk: int) -> HttpResponse:
    """One more activity, in one line."""
    return add_row(
        request,
        pk,
        form_for=_form,
        add=lambda plan, form: activities.add_activity(plan, **form.cleaned_data),
        done=lambda plan, row: _after(request, plan.pk),
        again=lambda plan, form: _panel(request, plan, form=form, status=422),
    )


class EditActivity(InPlace):
    """One field of an activity, where it stands."""

    model = Activity
    form_class = ActivityForm
    fields = (
        "title",
        "reason",
        "contact",
        "responsible",
        "starts_on",
        "due_on",
        "status",
        "side",
        "goal",
        "strategy",
        "need",
        "depends_on",
        "effort_hours",
        "cost",
    )
    route = "plans:activity_edit"
    related = ("plan__account", *NAMED)
    save = staticmethod(activities.change_activity)
    displays = {
        "goal": lambda row: str(row.goal or ""),
        "strategy": lambda row: str(row.strategy or ""),
        "need": lambda row: str(row.need or ""),
        "depends_on": lambda row: str(row.depends_on or ""),
        "due_on": due_text,
        "status": status_text,
        "reason": lambda row: row.reason,
        "contact": lambda row: str(row.contact or ""),
        "responsible": lambda row: str(row.responsible or ""),
    }

    @classmethod
    def may_edit(cls, user: Any, row: Any, name: str) -> bool:
        return row.archived_at is None and activities_are_open(row.plan)

    @classmethod
    def row_url(cls, row: Any) -> str:
        return reverse("plans:plan_activities", args=[row.plan_id])


def _activity(request: HttpRequest, pk: int) -> Activity:
    return fetch_editable(Activity.objects.select_related("plan__account"), request.user, pk=pk)


def _change(request: HttpRequest, pk: int, act: Any) -> HttpResponse:
    activity = _activity(request, pk)
    try:
        act(activity)
    except ValidationError as error:
        plan = plan_for(request.user, activity.plan_id)
        return _panel(request, plan, refusals=error.messages, status=422)
    return _after(request, activity.plan_id)


@login_required
@require_POST
def activity_finish(request: HttpRequest, pk: int) -> HttpResponse:
    """Done today, with one click."""
    return _change(request, pk, activities.finish)


@login_required
@require_POST
def activity_resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Back among the planned."""
    return _change(request, pk, activities.take_up_again)


@login_required
@require_POST
def activity_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes an activity out of the plan."""
    return _change(request, pk, activities.archive_activity)


@login_required
@require_POST
def activity_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Brings an activity back."""
    return _change(request, pk, activities.restore_activity)


# --- across plans ---------------------------------------------------------------------------------
def _do_many(rows: Any, changes: dict[str, Any]) -> int:
    changed = 0
    if "due_on" in changes:
        changed = activities.postpone_many(rows, changes["due_on"])
    if changes.get("status") == "done":
        changed = activities.finish_many(rows)
    return changed


def list_tabs(query: str, current: str) -> list[dict[str, Any]]:
    """The ways to look at activities of all plans; they keep the filter. The feed is one's own."""
    places = (
        ("plans:activity_list", _("List"), query),
        ("plans:activity_board", _("Board"), query),
        ("plans:calendar_feed", _("Calendar feed"), ""),
    )
    return [
        {
            "label": label,
            "url": reverse(route) + (f"?{kept}" if kept else ""),
            "current": route == current,
        }
        for route, label, kept in places
    ]


class ActivityList(Listing):
    """What I have to do, over all plans; my team's, or everybody's whom I see."""

    key = "activities"
    title = gettext_lazy("Activities")
    model = Activity
    filterset_class = ActivityFilter
    first_filters = ("q", "whose", "when", "status")
    template = "plans/list_of_activities.html"
    sort = "due_on"
    empty_title = gettext_lazy("Nothing to do")
    empty_text = gettext_lazy("Activities come from account plans: add them there.")
    related = ("plan__account", "contact", "responsible")
    bulk = Bulk(ManyActivitiesForm, _do_many)
    columns = (
        Column(
            "title",
            gettext_lazy("What"),
            show=lambda row: format_html(
                '<a href="{}">{}</a>',
                reverse("plans:activity_detail", args=[row.pk]),
                row.title,
            ),
            export=lambda row: row.title,
            sort="title",
            heading=True,
        ),
        Column(
            "account",
            gettext_lazy("Account and plan"),
            show=lambda row: format_html(
                '<a href="{}">{} {}</a>',
                row.plan.get_absolute_url(),
                row.plan.account,
                company_year(row.plan.year).label,
            ),
            export=lambda row: f"{row.plan.account} {company_year(row.plan.year).label}",
            sort="plan__account__name",
        ),
        Column(
            "contact",
            gettext_lazy("With whom"),
            show=lambda row: row.contact,
            export=lambda row: str(row.contact or ""),
        ),
        Column("due_on", gettext_lazy("Due"), show=due_text, sort=Key("due_on", nullable=True)),
        Column(
            "responsible",
            gettext_lazy("Responsible"),
            show=lambda row: row.responsible,
            export=lambda row: str(row.responsible or ""),
            sort=Key("responsible__name", nullable=True),
        ),
        Column("status", gettext_lazy("Status"), show=status_text, sort="status"),
        Column("reason", gettext_lazy("Why"), on_page=False),
        Column("starts_on", gettext_lazy("Starts"), on_page=False),
        Column("effort_hours", gettext_lazy("Effort, hours"), on_page=False),
        Column("cost", gettext_lazy("Cost"), on_page=False),
        Column("done_on", gettext_lazy("Done on"), on_page=False),
    )

    def more_context(self) -> dict[str, Any]:
        return {
            "tabs": list_tabs(self.query(), "plans:activity_list"),
            "empty_url": reverse("plans:list"),
            "empty_action": _("Open the plans"),
        }


# --- on the account's page ------------------------------------------------------------------------
@login_required
@require_safe
def account_activities(request: HttpRequest, pk: int) -> HttpResponse:
    """The panel of an account's open activities, from all its plans."""
    account = fetch_visible(Account.objects, request.user, pk=pk)
    rows = list(
        Activity.objects.visible_to(request.user)
        .open()
        .filter(plan__account=account, plan__archived_at__isnull=True)
        .select_related("plan", "contact", "responsible")
        .order_by("due_on", "pk")[: IN_PANEL + 1]
    )
    today = company_today()
    context = {
        "account": account,
        "rows": [
            {"activity": row, "due": due_text(row, today), "status": status_text(row)}
            for row in rows[:IN_PANEL]
        ],
        "more": len(rows) > IN_PANEL,
        "title": _("Open activities"),
    }
    return render_part(
        request, "plans/account_panel.html", context, fragment="plans/_account_activities.html"
    )
