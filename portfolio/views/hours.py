"""The hours of one's week, entered on one page and saved at once; hours from its meetings."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.forms import ValidationError as FormError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from kam.editing import EditConflict
from kam.number_text import plain
from kam.periods import company_today
from kam.scoping import signed_in
from portfolio import resources
from portfolio.forms.inputs import HoursField, OtherAccountForm
from portfolio.services import meetings
from portfolio.services.hours import (
    FIRST_WEEK,
    WeekEntry,
    fewer_than_met,
    monday,
    record_hours,
)


def _week(request: HttpRequest) -> date:
    """The Monday of the asked week; this week where none (or a coming one) is asked."""
    this = monday(company_today())
    try:
        asked = monday(date.fromisoformat(request.GET.get("week", "")))
    except (ValueError, OverflowError):
        return this
    return asked if FIRST_WEEK <= asked < this else this


def _page(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return max(1, min(int(text), 100)) if text.isascii() and text.isdigit() and len(text) < 5 else 1


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def hours(request: HttpRequest) -> HttpResponse:
    """One's accounts in a week; POST saves all that was typed."""
    week = resources.week_of(signed_in(request), _week(request), _page(request))
    other = OtherAccountForm(
        request.POST if request.method == "POST" else None, user=request.user, prefix="other"
    )
    found = resources.meetings_of(request.user, signed_in(request), week.monday, company_today())
    if request.method != "POST":
        return _answer(request, week, other, found)
    if getattr(request.user, "read_only", False):
        raise PermissionDenied
    entries = _entries(request, week)
    wanted = _asked_offers(request, found)
    wrong = any(row.error for row in week.rows) or any(o.error for o in found.offers)
    if not other.is_valid() or wrong:
        return _answer(request, week, other, found, status=422)
    account = other.cleaned_data.get("account")
    if account is not None:
        note = other.cleaned_data["note"]
        entries.append(WeekEntry(account, other.cleaned_data["hours"], note))
    try:
        with transaction.atomic():
            n = record_hours(signed_in(request), week.monday, entries)
            done = _with_meetings(request, found, wanted)
    except EditConflict as conflict:
        return _conflict(request, week, other, found, conflict)
    except ValidationError as error:
        other.add_error(None, " ".join(error.messages))
        return _answer(request, week, other, found, status=422)
    if done:
        messages.success(request, done)
        return HttpResponseRedirect(f"{request.get_full_path()}#meetings")
    text = ngettext("%(n)d account saved.", "%(n)d accounts saved.", n)
    messages.success(request, text % {"n": n} if n else _("Nothing has changed."))
    return HttpResponseRedirect(request.get_full_path())


def _entries(request: HttpRequest, week: resources.Week) -> list[WeekEntry]:
    """What was typed; a row that says something else than hours gets its error."""
    taker = HoursField(168)
    entries = []
    for row in week.rows:
        name = f"h-{row.account.pk}"
        if name not in request.POST:
            continue
        row.typed = request.POST[name]
        row.note = request.POST.get(f"n-{row.account.pk}", "")[:200]
        if f"{row.typed}|{row.note}" == request.POST.get(f"i-{row.account.pk}"):
            continue  # untouched: what others saved meanwhile stays
        try:
            value: Decimal | None = taker.clean(row.typed)
        except FormError as error:
            row.error = " ".join(error.messages)
            continue
        if (value or 0) < row.met:
            row.error = fewer_than_met(row.met)
            continue
        version = request.POST.get(f"v-{row.account.pk}", "")
        known = version.isascii() and version.isdigit() and len(version) < 10
        base = int(version) if known else None
        if row.version is not None and base is None:
            base = 0  # somebody wrote hours here since the page was opened
        entries.append(WeekEntry(row.account, value, row.note, base))
    return entries


def _asked_offers(request: HttpRequest, found: resources.WeekMeetings) -> list[resources.Offer]:
    """The offers that were asked to be taken over; what was typed at one that is none gets its error."""
    taker = HoursField(168)
    asked = request.POST.get("take", "")
    wanted = found.ready if asked == "all" else [o for o in found.offers if o.meeting.key == asked]
    for offer in found.offers:
        offer.typed = request.POST.get(f"m-{offer.meeting.key}")
    for offer in wanted:
        if offer.typed is None:
            continue
        try:
            offer.hours = taker.clean(offer.typed)
        except FormError as error:
            offer.error = " ".join(error.messages)
        if not offer.error and not offer.hours:
            offer.error = _("Say how many hours it took.")
    return wanted


def _with_meetings(
    request: HttpRequest, found: resources.WeekMeetings, wanted: list[resources.Offer]
) -> str:
    """Takes meetings over, brings one up to date, or takes one back; what was done, in words."""
    person = signed_in(request)
    for offer in wanted:
        meetings.take_over(person, offer.meeting, offer.hours)
    if wanted:
        n = len(wanted)
        text = ngettext("%(n)d meeting taken over.", "%(n)d meetings taken over.", n)
        return text % {"n": n}
    for taken in found.taken:
        if request.POST.get("renew") == taken.key and taken.now is not None:
            meetings.take_over(person, taken.now, taken.now.hours or taken.line.hours)
            return _("Brought up to date.")
        if request.POST.get("untake") == taken.key:
            meetings.take_back(taken.line)
            return _("Taken back: these hours no longer count.")
    return ""


def _conflict(
    request: HttpRequest,
    week: resources.Week,
    other: Any,
    found: resources.WeekMeetings,
    conflict: EditConflict,
) -> HttpResponse:
    account = conflict.row.account_id  # type: ignore[attr-defined]
    for row in week.rows:
        if row.account.pk == account:
            theirs = conflict.row.hours  # type: ignore[attr-defined]
            text = _("Meanwhile it says %(hours)s here. Save again to keep yours.")
            row.error = text % {"hours": plain(theirs, 2)}
            row.row = conflict.row  # type: ignore[assignment]
    return _answer(request, week, other, found, status=409)


def _answer(
    request: HttpRequest,
    week: resources.Week,
    other: Any,
    found: resources.WeekMeetings,
    status: int = 200,
) -> HttpResponse:
    for row in week.rows:
        row.offered = found.offered(row.account.pk)
    this = monday(company_today())
    url = reverse("portfolio:hours")
    after = week.monday + timedelta(days=7)
    context = {
        "week": week,
        "other": other,
        "person": signed_in(request),
        "meetings": found,
        "sunday": week.monday + timedelta(days=6),
        "number": week.monday.isocalendar().week,
        "previous_url": f"{url}?week={week.monday - timedelta(days=7)}",
        "next_url": f"{url}?week={after}" if after <= this else "",
        "this_url": url if week.monday != this else "",
    }
    return render(request, "portfolio/inputs/hours.html", context, status=status)
