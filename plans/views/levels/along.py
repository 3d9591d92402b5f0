"""The roll-up along industry, segment, product line, country, territory and customer group."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from tempfile import TemporaryFile
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.models import SalesFact
from kam.listing.files import csv_lines, write_xlsx
from kam.models import Company
from kam.money import rates_for, rounded
from kam.number_text import percent
from kam.periods import FiscalYear, company_today
from kam.pictures.bullet import Bullet
from plans.lines import fact_lines, target_lines
from plans.models import TargetMonth
from plans.rollup_scope import WITH_ID, Scope, scope_of
from plans.rollup_text import freshness_words
from plans.rollups import along as lengthwise
from plans.rollups.along import LINES, Along, AlongPart, PartFigures
from plans.views.rollup.addresses import address, asked_year
from plans.views.rollup.figures import years_context
from portfolio.models import SegmentScheme

LEVELS = ("company", "own", "team", "kam")


def asked_scheme(request: HttpRequest, line: str) -> tuple[SegmentScheme | None, list[Any]]:
    """The segment scheme of ``?scheme=``, the first without; with all that are in use (one query)."""
    if line != "segment":
        return None, []
    known = list(lengthwise.schemes())
    text = request.GET.get("scheme", "")
    if not text:
        return (known[0] if known else None), known
    for scheme in known:
        if text == str(scheme.pk):
            return scheme, known
    raise BadRequest(_("There is no such segment scheme."))


def along_url(
    line: str, level: str, pk: int | None, year: FiscalYear, name: str = "along", **more: Any
) -> str:
    """A level's page along one line."""
    args = [line, level] if pk is None else [line, level, pk]
    extra = "".join(f"&{key}={value}" for key, value in more.items() if value not in (None, ""))
    return reverse(f"plans:{name}", args=args) + f"?year={year.year}{extra}"


def check(line: str, level: str, pk: int | None) -> None:
    """404 for a line or level that does not exist."""
    if line not in LINES or level not in LEVELS or (level in WITH_ID) != (pk is not None):
        raise Http404


def of_level(
    scope: Scope, line: str, level: str, pk: int | None, year: FiscalYear,
    scheme: SegmentScheme | None,
) -> Along:  # fmt: skip
    """A level along a line; 404 for what the person may not open."""
    _accounts, owners = scope.accounts_of(level, pk)
    return lengthwise.along(
        line, owners, scope.accounts(), year, company_today(),
        unowned=level == "company", whole=level == "company", scheme=scheme,
    )  # fmt: skip


def label_of(scope: Scope, level: str, pk: int | None) -> str:
    """The level's name (one query for a team or person)."""
    own = {"company": Company.current().name, "own": _("My teams")}
    if level in own:
        return own[level]
    named = scope.teams if level == "team" else scope.owners
    return named.filter(pk=pk or 0).values_list("name", flat=True).get()


@login_required
@require_safe
def along(request: HttpRequest, line: str, level: str, pk: int | None = None) -> HttpResponseBase:
    """What a level's figures consist of, along one line."""
    check(line, level, pk)
    scope, year = scope_of(request.user), asked_year(request)
    scheme, known = asked_scheme(request, line)
    found = of_level(scope, line, level, pk, year, scheme)
    label = label_of(scope, level, pk)
    if kind := request.GET.get("export"):
        return _export(found, label, kind)
    asked = scheme.pk if scheme and len(known) > 1 else None
    context = {
        "found": found,
        "rows": [
            {
                "part": part,
                "label": part.label or _("Group outside your accounts"),
                "bullet": bullet_of(part.figures),
                "url": along_url(
                    line, level, pk, year, "along_lines",
                    key=part.key or "-", scheme=scheme.pk if scheme else None,
                ),
            }
            for part in found.parts
        ],
        "heading": label,
        "lines": [
            (word, along_url(name, level, pk, year), name == line) for name, word in LINES.items()
        ],
        "schemes": [
            (one.name, along_url(line, level, pk, year, scheme=one.pk), one == scheme)
            for one in known
        ]
        if len(known) > 1
        else [],
        "no_scheme": line == "segment" and scheme is None,
        "message": message_of(found),
        "freshness": freshness_words(found),
        "missing": found.figures.missing,
        "currency": found.currency,
        "level_url": address(level, pk, year),
        "csv_url": along_url(line, level, pk, year, scheme=asked, export="csv"),
        "xlsx_url": along_url(line, level, pk, year, scheme=asked, export="xlsx"),
        "crumbs": [
            {"label": _("Roll-up"), "url": reverse("plans:rollup") + f"?year={year.year}"},
            {"label": label, "url": address(level, pk, year)},
        ],
        **years_context(year),
    }  # fmt: skip
    return render(request, "plans/levels/along.html", context)


def bullet_of(figures: PartFigures) -> Bullet:
    """Actual against the year's target, with the target to date as pace mark."""
    if not figures.target:
        return Bullet(rounded(figures.actual))
    return Bullet(rounded(figures.actual), rounded(figures.target), rounded(figures.target_to_date))


def message_of(found: Along) -> str:
    """What the table says, in one sentence: who makes most of the sales."""
    top = [part for part in found.parts if part.depth == 0 and part.figures.actual > 0]
    if not top or found.total.actual <= 0:
        return ""
    first = max(top, key=lambda part: part.figures.actual)
    share = percent(first.figures.actual / found.total.actual)
    name = first.label or _("Group outside your accounts")
    return _("%(name)s makes %(share)s of the sales") % {"name": name, "share": share}


def _export(found: Along, label: str, kind: str) -> HttpResponseBase:
    """The table as a file; amounts rounded to cents."""
    if kind not in ("csv", "xlsx"):
        raise Http404
    unit = found.currency
    heads = [
        str(found.label), _("Accounts"), _("With a plan"),
        *(f"{word} ({unit})" for word in (
            _("Target"), _("Actual"), _("Forecast"), _("Margin"), _("Target margin"), _("Last year"),
        )),
        _("Attainment"), _("Pace"),
    ]  # fmt: skip
    title = f"{label} {found.fiscal_year.label} {found.label}"
    name = f"{slugify(title) or 'roll-up'}.{kind}"
    if kind == "csv":
        response = StreamingHttpResponse(
            csv_lines(heads, _rows(found)), content_type="text/csv; charset=utf-8"
        )
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    file = TemporaryFile()  # noqa: SIM115 - FileResponse closes it
    write_xlsx(file, title, heads, _rows(found))
    file.seek(0)
    return FileResponse(
        file,
        as_attachment=True,
        filename=name,
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )


def _rows(found: Along) -> Iterator[list[Any]]:
    for part in found.parts:
        yield _row(
            "  " * part.depth + (part.label or _("Group outside your accounts")), part.figures
        )
    if found.rest is not None:
        yield _row(
            ngettext("%(n)s other", "%(n)s others", found.rest_count) % {"n": found.rest_count},
            found.rest,
        )
    yield _row(_("Total"), found.total)


def _row(label: str, figures: PartFigures) -> list[Any]:
    def share(value: Decimal | None) -> Decimal | None:
        return None if value is None else round(value, 4)

    return [
        label, figures.accounts, figures.planned,
        *(rounded(value) for value in (
            figures.target, figures.actual, figures.forecast, figures.actual_margin,
            figures.target_margin, figures.last,
        )),
        share(figures.attainment), share(figures.pace),
    ]  # fmt: skip


@login_required
@require_safe
def lines(request: HttpRequest, line: str, level: str, pk: int | None = None) -> HttpResponse:
    """The sales facts or target months that one part consists of."""
    check(line, level, pk)
    scope, year = scope_of(request.user), asked_year(request)
    scheme, _known = asked_scheme(request, line)
    key = request.GET.get("key", "")
    key = "" if key == "-" else key
    if len(key) > 20 or (not key.replace("-", "").isalnum() and key):
        raise BadRequest(_("There is no such part."))
    found = of_level(scope, line, level, pk, year, scheme)
    part = next((part for part in found.parts if part.key == key), None)
    all_accounts, _owners = scope.accounts_of(level, pk)
    accounts = lengthwise.accounts_of_part(line, key, all_accounts, scheme)
    show = "targets" if request.GET.get("show") == "targets" else "sales"
    ways: dict[str, Any] = {"after": request.GET.get("after"), "before": request.GET.get("before")}
    number = int(key) if key.isdigit() and len(key) < 18 else 0
    rates = rates_for(year.year)
    if show == "sales":
        facts = SalesFact.objects.visible_to(request.user)
        if line == "product":
            facts = facts.filter(product__line__path__contains=[number])
        page = fact_lines(facts, accounts, year, rates, **ways)
    else:
        targets = TargetMonth.objects.visible_to(request.user)
        if line == "product":
            targets = targets.filter(target__line__path__contains=[number])
        page = target_lines(targets, accounts, year, rates, **ways)
    figures = part.figures if part else PartFigures()
    name = _part_name(part, line)
    here = {"key": key or "-", "scheme": scheme.pk if scheme else None}

    def tab(word: str, value: str) -> dict[str, Any]:
        url = along_url(line, level, pk, year, "along_lines", **here, show=value)
        return {"label": word, "url": url, "current": show == value}

    context = {
        "label": f"{label_of(scope, level, pk)}: {name}",
        "level": level,
        "show": show,
        "month": None,
        "page": page,
        "total": figures.actual if show == "sales" else figures.target,
        "total_margin": figures.actual_margin if show == "sales" else figures.target_margin,
        "missing": [],
        "currency": found.currency,
        "back_url": along_url(line, level, pk, year, scheme=here["scheme"]),
        "tabs": [tab(_("Sales"), "sales"), tab(_("Targets"), "targets")],
        "month_links": [],
        "all_url": along_url(line, level, pk, year, "along_lines", **here, show=show),
        "crumbs": [
            {"label": _("Roll-up"), "url": reverse("plans:rollup") + f"?year={year.year}"},
            {"label": str(found.label), "url": along_url(line, level, pk, year)},
        ],
        **years_context(year),
    }
    return render(request, "plans/rollup/lines.html", context)


def _part_name(part: AlongPart | None, line: str) -> str:
    if part is None:
        return str(LINES[line])
    return part.label or _("Group outside your accounts")
