"""The steps of a plan's life, each with a page that asks, and archiving."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from kam.scoping import signed_in
from plans.forms import ApproveForm, ReturnForm
from plans.life_forms import GiveUpForm
from plans.models import AccountPlan
from plans.services import amendments, lifecycle, plans
from plans.services.refusals import PlanRefusal
from plans.views.life import compare_url
from plans.views.rows import crumbs_to, plan_for, plan_label

#: Step → question, what follows from it, and what is said when it is done.
WORDS: dict[str, tuple[Any, list[Any], Any]] = {
    "submit": (
        gettext_lazy("Submit this plan for a decision?"),
        [
            gettext_lazy("Your leader is told. Texts, targets and goals stand still until then."),
            gettext_lazy("Activities go on. You can withdraw the plan to change it."),
        ],
        gettext_lazy("The plan is submitted."),
    ),
    "withdraw": (
        gettext_lazy("Withdraw this plan to change it?"),
        [gettext_lazy("It can be changed again and waits for nobody.")],
        gettext_lazy("The plan can be changed again."),
    ),
    "approve": (
        gettext_lazy("Approve this plan?"),
        [
            gettext_lazy(
                "It is kept as a version and in force from now on, or when its year begins."
            )
        ],
        gettext_lazy("The plan is approved."),
    ),
    "return": (
        gettext_lazy("Return this plan to its KAM?"),
        [gettext_lazy("They get your words, change the plan and submit it again.")],
        gettext_lazy("The plan is returned."),
    ),
    "amend": (
        gettext_lazy("Amend this plan?"),
        [
            gettext_lazy(
                "Targets and goals can be changed; what was approved is kept as its version."
            ),
            gettext_lazy(
                "Roll-ups show the targets of the version in force until the amendment is approved."
            ),
            gettext_lazy("When you are done, submit the plan again."),
        ],
        gettext_lazy("The plan can be changed. Submit it when you are done."),
    ),
    "give-up": (
        gettext_lazy("Give the amendment up?"),
        [
            gettext_lazy(
                "Targets and goals go back to the version in force; what was added is archived."
            ),
            gettext_lazy(
                "Activities, needs, forecasts and what goals have reached stay. "
                "The history keeps everything."
            ),
        ],
        gettext_lazy("The amendment is given up. What was approved holds."),
    ),
    "close": (
        gettext_lazy("Close this plan?"),
        [gettext_lazy("It stays to be read; nothing in it changes any more.")],
        gettext_lazy("The plan is closed."),
    ),
    "reopen": (
        gettext_lazy("Open this plan again?"),
        [gettext_lazy("It is in force again and can be changed.")],
        gettext_lazy("The plan is open again."),
    ),
}
OLD_VERSION = gettext_lazy(
    "The version in force is of an earlier day: the steps of goals and how targets are spread over "
    "months are not in it and stay as they are."
)
FORMS = {"approve": ApproveForm, "return": ReturnForm, "give-up": GiveUpForm}


def may_take(step: lifecycle.Step, plan: Any) -> bool:
    """Whether this person takes such steps with the plan (of ``plan_for``), in whichever state it is."""
    if step.decides:
        return plan.decidable
    return plan.steerable or (step is lifecycle.REOPEN and plan.decidable)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def take(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Asks, and takes one step."""
    plan = plan_for(request.user, pk)
    if not may_take(lifecycle.STEPS[step], plan):
        raise PermissionDenied
    form = (
        FORMS[step](request.POST if request.method == "POST" else None) if step in FORMS else None
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form is None or form.is_valid():
            try:
                _take(step, plan, request.user, form.cleaned_data if form else {})
            except PlanRefusal as refusal:
                messages.error(request, refusal.sentence)
            else:
                messages.success(request, WORDS[step][2])
            return HttpResponseRedirect(plan.get_absolute_url())
    question, consequences, _done = WORDS[step]
    if step == "give-up" and not amendments.holds_steps(plan):
        consequences = [*consequences, OLD_VERSION]
    context = {
        "plan": plan,
        "question": question,
        "consequences": consequences,
        "form": form,
        "submit": lifecycle.STEPS[step].label,
        "cancel_url": plan.get_absolute_url(),
        "crumbs": crumbs_to(plan),
        "heading": f"{plan.account} · {plan_label(plan)}",
        "impossible": plan.status not in lifecycle.STEPS[step].origins
        or (step == "give-up" and not plan.in_force),
        "compare_url": compare_url(plan) if step == "give-up" else "",
    }
    return render(request, "plans/step.html", context, status=status)


def _take(step: str, plan: AccountPlan, user: Any, said: dict[str, Any]) -> None:
    if step == "approve":
        lifecycle.approve(plan, user, said["note"])
    elif step == "return":
        lifecycle.send_back(plan, user, said["note"])
    elif step == "give-up":
        lifecycle.give_up(plan, user, texts=said["texts"])
    else:
        acts = {
            "submit": lifecycle.submit,
            "withdraw": lifecycle.withdraw,
            "amend": lifecycle.amend,
            "close": lifecycle.close,
            "reopen": lifecycle.reopen,
        }
        acts[step](plan, user)


@login_required
@require_POST
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a plan out of use."""
    plan = _steerable(request, pk)
    try:
        plans.archive_plan(plan, by=signed_in(request))
    except PlanRefusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, _("The plan is archived. You can restore it here."))
    return HttpResponseRedirect(plan.get_absolute_url())


@login_required
@require_POST
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Brings an archived plan back."""
    plan = _steerable(request, pk)
    try:
        plans.restore_plan(plan, by=signed_in(request))
    except PlanRefusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, _("The plan is back in use."))
    return HttpResponseRedirect(plan.get_absolute_url())


def _steerable(request: HttpRequest, pk: int) -> AccountPlan:
    plan = plan_for(request.user, pk)
    if not plan.steerable:  # type: ignore[attr-defined]
        raise PermissionDenied
    return plan
