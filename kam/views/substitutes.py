"""Who stands in for whom."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kam import services
from kam.editing import fetch_editable
from kam.models import Substitution
from kam.periods import company_today
from kam.person_forms import SubstitutionForm
from kam.scoping import signed_in

PAST_SHOWN = 20


@login_required
@require_safe
def substitution_list(request: HttpRequest) -> HttpResponse:
    """Who stands in for me, for whom I stand in; for administrators, everybody's."""
    person, today = signed_in(request), company_today()
    everything = (
        Substitution.objects.visible_to(request.user)
        .select_related("absent", "substitute")
        .order_by("-starts_on", "-pk")
    )
    mine = everything.filter(absent=person)
    ahead = {"archived_at__isnull": True, "ends_on__gte": today}
    theirs = everything.filter(substitute=person, **ahead)
    context = {
        "today": today,
        "for_me": list(mine.filter(**ahead)),
        "by_me": list(theirs),
        "past": list(mine.exclude(**ahead)[:PAST_SHOWN]),
        "others": list(
            everything.filter(**ahead).exclude(absent=person)[:200]
            if person.is_administrator
            else []
        ),
    }
    return render(request, "kam/substitutions.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def substitution_create(request: HttpRequest) -> HttpResponse:
    """Hands over rights and duties for a period."""
    form = SubstitutionForm(
        request.POST if request.method == "POST" else None, user=signed_in(request)
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            row = form.instance
            try:
                services.hand_over(
                    row.absent,
                    row.substitute,
                    starts_on=row.starts_on,
                    ends_on=row.ends_on,
                    note=row.note,
                )
            except ValidationError as error:
                known = hasattr(error, "error_dict") and set(error.error_dict) <= set(form.fields)
                form.add_error(None, error if known else error.messages)
            else:
                messages.success(request, _("%(name)s stands in.") % {"name": row.substitute})
                return redirect("kam:substitution_list")
    return render(request, "kam/substitution_form.html", {"form": form}, status=status)


@login_required
@require_POST
def substitution_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes the rights back at once."""
    row = fetch_editable(
        Substitution.objects.select_related("absent", "substitute"), request.user, pk=pk
    )
    services.end_substitution(row)
    messages.success(request, _("%(name)s no longer stands in.") % {"name": row.substitute})
    return redirect("kam:substitution_list")
