"""Value propositions of a plan: what each person who decides gets from us, in their terms."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Contact
from kam.editing import fetch_editable
from kam.htmx import render as render_part
from kam.htmx import wants_fragment
from kam.inplace import InPlace
from plans.models import ValueProposition
from plans.needs_forms import PropositionForm
from plans.services import needs
from plans.services.locks import text_is_open
from plans.views.rows import add_row, crumbs_to, plan_for

FIELDS = ("contact", "need", "proposition", "proof")


def _panel(request: HttpRequest, plan: Any, *, status: int = 200, **more: Any) -> HttpResponse:
    everything = list(
        plan.propositions.visible_to(request.user)
        .select_related("contact", "need")
        .order_by("contact__name", "contact_id", "pk")
    )
    for row in everything:
        row.plan = plan
    rows = [row for row in everything if row.archived_at is None]
    deciding = (
        Contact.objects.visible_to(request.user)
        .active()
        .filter(account=plan.account_id)
        .exclude(dmu_role="")
        .order_by("name", "pk")
    )
    told = {row.contact_id for row in rows}
    context = {
        "plan": plan,
        "may_edit": plan.may_edit,
        "rows": rows,
        "without": [person for person in deciding if person.pk not in told],
        "archived": [row for row in everything if row.archived_at is not None],
        "title": _("Value propositions"),
        "crumbs": crumbs_to(plan),
        "part": "plans/needs/_propositions.html",
        **more,
    }
    if plan.may_edit and "form" not in context:
        context["form"] = _form(request, plan)
    return render_part(
        request,
        "plans/panel.html",
        context,
        fragment="plans/needs/_propositions.html",
        status=status,
    )


def _form(request: HttpRequest, plan: Any, data: Any = None) -> PropositionForm:
    new = ValueProposition(plan=plan)
    return PropositionForm(data, instance=new, user=request.user, auto_id="new-proposition-%s")


def _after(request: HttpRequest, plan_pk: int) -> HttpResponse:
    if wants_fragment(request):
        return _panel(request, plan_for(request.user, plan_pk))
    return HttpResponseRedirect(reverse("plans:proposition_list", args=[plan_pk]))


@login_required
@require_safe
def proposition_list(request: HttpRequest, pk: int) -> HttpResponse:
    """The panel of value propositions, and who of the decision-making unit has none."""
    return _panel(request, plan_for(request.user, pk))


@login_required
@require_POST
def proposition_add(request: HttpRequest, pk: int) -> HttpResponse:
    """One more value proposition."""
    return add_row(
        request,
        pk,
        form_for=_form,
        add=lambda plan, form: needs.add_proposition(plan, **form.cleaned_data),
        done=lambda plan, row: _after(request, plan.pk),
        again=lambda plan, form: _panel(request, plan, form=form, open_form=True, status=422),
    )


class EditProposition(InPlace):
    """One field of a value proposition, where it stands."""

    model = ValueProposition
    form_class = PropositionForm
    fields = FIELDS
    route = "plans:proposition_edit"
    related = ("plan__account", "contact", "need")
    save = staticmethod(needs.change_proposition)
    displays = {
        "contact": lambda row: str(row.contact),
        "need": lambda row: str(row.need or ""),
        "proposition": lambda row: row.proposition,
        "proof": lambda row: row.proof,
    }

    @classmethod
    def may_edit(cls, user: Any, row: Any, name: str) -> bool:
        return row.archived_at is None and text_is_open(row.plan)

    @classmethod
    def row_url(cls, row: Any) -> str:
        return reverse("plans:proposition_list", args=[row.plan_id])


@login_required
@require_POST
def proposition_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a value proposition out of the plan."""
    return _change(request, pk, needs.archive_proposition)


@login_required
@require_POST
def proposition_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Brings a value proposition back."""
    return _change(request, pk, needs.restore_proposition)


def _change(request: HttpRequest, pk: int, act: Any) -> HttpResponse:
    row = fetch_editable(
        ValueProposition.objects.select_related("plan__account", "contact"), request.user, pk=pk
    )
    try:
        act(row)
    except ValidationError as error:
        plan = plan_for(request.user, row.plan_id)
        return _panel(request, plan, refusals=error.messages, status=422)
    return _after(request, row.plan_id)
