"""Templates of plans: administrators build them, everybody may read them."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kam.editing import EditConflict, fetch_editable, fetch_visible
from kam.forms import posted_version
from plans.models import PlanTemplate, TemplateSection
from plans.section_forms import TemplateForm, TemplateSectionForm
from plans.services import templates


def keeps(request: HttpRequest) -> bool:
    """Whether this person keeps the templates; a substitute does not inherit that."""
    user = request.user
    return bool(user.is_authenticated and user.is_administrator and not user.read_only)


def _keepers_only(request: HttpRequest) -> None:
    if not keeps(request):
        raise PermissionDenied


def _crumbs(template: PlanTemplate | None = None) -> list[dict[str, str]]:
    found = [{"label": _("Plan templates"), "url": reverse("plans:template_list")}]
    if template is not None:
        url = reverse("plans:template_detail", args=[template.pk])
        found.append({"label": str(template), "url": url})
    return found


@login_required
@require_safe
def template_list(request: HttpRequest) -> HttpResponse:
    """All templates, in the order in which they are tried."""
    sections = Count("sections", filter=Q(sections__archived_at__isnull=True))
    rows = PlanTemplate.objects.visible_to(request.user).select_related("segment__scheme")
    if not keeps(request):
        rows = rows.active()
    context = {
        "templates": rows.annotate(sections_in_use=sections).order_by("rank", "pk"),
        "keeps": keeps(request),
    }
    return render(request, "plans/templates/list.html", context)


@login_required
@require_safe
def template_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A template with its sections."""
    # unscoped: fetch_visible goes through the scope
    rows = PlanTemplate.objects.select_related("segment__scheme")
    template = fetch_visible(rows, request.user, pk=pk)
    found = list(template.sections.visible_to(request.user))
    context = {
        "template": template,
        "sections": [section for section in found if section.archived_at is None],
        "archived": [section for section in found if section.archived_at is not None],
        "keeps": keeps(request),
        "crumbs": _crumbs(),
    }
    return render(request, "plans/templates/detail.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def template_create(request: HttpRequest) -> HttpResponse:
    """A new template; ``?copy=`` names one whose sections it begins with."""
    _keepers_only(request)
    asked = request.POST.get("copy") or request.GET.get("copy") or ""
    rows = PlanTemplate.objects.visible_to(request.user)
    original = rows.filter(pk=int(asked)).first() if asked.isdecimal() and len(asked) < 19 else None
    form = TemplateForm(request.POST if request.method == "POST" else None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            template = templates.create_template(copy_of=original, **form.cleaned_data)
        except ValidationError as error:
            form.add_model_errors(error)
        else:
            return redirect("plans:template_detail", pk=template.pk)
    return _form_page(request, form, _("New template"), _crumbs(), copy=asked)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def template_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """For whom a template is, and the rhythm of its reviews."""
    template = fetch_editable(PlanTemplate.objects, request.user, pk=pk)
    form = TemplateForm(
        request.POST if request.method == "POST" else None, instance=template, user=request.user
    )
    if request.method == "POST" and form.is_valid():
        # unscoped: the row that fetch_editable has let through, as it is stored
        held = PlanTemplate.objects.get(pk=pk)
        if _saved(form, lambda: templates.change_template(
            held, form.changes(), base_version=posted_version(request, held)
        )):  # fmt: skip
            return redirect("plans:template_detail", pk=pk)
    return _form_page(request, form, str(template), _crumbs(template), version=template.version)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def section_create(request: HttpRequest, pk: int) -> HttpResponse:
    """One more section of a template."""
    template = fetch_editable(PlanTemplate.objects, request.user, pk=pk)
    form = TemplateSectionForm(
        request.POST if request.method == "POST" else None, user=request.user
    )
    if request.method == "POST" and form.is_valid():
        try:
            templates.add_template_section(template, **form.cleaned_data)
        except ValidationError as error:
            form.add_model_errors(error)
        else:
            return redirect("plans:template_detail", pk=pk)
    return _form_page(request, form, _("New section"), _crumbs(template))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def section_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """A section of a template."""
    # unscoped: fetch_editable goes through the scope
    rows = TemplateSection.objects.select_related("template")
    section = fetch_editable(rows, request.user, pk=pk)
    form = TemplateSectionForm(
        request.POST if request.method == "POST" else None, instance=section, user=request.user
    )
    if request.method == "POST" and form.is_valid():
        held = rows.get(pk=pk)
        if _saved(form, lambda: templates.change_template_section(
            held, form.changes(), base_version=posted_version(request, held)
        )):  # fmt: skip
            return redirect("plans:template_detail", pk=section.template_id)
    return _form_page(
        request, form, section.heading, _crumbs(section.template), version=section.version
    )


def _saved(form: Any, save: Any) -> bool:
    try:
        save()
    except (EditConflict, ValidationError) as error:
        form.show(error)
        return False
    return True


def _form_page(
    request: HttpRequest, form: Any, title: str, crumbs: list[dict[str, str]], **more: Any
) -> HttpResponse:
    context = {"form": form, "title": title, "crumbs": crumbs, "back": crumbs[-1]["url"], **more}
    status = 422 if form.errors else 200
    return render(request, "plans/templates/form.html", context, status=status)


@login_required
@require_POST
def template_ready(request: HttpRequest) -> HttpResponse:
    """Adds the ready templates where there is none."""
    _keepers_only(request)
    made = templates.install_templates()
    text = ngettext("%(n)d template is made.", "%(n)d templates are made.", made)
    messages.success(request, text % {"n": made})
    return redirect("plans:template_list")


def _use(request: HttpRequest, rows: Any, pk: int, act: Any) -> Any:
    row = fetch_editable(rows, request.user, pk=pk)
    try:
        act(row)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return row


@login_required
@require_POST
def template_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a template out of use; plans made from it stay."""
    # unscoped: fetch_editable goes through the scope
    _use(request, PlanTemplate.objects, pk, templates.archive_template)
    return redirect("plans:template_list")


@login_required
@require_POST
def template_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Brings a template back."""
    # unscoped: fetch_editable goes through the scope
    _use(request, PlanTemplate.objects, pk, templates.restore_template)
    return redirect("plans:template_list")


def _of_section(request: HttpRequest, pk: int, act: Any) -> HttpResponse:
    # unscoped: fetch_editable goes through the scope
    rows = TemplateSection.objects.select_related("template")
    section = _use(request, rows, pk, act)
    return redirect("plans:template_detail", pk=section.template_id)


@login_required
@require_POST
def section_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a section out of a template."""
    return _of_section(request, pk, templates.archive_template_section)


@login_required
@require_POST
def section_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Brings a section of a template back."""
    return _of_section(request, pk, templates.restore_template_section)


@login_required
@require_POST
def section_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Moves a section of a template one place up or down."""
    step = -1 if request.POST.get("to") == "up" else 1
    return _of_section(request, pk, lambda row: templates.move_template_section(row, step))
