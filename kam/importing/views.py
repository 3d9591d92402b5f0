"""The pages of an import, for administrators: upload, map, preview, result."""

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.shortcuts import render as render_page
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kam.editing import fetch_visible
from kam.htmx import render
from kam.importing import services
from kam.importing.engine import KINDS
from kam.importing.forms import (
    DECIMALS,
    DELIMITER_NAMES,
    ENCODING_NAMES,
    MapForm,
    ReadingForm,
    UploadForm,
)
from kam.importing.mapping import Map, style_columns
from kam.importing.reading import FileRefused, Reading, undecided
from kam.importing.resource import resources
from kam.importing.services import ImportRefused
from kam.listing import Key, key_page
from kam.models import ImportBatch, ImportMap, User
from kam.number_text import amount
from kam.views.administration import administrators_only

NEWEST_FIRST = (Key("created_at", descending=True), Key("id", descending=True))
State = ImportBatch.State
OPEN = (State.UPLOADED, State.CHECKED, State.REFUSED)


def _batch(request: HttpRequest, pk: int) -> ImportBatch:
    return fetch_visible(
        ImportBatch.objects.exclude(file="").select_related("job", "created_by"),
        request.user,
        pk=pk,
    )


def _person(request: HttpRequest) -> User:
    return request.user  # type: ignore[return-value]


def _crumbs() -> list[dict[str, Any]]:
    return [{"label": _("Import"), "url": reverse("kam:import_list")}]


def _label(name: str) -> str:
    return next((str(r.label) for r in resources() if r.name == name), name)


@administrators_only
@require_safe
def import_list(request: HttpRequest) -> HttpResponse:
    """All imports, newest first, and the maps that are kept."""
    rows = (
        ImportBatch.objects.visible_to(request.user)
        .select_related("created_by")
        .defer("report", "reading")
    )
    page = key_page(
        rows, NEWEST_FIRST, after=request.GET.get("after"), before=request.GET.get("before")
    )
    labels = {r.name: r.label for r in resources()}
    for batch in page.rows:
        batch.resource_label = labels.get(batch.resource, batch.resource)
        batch.link = _address(batch)
    maps = list(ImportMap.objects.visible_to(request.user).active()[:200])
    for row in maps:
        row.resource_label = labels.get(row.resource, row.resource)  # type: ignore[attr-defined]
    context = {"page": page, "maps": maps}
    return render_page(request, "kam/imports/list.html", context)


def _address(batch: ImportBatch) -> str:
    if not batch.file:
        return ""
    if batch.state in (State.APPLIED, State.CANCELLED):
        return reverse("kam:import_result", args=[batch.pk])
    if batch.state == State.UPLOADED:
        return reverse("kam:import_map", args=[batch.pk])
    return reverse("kam:import_preview", args=[batch.pk])


@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def import_create(request: HttpRequest) -> HttpResponse:
    """Takes a file and looks at how it is written."""
    form = UploadForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        user=request.user,
        initial={"resource": request.GET.get("resource", "")},
    )
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        try:
            mapping = None
            if found["map_file"]:
                mapping = Map.from_toml(found["map_file"])
            elif found["map"]:
                mapping = Map.from_json(found["map"].content)
            batch = services.upload(
                found["resource"],
                found["file"],
                found["file"].name,
                user=_person(request),
                mapping=mapping,
            )
        except FileRefused as error:
            form.add_error("file", str(error))
        else:
            return redirect("kam:import_map", pk=batch.pk)
    context = {
        "form": form,
        "crumbs": _crumbs(),
        "resources": resources(),
    }
    return render_page(
        request, "kam/imports/create.html", context, status=422 if form.errors else 200
    )


@administrators_only
@require_http_methods(["GET", "HEAD", "POST"])
def import_map(request: HttpRequest, pk: int) -> HttpResponse:
    """Columns and words, guessed or from a map, to be corrected; then the file is checked."""
    batch = _batch(request, pk)
    if batch.state not in OPEN:
        return redirect("kam:import_result", pk=pk)
    reading, profile = services.reading_of(batch), services.profile_of(batch)
    resource, mapping = services.resource_of(batch, _person(request)), services.map_of(batch)
    posted = request.POST if request.method == "POST" else None
    part = request.POST.get("part", "")
    reading_form = ReadingForm(
        posted if part == "reading" else None, reading=reading, profile=profile, prefix="reading"
    )
    form = MapForm(
        posted if part == "map" else None, resource=resource, profile=profile, mapping=mapping
    )
    status = 200
    try:
        if part == "reading" and reading_form.is_valid():
            services.read_again(batch, reading_form.stated())
            messages.success(request, _("The file was read again."))
            return redirect("kam:import_map", pk=pk)
        if part == "map" and form.is_valid():
            services.check_with(batch, form.map(), user=_person(request))
            if form.cleaned_data["save_as"]:
                services.save_map(
                    batch.resource, form.cleaned_data["save_as"], form.map(), user=_person(request)
                )
            return redirect("kam:import_preview", pk=pk)
    except FileRefused as error:
        (form if part == "map" else reading_form).add_error(None, str(error))
    except ImportRefused as error:
        messages.error(request, str(error))
        return redirect("kam:import_result", pk=pk)
    if request.method == "POST":
        status = 422
    unclear = undecided(reading, profile, *style_columns(resource, mapping, profile))
    context = {
        "batch": batch,
        "crumbs": _crumbs(),
        "resource": resource,
        "reading_form": reading_form,
        "form": form,
        "rows": form.rows(),
        "profile": profile,
        "file_columns": services.columns_of(batch),
        "figures": _file_figures(batch, reading, profile),
        "unclear": unclear,
        "reading_open": bool(reading_form.errors or unclear),
    }
    return render_page(request, "kam/imports/map.html", context, status=status)


def _file_figures(batch: ImportBatch, reading: Reading, profile: Any) -> list[dict[str, Any]]:
    second: dict[str, Any]
    none = _("none that show it")
    if reading.kind == "xlsx":
        written = {"label": _("Sheet"), "value": reading.sheet}
        second = {"label": _("Format"), "value": "XLSX"}
    else:
        written = {
            "label": _("Encoding"),
            "value": ENCODING_NAMES.get(reading.encoding, reading.encoding),
        }
        second = {
            "label": _("Delimiter"),
            "value": DELIMITER_NAMES.get(reading.delimiter, reading.delimiter),
        }
    decimal, dates = reading.decimal, reading.dates
    orders = {"ymd": _("year first"), "dmy": _("day first"), "mdy": _("month first")}
    return [
        {"label": _("Rows"), "value": amount(profile.rows)},
        {"label": _("Columns"), "value": amount(len(profile.head))},
        written,
        second,
        {
            "label": _("Decimal sign"),
            "value": {".": _("point"), ",": _("comma")}.get(decimal),
            "note": DECIMALS.get(decimal, none),
        },
        {"label": _("Dates"), "value": orders.get(dates), "note": "" if dates else none},
    ]


@administrators_only
@require_safe
def import_map_download(request: HttpRequest, pk: int) -> HttpResponse:
    """The import's map as TOML, for the next file or for the command line."""
    batch = _batch(request, pk)
    if "map" not in batch.reading:  # facts that came over the API
        raise Http404
    return _toml(services.map_of(batch), batch.resource, batch.resource)


@administrators_only
@require_safe
def import_map_saved(request: HttpRequest, pk: int) -> HttpResponse:
    """A saved map as TOML."""
    row = fetch_visible(ImportMap.objects.all(), request.user, pk=pk)
    return _toml(Map.from_json(row.content), row.resource, row.name)


def _toml(mapping: Map, resource: str, name: str) -> HttpResponse:
    response = HttpResponse(
        mapping.to_toml(resource), content_type="application/toml; charset=utf-8"
    )
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in name)
    response["Content-Disposition"] = f'attachment; filename="{safe}.toml"'
    return response


@administrators_only
@require_safe
def import_file(request: HttpRequest, pk: int) -> Any:
    """The kept file, as it came."""
    batch = _batch(request, pk)
    try:
        file = batch.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(
        file,
        as_attachment=True,
        filename=batch.file_name or "file",
        content_type="application/octet-stream",
    )
    response["X-Content-Type-Options"] = "nosniff"
    return response


@administrators_only
@require_safe
def import_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What will be created, changed, left and refused; nothing has been written."""
    batch = _batch(request, pk)
    if batch.state in (State.APPLIED, State.CANCELLED):
        return redirect("kam:import_result", pk=pk)
    if batch.job is not None and not batch.job.is_over:
        context = {"batch": batch, "crumbs": _crumbs(), "job": batch.job, **_progress(batch)}
        return render_page(request, "kam/imports/working.html", context)
    if batch.state == State.UPLOADED:
        return redirect("kam:import_map", pk=pk)
    return render_page(request, "kam/imports/preview.html", _report_context(request, batch))


def _progress(batch: ImportBatch) -> dict[str, Any]:
    return {
        "url": reverse("kam:import_progress", args=[batch.pk]),
        "cancel_url": reverse("kam:import_cancel", args=[batch.pk]),
    }


def _report_context(request: HttpRequest, batch: ImportBatch) -> dict[str, Any]:
    report = batch.report
    labels = {
        "refused": _("Refused"),
        "created": _("Created") if batch.state == State.APPLIED else _("To create"),
        "changed": _("Changed") if batch.state == State.APPLIED else _("To change"),
        "unchanged": _("Unchanged"),
    }
    kinds = [kind for kind in ("refused", *KINDS[:3]) if report.get("rows")]
    shown = request.GET.get("show", "")
    if shown not in kinds:
        shown = next((kind for kind in kinds if report.get(kind)), "created")
    rows = (report.get("rows") or {}).get(shown, [])
    columns = [
        column
        for column in services.resource_of(batch, _person(request)).columns
        if any(column.name in row.get("values", {}) for row in rows[:1])
    ]
    table = [
        {**row, "cells": [row["values"].get(c.name, "") for c in columns]}
        if "values" in row
        else row
        for row in rows
    ]
    mapping = batch.reading.get("map", {})
    translated = [
        {
            "field": name,
            "word": word,
            "meaning": mapping.get("values", {}).get(name, {}).get(word),
            "count": n,
        }
        for name, words in report.get("translated", {}).items()
        for word, n in words.items()
    ]
    notes = dict.fromkeys(labels, "")
    notes["refused"] = _("rows of the file")
    return {
        "batch": batch,
        "crumbs": _crumbs(),
        "resource_label": _label(batch.resource),
        "report": report,
        "file_columns": services.columns_of(batch),
        "shown": shown,
        "columns": columns,
        "rows": table,
        "shown_count": len(rows),
        "tabs": [
            {
                "label": labels[kind],
                "url": f"?show={kind}",
                "current": kind == shown,
                "count": amount(report.get(kind, 0)),
            }
            for kind in kinds
        ],
        "figures": [
            {"label": _("Rows read"), "value": amount(report.get("read", 0))},
            *(
                {
                    "label": labels[kind],
                    "value": amount(report.get(kind, 0)),
                    "note": notes[kind],
                    "note_kind": "neg" if kind == "refused" and report.get(kind) else "",
                }
                for kind in (*KINDS[:3], "refused")
            ),
        ]
        if report.get("rows")
        else [],
        "translated": translated,
        "left_out": report.get("left_out_values", {}),
        "reasons": report.get("reasons", {}),
        "good": report.get("created", 0) + report.get("changed", 0),
    }


@administrators_only
@require_safe
def import_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far the work is; once it is over, the page loads itself anew."""
    batch = _batch(request, pk)
    if batch.job is None:
        raise Http404
    context = {"batch": batch, "crumbs": _crumbs(), "job": batch.job, **_progress(batch)}
    response = render(
        request, "kam/imports/working.html", context, fragment="components/_progress.html"
    )
    if batch.job.is_over:
        response["HX-Redirect"] = _address(batch)
    return response


@administrators_only
@require_POST
def import_apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Lets a worker write what the preview showed: all rows, or the good ones."""
    batch = _batch(request, pk)
    good_only = request.POST.get("good_rows_only") == "1"
    try:
        services.start(batch, "apply", user=_person(request), good_rows_only=good_only)
    except ImportRefused as error:
        messages.error(request, str(error))
    return redirect("kam:import_preview", pk=pk)


@administrators_only
@require_POST
def import_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Gives the import up, or stops the work on it; nothing of it is left in the data."""
    batch = _batch(request, pk)
    services.cancel(batch)
    if batch.job is not None and not batch.job.is_over:
        return redirect("kam:import_preview", pk=pk)
    return redirect("kam:import_list")


@administrators_only
@require_safe
def import_result(request: HttpRequest, pk: int) -> HttpResponse:
    """What an import did: counts, rows, the file and the map."""
    batch = _batch(request, pk)
    if batch.state in OPEN:
        return redirect("kam:import_preview", pk=pk)
    return render_page(request, "kam/imports/result.html", _report_context(request, batch))
