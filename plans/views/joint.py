"""The page behind a customer's link. Nobody signs in here; the link itself is the right.

Nothing is reachable but what the link shows: rows are named by the link's own keys, and asked for
through the link. Who is signed in as one of us reads the page and leaves no trace as the customer.
"""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kam.audit import source
from kam.models import Company
from kam.notifications import may_be_told
from kam.periods import company_year
from plans import joint
from plans.models import PlanShare
from plans.services import sharing
from plans.sharing_forms import TheirCommentForm

#: Requests in a minute: to one link, writing through one link, to links that do not open by address.
READS, WRITES, MISSES = 60, 20, 60
#: An opening is recorded once in so many seconds.
ONE_VISIT = 60

View = Callable[..., HttpResponse]


def _within(key: str, at_most: int) -> bool:
    """Counts this request in the running minute, atomically; whether it is within the limit."""
    counter = f"joint:{key}:{int(timezone.now().timestamp() // 60)}"
    cache.add(counter, 0, timeout=65)
    try:
        return cache.incr(counter) <= at_most
    except ValueError:  # the key went between the two calls: count anew with the next one
        return True


def through_link(view: View) -> View:
    """Opens the link for the view, or answers 404, 410, 429; no answer is kept or indexed."""

    @wraps(view)
    def opened(request: HttpRequest, token: str) -> HttpResponse:
        response = _answer(request, token)
        add_never_cache_headers(response)
        response["Cache-Control"] = "private, no-store"
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        # To no other site. (With "no-referrer" browsers hide the origin of our own forms, too.)
        response["Referrer-Policy"] = "same-origin"
        return response

    def _answer(request: HttpRequest, token: str) -> HttpResponse:
        kept = hashlib.sha256(token.encode()).hexdigest()[:24]
        writes = request.method == "POST"
        if not _within(f"{'w' if writes else 'r'}:{kept}", WRITES if writes else READS):
            return _too_many(request)
        try:
            share = sharing.open_link(token)
            zone = ZoneInfo(Company.current().timezone)
            with source("link", share=share.pk), timezone.override(zone):
                return view(request, share, token)
        except sharing.UnknownLink:
            if not _within(f"m:{request.META.get('REMOTE_ADDR', '')}", MISSES):
                return _too_many(request)
            return render(request, "plans/joint/closed.html", {"unknown": True}, status=404)
        except sharing.ClosedLink as closed:
            return closed_page(request, closed.share)

    return opened


def _too_many(request: HttpRequest) -> HttpResponse:
    wait = 60 - int(timezone.now().timestamp() % 60)
    response = render(request, "plans/joint/closed.html", {"wait": wait}, status=429)
    response["Retry-After"] = str(wait)
    return response


def closed_page(request: HttpRequest, share: PlanShare) -> HttpResponse:
    """One page for every reason: the link no longer opens, and whom to ask."""
    owner = share.plan.account.owner
    people = (person for person in (owner, share.created_by) if person is not None)
    person = next((person for person in people if may_be_told(person)), None)
    context = {"company": Company.current(), "person": person}
    return render(request, "plans/joint/closed.html", context, status=410)


def page_of(
    request: HttpRequest,
    share: PlanShare,
    token: str = "",
    *,
    status: int = 200,
    template: str = "plans/joint/page.html",
    **more: Any,
) -> HttpResponse:
    """What the link shows. Without a token (a look by one of us) it has no forms."""
    shown = joint.shown_by(share)
    context = {
        "share": share,
        "company": Company.current(),
        "year_label": company_year(share.plan.year).label,
        "shown": shown,
        "sides": _by_side(shown),
        "token": token,
        "person": share.plan.account.owner or share.created_by,
        **more,
    }
    return render(request, template, context, status=status)


def _by_side(shown: joint.Shown) -> list[tuple[str, str, list[joint.ShownGoal]]]:
    """Goals by whose they are, in the reader's words: theirs are “yours” here."""
    found = []
    for side, label in (("customer", _("Your goals")), ("ours", _("Our goals"))):
        rows = [row for row in shown.goals if row.goal.side == side]
        if rows:
            found.append((side, label, rows))
    return found


def _one_of_us(request: HttpRequest) -> bool:
    return request.user.is_authenticated


@require_safe
@through_link
def page(request: HttpRequest, share: PlanShare, token: str) -> HttpResponse:
    """The shared parts of the plan, to read, comment and confirm."""
    if _one_of_us(request):
        return page_of(request, share, ours=True)
    if request.method == "GET" and cache.add(f"joint:visit:{share.pk}", 1, timeout=ONE_VISIT):
        sharing.record_opened(share)
    done = {
        "comment": _("Thank you: your comment is kept, and we are told."),
        "goal": _("Thank you: your answer is kept, and we are told."),
    }
    return page_of(request, share, token, thanks=done.get(request.GET.get("done", "")))


@require_POST
@through_link
def comment(request: HttpRequest, share: PlanShare, token: str) -> HttpResponse:
    """What they say about a section, or about the whole."""
    if _one_of_us(request):
        return page_of(request, share, ours=True, status=403)
    form = TheirCommentForm(request.POST)
    if form.is_valid():
        key = form.cleaned_data["key"]
        try:
            sharing.comment_through(share, key, form.cleaned_data["body"])
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _back(token, "comment", f"s{key}" if key else "whole")
    if "key" in form.errors:
        raise sharing.UnknownLink
    return page_of(request, share, token, refused=form, status=422)


@require_POST
@through_link
def goal(request: HttpRequest, share: PlanShare, token: str) -> HttpResponse:
    """They confirm a goal, or do not."""
    if _one_of_us(request):
        return page_of(request, share, ours=True, status=403)
    key, word = request.POST.get("key", ""), request.POST.get("answer", "")
    if not (key.isascii() and key.isdigit() and len(key) < 19) or word not in ("yes", "no"):
        raise sharing.UnknownLink
    try:
        sharing.answer_goal(share, int(key), request.POST.get("state", ""), agreed=word == "yes")
    except sharing.GoalMoved:
        return page_of(request, share, token, moved=int(key), status=409)
    return _back(token, "goal", f"g{key}")


def _back(token: str, done: str, place: str) -> HttpResponse:
    address = reverse("joint:page", args=[token])
    response = HttpResponseRedirect(f"{address}?done={done}#{place}")
    response.status_code = 303
    return response
