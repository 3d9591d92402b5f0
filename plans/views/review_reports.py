"""PDFs of reviews: the pack, and the customer's business review with what was chosen for it."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from kam.pdf import ReportError
from kam.scoping import signed_in
from plans import review_reports
from plans.reports import AT_ONCE, Prepared, make
from plans.review_reports import Choice, Chosen
from plans.views.rows import crumbs_to, plan_for

#: How many rows of one kind may be asked for.
MOST = 300


class ChosenForm(forms.Form):
    """What goes into the customer's edition, and in which language."""

    section = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Sections"), coerce=int, required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    goal = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Goals"), coerce=int, required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    activity = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Activities"), coerce=int, required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    need = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Needs agreed and realised"), coerce=int, required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)

    def __init__(self, *args: Any, choice: Choice, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = {
            "section": [(row.pk, row.heading) for row in choice.sections],
            "goal": [(row.pk, f"{row} · {row.get_side_display()}") for row in choice.goals],
            "activity": [
                (row.pk, f"{row} · {row.get_side_display()}") for row in choice.activities
            ],
            "need": [(row.pk, f"{row} · {row.get_state_display()}") for row in choice.needs],
        }
        for name, options in offered.items():
            if options:
                self.fields[name].choices = options  # type: ignore[attr-defined]
                self.fields[name].initial = choice.suggested[name]
            else:
                del self.fields[name]


@login_required
@require_safe
def choose(request: HttpRequest, pk: int) -> HttpResponse:
    """What goes into the business review with the customer; what they know already is ticked."""
    plan = plan_for(request.user, pk)
    choice = review_reports.choice_for(plan, request.user)
    language = review_reports.language_for(plan.account)
    context = {
        "plan": plan,
        "form": ChosenForm(choice=choice, initial={"language": language}),
        "crumbs": crumbs_to(plan),
    }
    return render(request, "plans/reviews/choose.html", context)


@login_required
@require_safe
def customer_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The customer's edition with what the address names."""
    language = request.GET.get("language") or translation.get_language()
    if language not in dict(settings.LANGUAGES):
        raise BadRequest("language")
    chosen = {name: _keys(request, name) for name in ("section", "goal", "activity", "need")}
    with translation.override(language):
        return _answer(request, "customer", pk, chosen, reverse("plans:qbr", args=[pk]))


@login_required
@require_safe
def pack_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The review pack: agenda, figures, decisions."""
    return _answer(request, "review", pk, {}, reverse("plans:review_detail", args=[pk]))


def _keys(request: HttpRequest, name: str) -> list[int]:
    asked = request.GET.getlist(name)[:MOST]
    keys = [int(text) for text in asked if text.isascii() and text.isdigit() and len(text) < 19]
    if len(keys) != len(asked):
        raise BadRequest(name)
    return keys


def _answer(request: HttpRequest, what: str, pk: int, chosen: Chosen, back: str) -> HttpResponse:
    """The file, or the page of the job that makes it, or the reason why there is none."""
    user = signed_in(request)
    prepared: Prepared = review_reports.prepare(user, what, pk, chosen)
    if prepared.rows > AT_ONCE:
        job = review_reports.start_job(user, prepared, what, pk, chosen)
        return redirect("kam:job_detail", pk=job.pk)
    try:
        pdf = make(prepared)
    except ReportError as error:
        messages.error(request, str(error))
        return redirect(back)
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{prepared.file_name}"'
    return response


__all__ = ["choose", "customer_pdf", "pack_pdf"]
