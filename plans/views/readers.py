"""Who reads a section: its page."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kam.editing import EditConflict, fetch_editable
from kam.scoping import signed_in
from plans.models import Audience, Section, SharedSection
from plans.services import confidentiality
from plans.sharing_forms import ReadersForm
from plans.views.rows import crumbs_to


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def section_readers(request: HttpRequest, pk: int) -> HttpResponse:
    """Keeps a section to a circle of readers; for who may change it and reads it."""
    rows = Section.objects.visible_to(request.user).select_related("plan__account__owner")
    section = fetch_editable(rows, request.user, pk=pk)
    posted = request.method == "POST"
    heading, version = section.heading, section.version
    form = ReadersForm(request.POST if posted else None, instance=section, user=request.user)
    if posted and form.is_valid():
        base = request.POST.get("version", "")
        try:
            confidentiality.keep_to(
                section,
                form.cleaned_data["audience"],
                form.cleaned_data["people"],
                by=signed_in(request),
                base_version=int(base)
                if base.isascii() and base.isdigit() and len(base) < 9
                else 0,
            )
        except EditConflict:
            form.add_error(
                "audience", _("Somebody else changed this meanwhile. Look again, then save.")
            )
            version = rows.get(pk=pk).version
        except ValidationError as error:
            form.add_model_errors(error)
        else:
            messages.success(request, _("Saved."))
            return HttpResponseRedirect(f"{section.plan.get_absolute_url()}#s-{section.pk}")
    context = {
        "section": section,
        "heading": heading,
        "plan": section.plan,
        "version": version,
        "form": form,
        "links": SharedSection.objects.visible_to(request.user)
        .active()
        .filter(section=section, share__archived_at__isnull=True)
        .count(),
        "kept": section.audience != Audience.ACCOUNT,
        "crumbs": crumbs_to(section.plan),
        "back": f"{section.plan.get_absolute_url()}#s-{section.pk}",
    }
    return render(request, "plans/sharing/readers.html", context, status=422 if posted else 200)
