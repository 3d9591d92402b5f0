"""Comments on a plan and its sections: the panel, writing, changing, resolving, whom to call."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kam.editing import fetch_visible
from kam.htmx import render as render_part
from kam.htmx import wants_fragment
from kam.inplace import InPlace
from kam.scoping import signed_in
from kam.search import best, cleaned
from plans.mentions import marked, people_called, people_who_read
from plans.models import AccountPlan, PlanComment, Section
from plans.services import comments
from plans.sharing_forms import CommentForm
from plans.views.rows import crumbs_to, plan_for

#: Resolved comments shown at most; older ones stand in the comments' history.
RESOLVED_SHOWN = 50


@dataclass(slots=True)
class Thread:
    """The comments on one section, or on the whole plan, in the order in which they were written."""

    section: Section | None
    open: list[PlanComment] = field(default_factory=list)
    resolved: list[PlanComment] = field(default_factory=list)


def open_comments() -> Any:
    """How many open comments a section has, for a queryset of sections that the caller has scoped."""
    rows = (
        PlanComment.objects.filter(  # unscoped: counted beside sections that are in sight
            section=OuterRef("pk"), resolved_at__isnull=True, archived_at__isnull=True
        )
        .order_by()
        .values("section")
    )
    return Subquery(rows.annotate(count=Count("pk")).values("count"))


def _place(request: HttpRequest, plan: AccountPlan, asked: str) -> Section | None:
    """The section that is asked about; 404 for one that is not this plan's or not theirs to read."""
    if not asked:
        return None
    known = asked.isascii() and asked.isdigit() and len(asked) < 19
    return fetch_visible(
        Section.objects.active().filter(plan=plan), request.user, pk=int(asked) if known else 0
    )


def _panel(
    request: HttpRequest,
    plan: Any,
    section: Section | None,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    rows = PlanComment.objects.visible_to(request.user).active().filter(plan=plan)
    if section is not None:
        rows = rows.filter(section=section)
    found = list(rows.select_related("section", "author", "resolved_by", "share__contact"))
    names = [person.name for group in people_called(c.body for c in found) for person in group]
    whole = Thread(section)
    threads: dict[int | None, Thread] = {section.pk if section else None: whole}
    for comment in found:
        comment.plan = plan
        comment.shown = marked(comment.body, names)  # type: ignore[attr-defined]
        thread = threads.setdefault(comment.section_id, Thread(comment.section))
        (thread.open if comment.resolved_at is None else thread.resolved).append(comment)
    for thread in threads.values():
        thread.resolved = thread.resolved[-RESOLVED_SHOWN:]
    ordered = sorted(
        threads.values(),
        key=lambda t: (-1, 0) if t.section is None else (t.section.position, t.section.pk),
    )
    context = {
        "plan": plan,
        "section": section,
        "place": f"comments-{section.pk}" if section else "comments",
        "threads": [t for t in ordered if t.open or t.resolved or t is whole],
        "may_comment": _in_use(plan) and not getattr(request.user, "read_only", False),
        "may_resolve": plan.editable,
        "me": request.user.pk,
        "form": CommentForm(instance=PlanComment(plan=plan), user=request.user, auto_id=False),
        "title": _("Comments"),
        "crumbs": crumbs_to(plan),
        "part": "plans/sharing/_comments.html",
        **more,
    }
    return render_part(
        request, "plans/panel.html", context, fragment="plans/sharing/_comments.html", status=status
    )


def _in_use(plan: AccountPlan) -> bool:
    return plan.archived_at is None and plan.account.archived_at is None


@login_required
@require_safe
def comment_list(request: HttpRequest, pk: int) -> HttpResponse:
    """The panel of comments: of the whole plan, or of one section (``?section=``)."""
    plan = plan_for(request.user, pk)
    return _panel(request, plan, _place(request, plan, request.GET.get("section", "")))


@login_required
@require_POST
def comment_add(request: HttpRequest, pk: int) -> HttpResponse:
    """One more comment, on the plan or on a section."""
    plan = plan_for(request.user, pk)
    section = _place(request, plan, request.POST.get("section", ""))
    form = CommentForm(
        request.POST, instance=PlanComment(plan=plan), user=request.user, auto_id=False
    )
    if form.is_valid():
        try:
            comments.add_comment(
                plan, form.cleaned_data["body"], author=signed_in(request), section=section
            )
        except ValidationError as error:
            form.add_model_errors(error)
        else:
            return _after(request, plan, section)
    return _panel(request, plan, section, form=form, status=422)


def _after(request: HttpRequest, plan: AccountPlan, section: Section | None) -> HttpResponse:
    if wants_fragment(request):
        return _panel(request, plan, section)
    query = f"?section={section.pk}" if section is not None else ""
    return HttpResponseRedirect(reverse("plans:comment_list", args=[plan.pk]) + query)


def _settle(request: HttpRequest, pk: int, *, resolved: bool) -> HttpResponse:
    row = fetch_visible(
        PlanComment.objects.select_related("plan__account", "section"), request.user, pk=pk
    )
    plan = plan_for(request.user, row.plan_id)
    if not comments.may_settle(row, request.user):
        raise PermissionDenied
    place = row.section if request.POST.get("section") else None
    try:
        if resolved:
            comments.resolve(row, signed_in(request))
        else:
            comments.reopen(row)
    except ValidationError as error:
        return _panel(request, plan, place, refusals=error.messages, status=422)
    return _after(request, plan, place)


@login_required
@require_POST
def comment_resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """A comment is dealt with: said by who wrote it, or by who may change the plan."""
    return _settle(request, pk, resolved=True)


@login_required
@require_POST
def comment_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """A resolved comment is taken up again."""
    return _settle(request, pk, resolved=False)


def shown_comment(comment: PlanComment) -> SafeString:
    names = [person.name for group in people_called([comment.body]) for person in group]
    return marked(comment.body, names)


class EditComment(InPlace):
    """One's own words, where they stand."""

    model = PlanComment
    form_class = CommentForm
    fields = ("body",)
    route = "plans:comment_edit"
    related = ("plan__account__owner", "section", "author")
    save = staticmethod(comments.change_comment)
    displays = {"body": shown_comment}

    @classmethod
    def may_edit(cls, user: Any, row: Any, name: str) -> bool:
        return row.archived_at is None and row.resolved_at is None

    @classmethod
    def row_url(cls, row: Any) -> str:
        return reverse("plans:comment_list", args=[row.plan_id])


@login_required
@require_safe
def comment_people(request: HttpRequest, pk: int) -> HttpResponse:
    """Whom one may call by name where one writes: those who read it, by the letters typed so far."""
    plan = plan_for(request.user, pk)
    section = _place(request, plan, request.GET.get("section", ""))
    text = cleaned(request.GET.get("q", ""))
    found = people_who_read(plan, section).exclude(pk=signed_in(request).pk)
    rows = best(found, text, ("name",)) if text else list(found.order_by("name", "pk")[:8])
    return render(request, "plans/sharing/_people.html", {"people": rows})
