"""Where people's time goes, where it should go, and what a change would do."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import ValidationError as FormError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kam.editing import EditConflict, fetch_editable
from kam.htmx import render as render_part
from kam.htmx import wants_fragment
from kam.listing import Key, key_page, with_id
from kam.models import Company, Role
from kam.number_text import percent
from kam.periods import FiscalYear, company_year
from kam.pictures.stacked import Part, Row
from kam.scoping import EDITS_ALL, principal, signed_in
from kam.views.administration import administrators_only, saved
from portfolio import resources
from portfolio.calc.resources import CellShare, cell_shares
from portfolio.filters.resources import LoadFilter
from portfolio.forms.inputs import CapacityForm, HoursField, PortfolioSettingsForm
from portfolio.models import Capacity, CellText, PortfolioSettings
from portfolio.services import inputs
from portfolio.services.inputs import PlanEntry


def _year(request: HttpRequest) -> FiscalYear:
    """The asked fiscal year; the present one where none, or one outside 1990 to 2100, is asked."""
    text = request.GET.get("year", "")
    known = text.isascii() and text.isdecimal() and len(text) == 4
    if known and 1990 <= int(text) <= 2100:
        return company_year(int(text))
    return company_year()


def _number(text: str, most: int = 10_000) -> int:
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _cell_name(cell: str) -> str:
    return str(dict(CellText.Cell.choices).get(cell, _("Without a cell")))


@login_required
@require_safe
def resource_page(request: HttpRequest) -> HttpResponse:
    """Everybody's load, the time by cell, and one person's board."""
    year = _year(request)
    people = resources.people_with_load(request.user, year)
    filterset = LoadFilter(request.GET, queryset=people, request=request)
    if "filters" in request.GET:
        return _filters(request, filterset.form)
    filtered = any(request.GET.get(name) for name in LoadFilter.base_filters)
    errors = [e for found in filterset.form.errors.values() for e in found] if filtered else []
    listed = people.none() if errors else filterset.qs if filtered else people
    page = key_page(
        listed,
        with_id((Key("name"),)),
        size=resources.PEOPLE_A_PAGE,
        after=request.GET.get("after"),
        before=request.GET.get("before"),
    )
    chosen = _chosen(request, people, page.rows)
    owners = people.filter(pk=chosen.pk) if chosen else listed
    may_set = _may_set(request.user)
    spent = resources.spent_by_cell(owners.order_by().values("pk"))
    context: dict[str, Any] = {
        "year": year,
        "before": year.shifted(-1),
        "after": year.shifted(1),
        "unit": Company.current().currency,
        "page": page,
        "people": [
            {"person": row, "load": resources.load_of(row), "may_set": may_set} for row in page.rows
        ],
        "chosen": chosen,
        "chips": _chips(filterset) if filtered and not errors else [],
        "errors": errors,
        "kept": [(n, request.GET[n]) for n in LoadFilter.base_filters if request.GET.get(n)],
        "night": spent.night,
        "may_set_settings": signed_in(request).is_administrator,
    }
    board = resources.board_of(request.user, chosen, year) if chosen else None
    wanted = board.wanted if board else resources.wanted_shares()
    shares = [s for s in cell_shares(spent.hours, wanted) if s.hours or s.should]
    context |= {
        "cells": [(_cell_name(share.cell), share) for share in shares],
        "total": sum(spent.hours.values(), Decimal(0)),
        "wanted": any(value is not None for value in wanted.values()),
        "picture": _picture(shares) if any(s.hours for s in shares) else [],
        "message": _message(shares),
    }
    if board is not None:
        touched = board.try_moves() if request.GET.get("try") == "moves" else set()
        context |= _board(request, board, touched)
    return render(request, "portfolio/resources/page.html", context)


def _filters(request: HttpRequest, form: Any) -> HttpResponse:
    """The filters: inside the page, or a page of their own."""
    kept = [(n, request.GET[n]) for n in ("year", "person") if request.GET.get(n)]
    query = urlencode(kept)
    context = {
        "title": _("Resources"),
        "fields": list(form),
        "all_fields": list(form),
        "kept": kept,
        "back_url": reverse("portfolio:resources") + (f"?{query}" if query else ""),
    }
    return render_part(
        request,
        "portfolio/matrix/filters.html",
        context,
        fragment="kam/listing/filter_fields.html",
    )


def _chips(filterset: LoadFilter) -> list[dict[str, Any]]:
    """The filters in force."""
    form = filterset.form
    return [
        {"name": name, "label": form.fields[name].label, "value": str(value)}
        for name, value in form.cleaned_data.items()
        if value not in (None, "")
    ]


def _chosen(request: HttpRequest, people: Any, shown: list[Any]) -> Any:
    """The asked person; oneself where one has accounts of one's own; 404 for a foreign one."""
    asked = request.GET.get("person", "")
    if asked:
        if not (asked.isascii() and asked.isdigit() and len(asked) < 19):
            raise Http404
        person = next((row for row in shown if row.pk == int(asked)), None)
        person = person or people.filter(pk=int(asked)).first()
        if person is None:
            raise Http404
        return person
    me = principal(request.user)
    if me is None or me.role != Role.KAM:
        return None
    return next((row for row in shown if row.pk == me.pk), None)


def _message(shares: list[CellShare]) -> str:
    """The picture's title: the cell whose hours are furthest from its share."""
    told = [s for s in shares if s.over is not None and s.share is not None]
    if not told:
        return _("Hours by matrix cell")
    far = max(told, key=lambda s: abs(s.over or Decimal(0)))
    return _("“%(cell)s” gets %(share)s of the hours; %(should)s is wanted") % {
        "cell": _cell_name(far.cell),
        "share": percent(far.share),
        "should": percent(far.should_share),
    }


def _picture(shares: list[CellShare]) -> list[Row]:
    rows = [Row(_("Spent"), [Part(_cell_name(s.cell), s.hours) for s in shares])]
    if any(s.should for s in shares):
        rows.append(Row(_("Should be"), [Part(_cell_name(s.cell), s.should) for s in shares]))
    return rows


def _board(request: HttpRequest, board: resources.Board, touched: set[int]) -> dict[str, Any]:
    """One page of the board; accounts that a suggestion touches stand first."""
    number = max(1, _number(request.GET.get("page", ""), 100))
    rows = sorted(board.rows, key=lambda row: row.account.pk not in touched)
    first = (number - 1) * resources.BOARD_A_PAGE
    shown = rows[first : first + resources.BOARD_A_PAGE]
    resources.mark_editable(request.user, shown)
    return {
        "board": board,
        "rows": shown,
        "number": number,
        "more": len(rows) > first + resources.BOARD_A_PAGE,
        "tried": bool(touched),
        "moves": _moves(board),
        **_what_if(board),
    }


def _moves(board: resources.Board) -> list[dict[str, Any]]:
    names = {row.account.pk: row.account.name for row in board.rows}
    return [
        {
            "giver": move.giver,
            "taker": move.taker,
            "hours": move.hours,
            "from": names[move.giver.key],  # type: ignore[index]
            "from_cell": _cell_name(move.giver.cell),
            "to": names[move.taker.key],  # type: ignore[index]
            "to_cell": _cell_name(move.taker.cell),
        }
        for move in board.moves
    ]


def _what_if(board: resources.Board) -> dict[str, Any]:
    return {
        "board": board,
        "unit": Company.current().currency,
        "board_cells": [(_cell_name(now.cell), now, then) for now, then in board.cells],
    }


@login_required
@require_POST
def replan(request: HttpRequest, pk: int) -> HttpResponse:
    """Planned hours as they were dragged or typed: ``do=preview`` shows the effect, else saves."""
    year = _year(request)
    person = fetch_person(request, pk, year)
    board = resources.board_of(request.user, person, year)
    typed = [row for row in board.rows if f"h-{row.account.pk}" in request.POST]
    taker = HoursField(99_999)
    for row in typed:
        row.typed = request.POST[f"h-{row.account.pk}"]
        if row.typed == request.POST.get(f"i-{row.account.pk}"):
            continue  # untouched: what others saved meanwhile stays
        try:
            row.then = taker.clean(row.typed) or Decimal(0)
        except FormError as error:
            row.error = " ".join(error.messages)
    wrong = any(row.error for row in typed)
    if request.POST.get("do") == "preview" and wants_fragment(request):
        context = _what_if(board)
        return render(request, "portfolio/resources/_what_if.html", context)
    resources.mark_editable(request.user, typed)
    changed = [row for row in typed if row.change]
    if any(not row.may_edit for row in changed):
        raise PermissionDenied
    if wrong or request.POST.get("do") == "preview":
        return _again(request, board, typed, 422 if wrong else 200)
    entries = [PlanEntry(row.account, row.then, _base(request, row)) for row in changed]
    try:
        n = inputs.replan(person, year.year, entries)
    except EditConflict as conflict:
        account = conflict.row.account_id  # type: ignore[attr-defined]
        for row in typed:
            if row.account.pk == account:
                row.error = _("Somebody else changed these hours meanwhile. Save again?")
        return _again(request, board, typed, 409)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return _again(request, board, typed, 422)
    text = ngettext("%(n)d account saved.", "%(n)d accounts saved.", n)
    messages.success(request, text % {"n": n} if n else _("Nothing has changed."))
    url = reverse("portfolio:resources")
    return HttpResponseRedirect(f"{url}?person={pk}&year={year.year}")


def _base(request: HttpRequest, row: resources.BoardRow) -> int | None:
    """The version that the person saw; 0 (older than any) where they saw none and there is one."""
    text = request.POST.get(f"v-{row.account.pk}", "")
    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    return 0 if row.account.plan_version is not None else None


def _again(
    request: HttpRequest, board: resources.Board, typed: list[resources.BoardRow], status: int
) -> HttpResponse:
    context = {
        "year": board.year,
        "chosen": board.person,
        "board": board,
        "rows": typed,
        "tried": False,
        "number": 1,
        "more": False,
        "alone": True,
        **_what_if(board),
    }
    return render(request, "portfolio/resources/board.html", context, status=status)


def fetch_person(request: HttpRequest, pk: int, year: FiscalYear) -> Any:
    """Somebody whose portfolio this person may open, with their load; else 404."""
    person = resources.people_with_load(request.user, year).filter(pk=pk).first()
    if person is None:
        raise Http404
    return person


# --- capacity and settings ----------------------------------------------------------------------------
def _may_set(user: Any) -> bool:
    """Capacity is set by leaders for those whose portfolio they may open, and by administrators."""
    me = principal(user)
    if me is None or getattr(user, "read_only", False):
        return False
    return me.role in EDITS_ALL | {Role.LEADER}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def capacity_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The hours that somebody has for accounts in a fiscal year."""
    year = _year(request)
    person = fetch_person(request, pk, year)
    if not _may_set(request.user):
        raise PermissionDenied
    row = Capacity.objects.visible_to(request.user).filter(user=person, year=year.year).first()
    back = f"{reverse('portfolio:resources')}?year={year.year}"
    form = CapacityForm(
        request.POST if request.method == "POST" else None, instance=row, user=request.user
    )

    def save(changes: dict[str, Any], base: int) -> None:
        if "hours" in changes:
            seen = base if row is not None else None
            inputs.set_capacity(person, year.year, changes["hours"], base_version=seen)

    answer = saved(request, form, save, done=back, cancel=back)
    if answer is not None:
        return answer
    context = {
        "form": form,
        "row": row,
        "title": _("Capacity %(year)s: %(name)s") % {"year": year.label, "name": person},
        "guidance": _("Working time of the year less holidays and all that is not for accounts."),
        "back": back,
        "crumbs": [{"label": _("Resources"), "url": back}],
    }
    return render(
        request, "portfolio/inputs/form.html", context, status=422 if form.errors else 200
    )


@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """Cost of an hour, limits and thresholds of the portfolio."""
    PortfolioSettings.current()  # makes the row where the installation is new
    row = fetch_editable(PortfolioSettings.objects, request.user, pk=1)
    form = PortfolioSettingsForm(
        request.POST if request.method == "POST" else None,
        instance=fetch_editable(PortfolioSettings.objects, request.user, pk=1),
        user=request.user,
    )
    back = reverse("portfolio:resources")
    answer = saved(
        request,
        form,
        lambda changes, base: inputs.change_settings(row, changes, base_version=base),
        done=request.path,
    )
    if answer is not None:
        return answer
    context = {
        "form": form,
        "row": row,
        "title": _("Portfolio settings"),
        "guidance": _(
            "Amounts are in %(currency)s, shares in percent. Scores follow with the next night."
        )
        % {"currency": Company.current().currency},
        "back": back,
        "two": True,
        "crumbs": [{"label": _("Resources"), "url": back}],
    }
    return render(
        request, "portfolio/inputs/form.html", context, status=422 if form.errors else 200
    )


__all__ = ["capacity_edit", "replan", "resource_page", "settings"]
