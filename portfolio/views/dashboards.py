"""The dashboard: a shell of chosen panels with one set of filters; PDF, workbook, mail."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kam import htmx
from kam.editing import fetch_editable
from kam.listing.files import write_xlsx
from kam.panels import PlacedPanel, panels_for, render_panel
from kam.pdf import ReportError
from kam.scoping import principal, signed_in
from portfolio import nightly  # noqa: F401 - registers the jobs
from portfolio.dashboard import (
    FILTERS,
    TILES,
    Asked,
    Table,
    as_query,
    errors_of,
    filter_words,
    night_words,
    without_rate,
)
from portfolio.models import DashboardChoice, DashboardMail
from portfolio.services import dashboards

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Place:
    """Where the dashboard's panels lead back to."""

    def __str__(self) -> str:
        return _("Dashboard")

    def get_absolute_url(self) -> str:
        return reverse("portfolio:dashboard")


@login_required
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """The chosen panels, all with the filters of the address."""
    asked = Asked(request.user, request.GET)
    if "filters" in request.GET:
        return _filters(request, asked)
    query = asked.query()
    offered = _offered(request)
    choice = DashboardChoice.objects.visible_to(request.user).first()
    wanted = choice.panels if choice else [panel.id for panel in offered]
    shown = sorted((p for p in offered if p.id in wanted), key=lambda p: wanted.index(p.id))
    context = {
        "panels": [
            PlacedPanel(p.id, p.title, f"{p.url}?{query}" if query else p.url, p.trigger)
            for p in shown
        ],
        "offered": [(p, p.id in wanted) for p in offered],
        "asked": asked,
        "age": night_words(asked.run, asked.night),
        "query": query,
        "words": filter_words(asked),
        "errors": errors_of(asked),
        "without_rate": without_rate(asked),
        "kept": [(n, request.GET[n]) for n in FILTERS if request.GET.get(n)],
        "rhythms": DashboardMail.Rhythm.choices,
    }
    return render(request, "portfolio/dashboard/page.html", context)


def _offered(request: HttpRequest) -> list[PlacedPanel]:
    """The panels of this person's role, each by its bare name."""
    person = principal(request.user)
    found = panels_for("dashboard", Place(), aside=False, roles={person.role if person else ""})
    return [PlacedPanel(p.id.removeprefix("panel-"), p.title, p.url, p.trigger) for p in found]


def _filters(request: HttpRequest, asked: Asked) -> HttpResponse:
    form = asked.form
    context = {
        "title": _("Dashboard"),
        "fields": list(form),
        "all_fields": list(form),
        "kept": [("night", request.GET["night"])] if request.GET.get("night") else [],
        "back_url": reverse("portfolio:dashboard") + "?" + asked.query(),
    }
    return htmx.render(
        request,
        "portfolio/matrix/filters.html",
        context,
        fragment="kam/listing/filter_fields.html",
    )


def _tile(name: str) -> Any:
    if name not in TILES:
        raise Http404
    return TILES[name]


@login_required
@require_safe
def tile(request: HttpRequest, name: str) -> HttpResponse:
    """One panel; ``?export=xlsx`` is its table as a workbook."""
    made = _tile(name)
    asked = Asked(request.user, request.GET)
    table = made.make(asked)
    if request.GET.get("export") == "xlsx":
        if found := errors_of(asked):
            raise BadRequest(" ".join(found))
        return _workbook(name, table)
    query = asked.query()
    context = {
        "table": table,
        "errors": errors_of(asked),
        "age": night_words(asked.run, asked.night),
        "before": asked.night,
        "scored": asked.run is not None or not made.of_scores,
        "export_url": f"{request.path}?export=xlsx" + (f"&{query}" if query else ""),
    }
    return render_panel(
        request, "portfolio/dashboard/tile.html", context, title=made.title, row=Place()
    )


def _workbook(name: str, table: Table) -> HttpResponse:
    def lines() -> Iterator[list[Any]]:
        for row in table.rows:
            yield [cell.value for cell in row]

    file = BytesIO()
    write_xlsx(file, str(table.title), [column.head for column in table.columns], lines())
    response = HttpResponse(file.getvalue(), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return response


@login_required
@require_safe
def pdf(request: HttpRequest) -> HttpResponse:
    """The chosen tiles with the filters of the address, as PDF."""
    user = signed_in(request)
    asked = Asked(request.user, request.GET)
    try:
        content, name = dashboards.make_pdf(request.user, asked.query(), dashboards.chosen(user))
    except ReportError as error:
        messages.error(request, str(error))
        return redirect("portfolio:dashboard")
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@login_required
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keeps which panels the person wants."""
    known = {panel.id for panel in _offered(request)}
    names = [name for name in request.POST.getlist("panels") if name in known]
    dashboards.choose_panels(signed_in(request), names)
    return redirect(_back(request))


@login_required
@require_POST
def mail_order(request: HttpRequest) -> HttpResponse:
    """Orders the dashboard with these filters by mail."""
    asked = Asked(request.user, _posted_query(request))
    try:
        dashboards.order_mail(
            signed_in(request), request.POST.get("rhythm", ""), dashboards.kept_query(asked)
        )
        messages.success(request, _("The dashboard comes by mail."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(_back(request))


@login_required
@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    """The dashboards that come to this person by mail."""
    rows = DashboardMail.objects.visible_to(request.user).active().order_by("rhythm", "pk")
    return render(request, "portfolio/dashboard/mails.html", {"mails": rows[:100]})


@login_required
@require_POST
def mail_pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Sends nothing until it is resumed."""
    dashboards.pause_mail(_mail(request, pk))
    messages.success(request, _("This mail is paused."))
    return redirect("portfolio:dashboard_mails")


@login_required
@require_POST
def mail_resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Sends it again, from the next day of its rhythm on."""
    row = dashboards.resume_mail(_mail(request, pk))
    words = {"day": date_format(row.next_on, "SHORT_DATE_FORMAT")}
    messages.success(request, _("This mail comes again, next on %(day)s.") % words)
    return redirect("portfolio:dashboard_mails")


def _mail(request: HttpRequest, pk: int) -> DashboardMail:
    return fetch_editable(DashboardMail.objects.active(), request.user, pk=pk)


@login_required
@require_POST
def mail_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Ends a mail."""
    dashboards.end_mail(_mail(request, pk))
    messages.success(request, _("This mail is ended."))
    return redirect("portfolio:dashboard_mails")


def _posted_query(request: HttpRequest) -> Any:
    return as_query(request.POST.get("query", "")[:500])


def _back(request: HttpRequest) -> str:
    query = Asked(request.user, _posted_query(request)).query()
    return reverse("portfolio:dashboard") + (f"?{query}" if query else "")
