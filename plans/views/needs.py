"""Needs of a plan: the panel, each need's page from pain to value, its steps, all needs in a list."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kam.editing import fetch_editable, fetch_visible
from kam.forms import RowForm
from kam.htmx import render as render_part
from kam.htmx import wants_fragment
from kam.inplace import InPlace, shown
from kam.number_text import amount
from kam.templatetags.kam_format import day
from plans.improvement import ImprovementPotential, NeedValue, improvement_potential
from plans.models import Need
from plans.needs_forms import AgreeForm, NeedForm, RealiseForm
from plans.services import needs
from plans.services.locks import activities_are_open, text_is_open
from plans.services.needs import State, Step
from plans.views.rows import add_row, crumbs_to, plan_for

NEW = ("kind", "title", "diagnosis", "value", "chance")
BADGES = {
    State.FOUND: "",
    State.DIAGNOSED: "active",
    State.PROPOSED: "active",
    State.AGREED: "key",
    State.REALISED: "good",
    State.DROPPED: "draft",
}


def need_value(need: Need) -> NeedValue:
    """The need's numbers, for the index."""
    agreed = need.state in (State.AGREED, State.REALISED)
    return NeedValue(need.value, need.realised_value, need.chance, agreed)


def index_of(rows: list[Need]) -> ImprovementPotential:
    """The improvement potential index of these needs; dropped and archived ones are in no part."""
    return improvement_potential(
        need_value(need)
        for need in rows
        if need.archived_at is None and need.state != State.DROPPED
    )


def state_text(need: Need) -> SafeString:
    kind = BADGES[State(need.state)]
    return format_html(
        '<span class="badge{}">{}</span>',
        f" badge--{kind}" if kind else "",
        need.get_state_display(),
    )


def improvement_text(need: Need) -> Any:
    """``Stops a year: 9 → 4 until 30.06.2026``; empty where nothing is said."""
    if not need.measure and need.attainable is None:
        return ""
    way = " → ".join(
        amount(value, 0 if value is None or value == value.to_integral_value() else 2)
        for value in (need.measured, need.attainable)
    )
    text = f"{need.measure}: {way}" if need.measure else way
    if need.improved_by is None:
        return text
    return format_html("{} <span class='muted'>{}</span>", text, day(need.improved_by))


@dataclass(frozen=True, slots=True)
class NeedRow:
    """One need as a line of the panel."""

    need: Need
    state: SafeString
    improvement: Any
    potential: Decimal | None


# --- the panel ------------------------------------------------------------------------------------
def _panel(request: HttpRequest, plan: Any, *, status: int = 200, **more: Any) -> HttpResponse:
    everything = list(plan.needs.visible_to(request.user))
    for need in everything:
        need.plan = plan
    rows = [need for need in everything if need.archived_at is None]
    context = {
        "plan": plan,
        "may_edit": plan.may_edit,
        "rows": [
            NeedRow(need, state_text(need), improvement_text(need), need_value(need).potential)
            for need in rows
        ],
        "index": index_of(rows),
        "archived": [need for need in everything if need.archived_at is not None],
        "title": _("Needs to value"),
        "crumbs": crumbs_to(plan),
        "part": "plans/needs/_needs.html",
        **more,
    }
    if plan.may_edit and "form" not in context:
        context["form"] = _form(request, plan)
    return render_part(
        request, "plans/panel.html", context, fragment="plans/needs/_needs.html", status=status
    )


def _form(request: HttpRequest, plan: Any, data: Any = None) -> NeedForm:
    return NeedForm(
        data, instance=Need(plan=plan), user=request.user, only=NEW, auto_id="new-need-%s"
    )


@login_required
@require_safe
def need_of_plan(request: HttpRequest, pk: int) -> HttpResponse:
    """The panel of a plan's needs, with its improvement potential index."""
    return _panel(request, plan_for(request.user, pk))


@login_required
@require_POST
def need_add(request: HttpRequest, pk: int) -> HttpResponse:
    """One more need; its page follows, where the rest is asked for."""

    def done(plan: Any, need: Need) -> HttpResponse:
        if wants_fragment(request):
            return _panel(request, plan)
        return HttpResponseRedirect(reverse("plans:need_detail", args=[need.pk]))

    return add_row(
        request,
        pk,
        form_for=_form,
        add=lambda plan, form: needs.add_need(plan, **form.cleaned_data),
        done=done,
        again=lambda plan, form: _panel(request, plan, form=form, open_form=True, status=422),
    )


# --- one need ---------------------------------------------------------------------------------------
class EditNeed(InPlace):
    """One field of a need, where it stands."""

    model = Need
    form_class = NeedForm
    fields = needs.FIELDS
    route = "plans:need_edit"
    related = ("plan__account", "agreed_by")
    save = staticmethod(needs.change_need)
    displays = {"title": lambda row: row.title}

    @classmethod
    def may_edit(cls, user: Any, row: Any, name: str) -> bool:
        return row.archived_at is None and text_is_open(row.plan)

    @classmethod
    def row_url(cls, row: Any) -> str:
        return reverse("plans:need_detail", args=[row.pk])


#: The stations of a need's way, each with the fields in which it is told.
STATIONS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (gettext_lazy("Pain or gain"), ("kind", "title", "source", "source_on")),
    (gettext_lazy("Diagnosis"), ("diagnosis",)),
    (
        gettext_lazy("Consequence on the customer's own line"),
        ("customer_line", "consequence_text", "consequence"),
    ),
    (gettext_lazy("Our capability"), ("capability",)),
    (
        gettext_lazy("Measurable improvement"),
        ("measure", "measured", "attainable", "improved_by", "value", "chance"),
    ),
)
#: How far along its stations a need in this state is.
REACHED = {
    State.FOUND: 1,
    State.DIAGNOSED: 3,
    State.PROPOSED: 5,
    State.AGREED: 6,
    State.REALISED: 7,
}
#: Steps that ask for something first.
ASKING: dict[str, type[RowForm]] = {"agree": AgreeForm, "realise": RealiseForm}


def steps_for(need: Need, allowed: bool) -> list[dict[str, Any]]:
    """The steps that may be taken now, the one that leads on first."""
    if not allowed or need.archived_at is not None:
        return []
    return [
        {
            "name": step.name,
            "label": step.label,
            "url": reverse(f"plans:need_{step.name}", args=[need.pk]),
            "asks": step.name in ASKING,
            "main": step.state not in ("", State.DROPPED) or step is needs.RESUME,
        }
        for step in needs.STEPS.values()
        if need.state in step.origins
    ]


def _need_page(
    request: HttpRequest, need: Need, *, status: int = 200, refusals: Any = ()
) -> HttpResponse:
    plan = plan_for(request.user, need.plan_id)
    need.plan = plan
    propositions = (
        need.propositions.visible_to(request.user).active().select_related("contact", "plan")
    )
    activities = need.activities.visible_to(request.user).active().select_related("responsible")
    missing = needs.missing_for(need, _next_state(need))
    context = {
        "plan": plan,
        "need": need,
        "may_edit": plan.may_edit,  # type: ignore[attr-defined]
        "state": state_text(need),
        "stations": [
            {
                "number": number,
                "label": label,
                "fields": [{"name": name, "missing": missing.get(name)} for name in names],
                "reached": REACHED.get(State(need.state), 0) >= number,
            }
            for number, (label, names) in enumerate(STATIONS, 1)
        ],
        "reached": REACHED.get(State(need.state), 0),
        "agreed_by": shown(need, "agreed_by"),
        "numbers": need_value(need),
        "steps": steps_for(need, plan.may_act),  # type: ignore[attr-defined]
        "propositions": list(propositions),
        "activities": list(activities),
        "refusals": refusals,
        "crumbs": [
            *crumbs_to(plan),
            {"label": _("Needs"), "url": reverse("plans:need_of_plan", args=[plan.pk])},
        ],
    }
    return render(request, "plans/needs/detail.html", context, status=status)


def _next_state(need: Need) -> str:
    order = list(REACHED)
    at = order.index(State(need.state)) if need.state in order else 0
    return order[min(at + 1, len(order) - 1)]


@login_required
@require_safe
def need_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A need from pain or gain to the value that the customer confirms."""
    return _need_page(
        request, fetch_visible(Need.objects.select_related("agreed_by"), request.user, pk=pk)
    )


def _editable_need(request: HttpRequest, pk: int) -> Need:
    return fetch_editable(
        Need.objects.select_related("plan__account", "agreed_by"), request.user, pk=pk
    )


TAKE = {
    "diagnose": needs.diagnose,
    "propose": needs.propose,
    "back": needs.step_back,
    "drop": needs.drop,
    "resume": needs.resume,
}


@login_required
@require_POST
def need_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """A step that asks for nothing more."""
    return _act(request, pk, TAKE[step])


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def need_ask(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """A step that asks for who and when, or for how much and when: its question, and taking it."""
    need = _editable_need(request, pk)
    taken: Step = needs.STEPS[step]
    data = request.POST if request.method == "POST" else None
    form = ASKING[step](data, instance=need, user=request.user)
    if data is not None and form.is_valid():
        values = form.cleaned_data
        need = _editable_need(request, pk)  # the form has written into the one that it was given
        try:
            if step == "agree":
                needs.agree(need, values["agreed_by"], values["agreed_on"])
            else:
                needs.realise(need, values["realised_value"], values["realised_on"])
        except ValidationError as error:
            form.add_model_errors(error)
        else:
            return HttpResponseRedirect(reverse("plans:need_detail", args=[pk]))
    context = {
        "need": need,
        "plan": need.plan,
        "form": form,
        "heading": taken.label,
        "impossible": need.state not in taken.origins or not activities_are_open(need.plan),
        "cancel_url": reverse("plans:need_detail", args=[pk]),
        "crumbs": [
            *crumbs_to(need.plan),
            {"label": need.title, "url": reverse("plans:need_detail", args=[pk])},
        ],
    }
    status = 422 if data is not None else 200
    return render(request, "plans/needs/step.html", context, status=status)


def _act(request: HttpRequest, pk: int, act: Any) -> HttpResponse:
    need = _editable_need(request, pk)
    try:
        act(need)
    except ValidationError as error:
        return _need_page(request, need, status=422, refusals=error.messages)
    return HttpResponseRedirect(reverse("plans:need_detail", args=[pk]))


@login_required
@require_POST
def need_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a need out of the plan."""
    return _keep(request, pk, needs.archive_need, _("The need is archived."))


@login_required
@require_POST
def need_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Brings a need back."""
    return _keep(request, pk, needs.restore_need, _("The need is back in use."))


def _keep(request: HttpRequest, pk: int, act: Any, said: str) -> HttpResponse:
    need = _editable_need(request, pk)
    plan = plan_for(request.user, need.plan_id)
    try:
        act(need)
    except ValidationError as error:
        return _panel(request, plan, refusals=error.messages, status=422)
    if wants_fragment(request):
        return _panel(request, plan)
    messages.success(request, said)
    return HttpResponseRedirect(reverse("plans:need_of_plan", args=[plan.pk]))
