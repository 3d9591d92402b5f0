"""Reviews: the list, the panels, one review, and holding it on the screen."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kam.editing import fetch_editable
from kam.htmx import render as render_part
from kam.htmx import wants_fragment
from kam.inplace import InPlace
from kam.listing import Column, Key, Listing
from kam.panels import Home, render_panel
from kam.periods import company_today, company_year
from kam.scoping import principal, signed_in
from kam.templatetags.kam_format import day
from kam.views.administration import administrators_only, saved
from plans import review_words
from plans.duration import duration_text
from plans.models import PlanSettings, Review
from plans.review_forms import (
    DecisionForm,
    HoldForm,
    NewReviewForm,
    PlanSettingsForm,
    PresentForm,
    ReviewFilter,
    ReviewForm,
    SkipForm,
)
from plans.services import review_people, reviews
from plans.services.locks import activities_are_open
from plans.services.review_people import with_customer
from plans.views.rows import crumbs_to, plan_for

State = Review.State
BADGES = {State.DUE: "active", State.HELD: "good", State.SKIPPED: "draft"}
RELATED = ("plan__account__owner", "plan__template", "owner__team", "led_by")
#: How many reviews a plan's panel and the start page show.
SHOWN = 8


def due_text(review: Review, today: date | None = None) -> Any:
    """The day, with a word and a shape where it has passed."""
    today = today or company_today()
    if review.state != State.DUE or review.due_on >= today:
        return day(review.due_on)
    days = (today - review.due_on).days
    return format_html(
        '{} <span class="badge badge--bad">{}</span>',
        day(review.due_on),
        ngettext("%(n)d day late", "%(n)d days late", days) % {"n": days},
    )


def state_text(review: Review) -> SafeString:
    kind = (
        "active" if review.state == State.DUE and review.begun_at else BADGES[State(review.state)]
    )
    label = _("Begun") if review.state == State.DUE and review.begun_at else None
    return format_html(
        '<span class="badge badge--{}">{}</span>', kind, label or review.get_state_display()
    )


def about(review: Review) -> str:
    """Which account and year, or whose portfolio."""
    if review.plan is None:
        return str(review.owner)
    return f"{review.plan.account} {company_year(review.plan.year).label}"


def _link(review: Review) -> SafeString:
    return format_html('<a href="{}">{}</a>', review.get_absolute_url(), about(review))


# --- lists and panels -----------------------------------------------------------------------------
class ReviewList(Listing):
    """Reviews that I hold, over all plans and portfolios; my team's, or everybody's whom I see."""

    key = "reviews"
    title = gettext_lazy("Reviews")
    model = Review
    filterset_class = ReviewFilter
    first_filters = ("whose", "when", "kind", "state")
    sort = "due_on"
    empty_title = gettext_lazy("No reviews")
    empty_text = gettext_lazy("Plans in force get their reviews by the rhythm of their template.")
    related = ("plan__account", "owner", "led_by")
    columns = (
        Column(
            "about",
            gettext_lazy("Account or portfolio"),
            show=_link,
            export=about,
            heading=True,
        ),
        Column("kind", gettext_lazy("Kind"), sort="kind"),
        Column("due_on", gettext_lazy("Due"), show=due_text, sort="due_on", nowrap=True),
        Column("state", gettext_lazy("State"), show=state_text, sort="state"),
        Column(
            "led_by",
            gettext_lazy("Led by"),
            show=lambda row: row.led_by,
            export=lambda row: str(row.led_by or ""),
        ),
        Column("held_on", gettext_lazy("Held on"), sort=Key("held_on", nullable=True), nowrap=True),
        Column(
            "minutes",
            gettext_lazy("Duration"),
            show=lambda row: duration_text(row.minutes),
            export=lambda row: duration_text(row.minutes),
            nowrap=True,
        ),
        Column(
            "present",
            gettext_lazy("Who was there"),
            show=lambda row: row.present,
            export=lambda row: row.present,
        ),
    )

    def prepare(self, rows: list[Review]) -> None:
        """Who was there, ours and the customer's, in one query."""
        found = review_people.present_at(rows, self.request.user)
        for row in rows:
            row.present = review_words.present(row, found[row.pk])  # type: ignore[attr-defined]

    def more_context(self) -> dict[str, Any]:
        return {"empty_url": reverse("plans:list"), "empty_action": _("Open the plans")}


def _plan_panel(
    request: HttpRequest, plan: Any, *, status: int = 200, form: Any = None
) -> HttpResponse:
    rows = list(
        plan.reviews.active().select_related("led_by").order_by("-due_on", "-pk")[: SHOWN + 1]
    )
    today = company_today()
    context = {
        "plan": plan,
        "rows": [
            {"review": row, "due": due_text(row, today), "state": state_text(row)}
            for row in rows[:SHOWN]
        ],
        "more": len(rows) > SHOWN,
        "all_url": f"{reverse('plans:review_list')}?plan={plan.pk}&state=all",
        "title": _("Reviews"),
        "crumbs": crumbs_to(plan),
        "part": "plans/reviews/_plan.html",
        "form": (form or NewReviewForm(initial={"due_on": today})) if plan.may_act else None,
    }
    return render_part(
        request, "plans/panel.html", context, fragment="plans/reviews/_plan.html", status=status
    )


@login_required
@require_safe
def plan_reviews(request: HttpRequest, pk: int) -> HttpResponse:
    """The panel of a plan's reviews, those to come first."""
    return _plan_panel(request, plan_for(request.user, pk))


@login_required
@require_POST
def review_add(request: HttpRequest, pk: int) -> HttpResponse:
    """One more review of a plan, on a day."""
    plan = plan_for(request.user, pk)
    if not plan.editable:  # type: ignore[attr-defined]
        raise PermissionDenied
    form = NewReviewForm(request.POST)
    if form.is_valid():
        try:
            reviews.add_review(plan, form.cleaned_data["kind"], form.cleaned_data["due_on"])
        except ValidationError as error:
            show_refusal(form, error)
        else:
            if wants_fragment(request):
                return _plan_panel(request, plan)
            return HttpResponseRedirect(reverse("plans:plan_reviews", args=[plan.pk]))
    return _plan_panel(request, plan, form=form, status=422)


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The person's reviews that are late or due within two weeks."""
    today = company_today()
    person = principal(request.user)
    rows = list(
        Review.objects.visible_to(request.user)
        .active()
        .of_people([person.pk] if person else [])
        .filter(state=State.DUE, due_on__lte=today + reviews.NEAR)
        .select_related("plan__account", "owner")
        .order_by("due_on", "pk")[: SHOWN + 1]
    )
    context = {
        "rows": [
            {"review": row, "link": _link(row), "due": due_text(row, today)} for row in rows[:SHOWN]
        ],
        "more": len(rows) > SHOWN,
        "all_url": reverse("plans:review_list"),
    }
    return render_panel(
        request, "plans/reviews/_home.html", context, title=_("Reviews"), row=Home()
    )


# --- one review -----------------------------------------------------------------------------------
def review_for(user: Any, pk: int) -> Review:
    """The review as this person sees it (one query), or 404; ``editable`` by the row rule, ``may_act``
    where it is also still to be held."""
    mine = Review.objects.editable_by(user).filter(pk=OuterRef("pk")).order_by()
    review = (
        Review.objects.visible_to(user)
        .select_related(*RELATED)
        .annotate(editable=Exists(mine))
        .filter(pk=pk)
        .first()
    )
    if review is None:
        raise Http404
    in_use = review.plan is None or activities_are_open(review.plan)
    is_open = review.state == State.DUE and review.archived_at is None
    review.may_act = review.editable and in_use and is_open  # type: ignore[attr-defined]
    return review


def crumbs_of(review: Review, *, itself: bool = False) -> list[dict[str, str]]:
    found = [{"label": _("Reviews"), "url": reverse("plans:review_list")}]
    if review.plan is not None:
        found = crumbs_to(review.plan)
    if itself:
        found.append({"label": review.get_kind_display(), "url": review.get_absolute_url()})
    return found


def _context(request: HttpRequest, review: Any) -> dict[str, Any]:
    return {
        "review": review,
        "about": about(review),
        "due": due_text(review),
        "state": state_text(review),
        "parts": review_words.parts_of(review, request.user),
        "decisions": reviews.decisions_of(review),
        "people": review_people.present_at([review], request.user)[review.pk],
        "may_edit": review.editable and review.archived_at is None,
        "may_act": review.may_act,
        "crumbs": crumbs_of(review),
    }


@login_required
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One review: what it was about, what was decided, who was there, what comes next."""
    return detail_page(request, review_for(request.user, pk))


def detail_page(
    request: HttpRequest, review: Any, *, status: int = 200, **more: Any
) -> HttpResponse:
    """A review's page, with what was refused on it."""
    context = _context(request, review) | more
    in_use = review.plan is None or activities_are_open(review.plan)
    held = review.state == State.HELD
    context["may_name"] = held and in_use and context["may_edit"]
    context["with_customer"] = with_customer(review)
    if context["may_name"] and "present_form" not in context:
        context["present_form"] = PresentForm(review=review, user=signed_in(request))
    return render(request, "plans/reviews/detail.html", context, status=status)


def editable_review(request: HttpRequest, pk: int) -> Review:
    return fetch_editable(Review.objects.select_related(*RELATED), request.user, pk=pk)


def _refused(request: HttpRequest, review: Review, error: ValidationError) -> HttpResponse:
    messages.error(request, " ".join(error.messages))
    return HttpResponseRedirect(review.get_absolute_url())


@login_required
@require_POST
def begin(request: HttpRequest, pk: int) -> HttpResponse:
    """Opens the review; its agenda is kept as it is now."""
    review = editable_review(request, pk)
    try:
        reviews.begin(review, signed_in(request))
    except ValidationError as error:
        return _refused(request, review, error)
    return HttpResponseRedirect(reverse("plans:review_present", args=[pk]))


def _presented(
    request: HttpRequest, review: Any, *, status: int = 200, **forms: Any
) -> HttpResponse:
    context = _context(request, review)
    context["crumbs"] = crumbs_of(review, itself=True)
    if review.may_act:
        suggested = reviews.suggested(review)
        context["decision_form"] = DecisionForm(review=review, user=request.user)
        context["hold_form"] = HoldForm(review=review, user=signed_in(request), suggested=suggested)
    return render(request, "plans/reviews/present.html", context | forms, status=status)


@login_required
@require_safe
def present(request: HttpRequest, pk: int) -> HttpResponse:
    """The agenda in large type, one part a screen, with notes and decisions beside it."""
    review = review_for(request.user, pk)
    if review.begun_at is None:
        return HttpResponseRedirect(review.get_absolute_url())
    return _presented(request, review)


def show_refusal(form: Any, error: ValidationError) -> None:
    """A service's refusal at the fields that it names."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, errors in error.error_dict.items():
        form.add_error(name if name in form.fields else None, errors)


@login_required
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Writes one decision down; it is an activity from then on."""
    editable_review(request, pk)
    review = review_for(request.user, pk)
    form = DecisionForm(request.POST, review=review, user=request.user)
    if form.is_valid():
        try:
            reviews.decide(review, by=signed_in(request), **form.cleaned_data)
        except ValidationError as error:
            show_refusal(form, error)
        else:
            if not wants_fragment(request):
                return HttpResponseRedirect(
                    reverse("plans:review_present", args=[pk]) + "#decisions"
                )
            form = DecisionForm(review=review, user=request.user)
    status = 422 if form.errors else 200
    if not wants_fragment(request):
        return _presented(request, review, status=status, decision_form=form)
    context = {
        "review": review,
        "may_act": review.may_act,  # type: ignore[attr-defined]
        "decision_form": form,
        "decisions": reviews.decisions_of(review),
    }
    return render(request, "plans/reviews/_decisions.html", context, status=status)


@login_required
@require_POST
def hold(request: HttpRequest, pk: int) -> HttpResponse:
    """Ends the review, and puts the next one in the calendar."""
    editable_review(request, pk)
    review = review_for(request.user, pk)
    form = HoldForm(request.POST, review=review, user=signed_in(request))
    if form.is_valid():
        try:
            reviews.hold(review, signed_in(request), **form.cleaned_data)
        except ValidationError as error:
            review.refresh_from_db(fields=["state"])  # somebody may have held it meanwhile
            if review.state != State.DUE:
                return _refused(request, review, error)
            show_refusal(form, error)
        else:
            messages.success(request, _("The review is held."))
            return HttpResponseRedirect(review.get_absolute_url())
    return _presented(request, review, status=422, hold_form=form)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def skip(request: HttpRequest, pk: int) -> HttpResponse:
    """Leaves a review out, with the reason."""
    review = editable_review(request, pk)
    suggested = reviews.suggested(review) if review.state == State.DUE else None
    form = SkipForm(request.POST if request.method == "POST" else None, suggested=suggested)
    if request.method == "POST" and form.is_valid():
        try:
            reviews.skip(review, signed_in(request), **form.cleaned_data)
        except ValidationError as error:
            show_refusal(form, error)
        else:
            messages.success(request, _("The review is skipped."))
            return HttpResponseRedirect(review.get_absolute_url())
    context = {
        "review": review,
        "about": about(review),
        "form": form,
        "crumbs": crumbs_of(review, itself=True),
    }
    return render(request, "plans/reviews/skip.html", context, status=422 if form.errors else 200)


class EditReview(InPlace):
    """The day of a review, who leads it, its notes, which save by themselves, how long it took."""

    model = Review
    form_class = ReviewForm
    fields = ("due_on", "led_by", "notes", "minutes", "others")
    route = "plans:review_edit"
    related = RELATED
    save = staticmethod(reviews.change_review)
    displays = {
        "due_on": due_text,
        "led_by": lambda row: str(row.led_by or ""),
        "minutes": lambda row: duration_text(row.minutes),
    }

    @classmethod
    def may_edit(cls, user: Any, row: Any, name: str) -> bool:
        if row.archived_at is not None or (
            row.plan is not None and not activities_are_open(row.plan)
        ):
            return False
        if name in reviews.AFTERWARDS:
            return row.state == State.HELD and (name != "others" or with_customer(row))
        return name == "notes" or row.state == State.DUE


# --- the settings of plans ------------------------------------------------------------------------
@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """Who approves what, when people are reminded, how often portfolios are reviewed."""
    PlanSettings.current()  # makes the row where the installation is new
    row = fetch_editable(PlanSettings.objects, request.user, pk=1)
    form = PlanSettingsForm(
        request.POST if request.method == "POST" else None,
        instance=fetch_editable(PlanSettings.objects, request.user, pk=1),
        user=request.user,
    )
    answer = saved(
        request,
        form,
        lambda changes, base: reviews.change_settings(row, changes, base_version=base),
        done=request.path,
    )
    if answer is not None:
        return answer
    context = {
        "form": form,
        "row": row,
        "crumbs": [{"label": _("Plans"), "url": reverse("plans:list")}],
        "back": reverse("plans:list"),
    }
    return render(
        request, "plans/reviews/settings.html", context, status=422 if form.errors else 200
    )
