"""Fetching plans and what hangs from them, with this person's rights beside them."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from kam.periods import company_year
from plans.models import AccountPlan
from plans.services.locks import activities_are_open, aims_are_open, text_is_open


def plan_for(user: Any, pk: int) -> AccountPlan:
    """The plan as this person sees it (one query), or 404.

    ``editable``, ``steerable`` and ``decidable`` say what they may do by the row rule; ``may_edit``,
    ``may_aim`` and ``may_act`` whether texts, targets and activities are open to them in the plan's state.
    """
    mine = AccountPlan.objects.editable_by(user).filter(pk=OuterRef("pk")).order_by()
    to_steer = AccountPlan.objects.steered_by(user).filter(pk=OuterRef("pk")).order_by()
    to_decide = AccountPlan.objects.approvable_by(user).filter(pk=OuterRef("pk")).order_by()
    plan = (
        AccountPlan.objects.visible_to(user)
        .select_related("account__owner", "decided_by")
        .annotate(editable=Exists(mine), steerable=Exists(to_steer), decidable=Exists(to_decide))
        .filter(pk=pk)
        .first()
    )
    if plan is None:
        raise Http404
    plan.may_edit = plan.editable and text_is_open(plan)  # type: ignore[attr-defined]
    plan.may_aim = plan.editable and aims_are_open(plan)  # type: ignore[attr-defined]
    plan.may_act = plan.editable and activities_are_open(plan)  # type: ignore[attr-defined]
    return plan


def add_row(
    request: HttpRequest,
    pk: int,
    *,
    form_for: Callable[[HttpRequest, Any, Any], Any],
    add: Callable[[Any, Any], Any],
    done: Callable[[Any, Any], HttpResponse],
    again: Callable[[Any, Any], HttpResponse],
) -> HttpResponse:
    """One more row of a plan (403 for those who only read it).

    ``form_for(request, plan, data)`` makes the form, ``add(plan, form)`` the row; then
    ``done(plan, row)`` answers. What is wrong stands in the form, with which ``again(plan, form)``
    answers.
    """
    plan = plan_for(request.user, pk)
    if not plan.editable:  # type: ignore[attr-defined]
        raise PermissionDenied
    form = form_for(request, plan, request.POST)
    if form.is_valid():
        try:
            row = add(plan, form)
        except ValidationError as error:
            form.add_model_errors(error)
        else:
            return done(plan, row)
    return again(plan, form)


def crumbs_to(plan: AccountPlan, *, itself: bool = True) -> list[dict[str, str]]:
    """The way from the account to the plan, for the breadcrumb."""
    found = [
        {"label": _("Plans"), "url": reverse("plans:list")},
        {"label": str(plan.account), "url": plan.account.get_absolute_url()},
    ]
    if itself:
        found.append({"label": plan_label(plan), "url": plan.get_absolute_url()})
    return found


def plan_label(plan: AccountPlan) -> str:
    """``Plan 2026``, or ``Plan 2025/26`` where the fiscal year spans two."""
    return _("Plan %(year)s") % {"year": company_year(plan.year).label}
