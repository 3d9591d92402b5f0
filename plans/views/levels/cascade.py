"""A level's target shared out: the panel, the proposal with its preview, the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from kam.editing import fetch_visible
from kam.htmx import render as render_part
from kam.models import Company
from kam.periods import company_today, company_year
from kam.scoping import signed_in
from plans.calc import ZERO, apportioned, ratio
from plans.forms import read_typed, typed
from plans.levels_forms import AnswerForm
from plans.models import CascadeShare
from plans.rollup_scope import scope_of
from plans.rollups.parts import ACCOUNTS_SHARED, SharePart, account_parts_of, node_parts
from plans.services import cascades
from plans.services.refusals import PlanRefusal
from plans.views.levels.rows import below, crumbs_to, heading_of, level_plan, subject_of

Basis = CascadeShare.Basis
STATE_KIND = {"proposed": "active", "accepted": "good", "argued": "warn"}


@dataclass(frozen=True, slots=True)
class ShareRow:
    """A share with what the page says of it."""

    share: CascadeShare
    part: str
    of_target: Decimal | None
    answer_url: str

    @property
    def kind(self) -> str:
        return STATE_KIND[self.share.state]


def share_rows(plan: Any, user: Any) -> tuple[list[ShareRow], list[ShareRow]]:
    """The shares of a plan that this person sees: those that stand, and earlier ones (two queries)."""
    found = list(
        CascadeShare.objects.filter(plan=plan).visible_to(user)
        .select_related("team", "owner", "account", "answered_by").order_by("-revenue", "pk")
    )  # fmt: skip
    mine = set(
        CascadeShare.objects.filter(plan=plan).visible_to(user).answerable_by(user)
        .order_by().values_list("pk", flat=True)
    )  # fmt: skip
    rows = [
        ShareRow(
            share,
            cascades.part_name(share),
            ratio(share.revenue, plan.revenue),
            reverse("plans:share_answer", args=[share.pk])
            if share.pk in mine and share.archived_at is None and share.state != "accepted"
            else "",
        )
        for share in found
    ]
    earlier = sorted(
        (row for row in rows if row.share.archived_at),
        key=lambda row: row.share.archived_at,  # type: ignore[arg-type, return-value]
        reverse=True,
    )
    return [row for row in rows if not row.share.archived_at], earlier


@login_required
@require_safe
def shares(request: HttpRequest, pk: int) -> HttpResponse:
    """Who was given which part of the target, and what they say to it."""
    plan = level_plan(request.user, pk)
    rows, earlier = share_rows(plan, request.user)
    total = sum((row.share.revenue for row in rows), ZERO)
    context = {
        "plan": plan,
        "rows": rows,
        "earlier": earlier,
        "total": total,
        "margin": sum((row.share.margin or ZERO for row in rows), ZERO),
        "argued": sum(row.share.state == "argued" for row in rows),
        "waiting": sum(row.share.state == "proposed" for row in rows),
        "behind": plan.revenue is not None
        and bool(rows)
        and plan.may_edit
        and total != plan.revenue,
        "propose_url": reverse("plans:level_propose", args=[plan.pk]) if plan.may_edit else "",
        "currency": Company.current().currency,
        "title": _("Shares of the target"),
        "crumbs": crumbs_to(request.user, plan),
        "part": "plans/levels/_shares.html",
    }
    return render_part(
        request, "plans/levels/page.html", context, fragment="plans/levels/_shares.html"
    )


# --- proposing ------------------------------------------------------------------------------------


@dataclass(slots=True)
class Line:
    """A line of the preview: what a part weighs, what it is to be given, what was typed."""

    part: SharePart
    weight: Decimal
    share: Decimal | None
    proposed: Decimal
    amount: Decimal
    text: str
    standing: ShareRow | None = None
    error: str = ""


def parts_for(plan: Any, user: Any, basis: str) -> list[SharePart]:
    """The parts below a plan; 404 for who may not see its figures."""
    scope = scope_of(user)
    parts = below(scope, plan)
    if parts is None:
        raise Http404
    level, pk = subject_of(plan)
    year, today = company_year(plan.year), company_today()
    if level == "kam":
        return account_parts_of(parts[0], basis, year, today)
    return node_parts(scope.node(level, pk, year, today), parts[1])


def preview(
    plan: Any, parts: Sequence[SharePart], basis: str, standing: Sequence[ShareRow], data: Any
) -> list[Line]:
    """The lines, by the basis or as they were typed."""
    weights = [part.weight(basis) for part in parts]
    base = sum(weights, ZERO)
    amounts = [ZERO] * len(parts)
    if plan.revenue and base > 0:
        amounts = apportioned(plan.revenue, weights, cascades.step_of(plan.revenue))
    held = {cascades.key_of(row.share): row for row in standing}
    lines = []
    for part, weight, proposed in zip(parts, weights, amounts, strict=True):
        row = held.get(part.key)
        shown = row.share.revenue if basis == Basis.HAND and row else proposed
        line = Line(part, weight, ratio(weight, base), proposed, shown, typed(shown), row)
        if data is not None and part.name in data:
            line.text = data[part.name]
            try:
                line.amount = read_typed(line.text) or ZERO
                if line.amount < 0:
                    line.error = _("A target is not below zero.")
            except ValidationError as error:
                line.amount, line.error = ZERO, " ".join(error.messages)
        lines.append(line)
    return lines


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    """Shares the target out: by last year, by potential or by hand; looked at, then sent."""
    plan = level_plan(request.user, pk)
    if not plan.may_edit:
        raise PermissionDenied
    data = request.POST if request.method == "POST" else None
    basis = (data or request.GET).get("basis", "")
    basis = basis if basis in Basis.values else Basis.LAST_YEAR
    standing, _earlier = share_rows(plan, request.user)
    lines = preview(plan, parts_for(plan, request.user, basis), basis, standing, data)
    status, refusal = 200, ""
    if data is not None and data.get("do") == "send":
        status = 422
        if not any(line.error for line in lines):
            proposals = [
                cascades.Proposal(
                    line.part.key,
                    line.amount,
                    basis if line.amount == line.proposed else Basis.HAND,
                )
                for line in lines
            ]
            try:
                cascades.propose(plan, proposals, signed_in(request))
            except PlanRefusal as error:
                refusal = error.sentence
            else:
                messages.success(request, _("The shares are proposed. Those who answer are told."))
                return HttpResponseRedirect(reverse("plans:level_detail", args=[plan.pk]))
    year = company_year(plan.year)
    total = sum((line.amount for line in lines), ZERO)
    context = {
        "plan": plan,
        "lines": lines,
        "basis": basis,
        "bases": [(label, f"?basis={value}", value == basis) for value, label in Basis.choices],
        "total": total,
        "weight": sum((line.weight for line in lines), ZERO),
        "left": (plan.revenue or ZERO) - total,
        "refusal": refusal,
        "last_year": year.shifted(-1),
        "currency": Company.current().currency,
        "heaviest": ACCOUNTS_SHARED if plan.level == "kam" else 0,
        "title": _("Share the target out"),
        "state": heading_of(plan),
        "crumbs": crumbs_to(request.user, plan),
        "part": "plans/levels/_propose.html",
    }
    return render(request, "plans/levels/page.html", context, status=status)


# --- answering ------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Accepts a share, or argues against it."""
    share = fetch_visible(
        CascadeShare.objects.select_related(
            "plan__owner", "plan__team", "team", "owner", "account"
        ),
        request.user,
        pk=pk,
    )
    mine = CascadeShare.objects.visible_to(request.user).answerable_by(request.user)
    if not mine.filter(pk=pk).exists():
        raise PermissionDenied
    form = AnswerForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                if request.POST.get("do") == "argue":
                    cascades.argue(share, signed_in(request), form.cleaned_data["argument"])
                else:
                    cascades.accept(share, signed_in(request))
            except PlanRefusal as refusal:
                form.add_error(
                    "argument" if "argument" in _fields(refusal) else None, refusal.messages
                )
            else:
                messages.success(request, _("Your answer is given."))
                return HttpResponseRedirect(_after(request, share))
    context = {
        "share": share,
        "part_name": cascades.part_name(share),
        "kind": STATE_KIND[share.state],
        "form": form,
        "currency": Company.current().currency,
        "stands": share.archived_at is None and share.state != "accepted",
        "title": _("A share of the target"),
        "state": heading_of(share.plan),
        "crumbs": crumbs_to(request.user, share.plan, itself=False),
        "part": "plans/levels/_answer.html",
    }
    return render(request, "plans/levels/page.html", context, status=status)


def _fields(refusal: ValidationError) -> set[str]:
    return set(refusal.message_dict) if hasattr(refusal, "error_dict") else set()


def _after(request: HttpRequest, share: CascadeShare) -> str:
    """Where an answer leads: the target that it became, the account's, or the plan above."""
    if share.account is not None:
        return reverse("plans:rollup_account", args=[share.account_id]) + f"?year={share.plan.year}"
    level, pk = ("team", share.team_id) if share.team_id else ("kam", share.owner_id)
    return reverse("plans:rollup_" + level, args=[pk]) + f"?year={share.plan.year}"
