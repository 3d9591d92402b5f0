"""Scores on the account's page, taken apart; the runs that made them."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Account
from kam import jobs
from kam.editing import fetch_visible
from kam.panels import render_panel
from kam.scoping import signed_in
from kam.views.administration import administrators_only
from portfolio import nightly  # noqa: F401 - registers the job that the button starts
from portfolio.explain import causes, explain, score_on
from portfolio.models import AccountScore, Axis, ScoringRun
from portfolio.nights import read_night

#: How far back the panel looks for what has moved, and how many causes it names.
LOOK_BACK = timedelta(days=31)
CAUSES = 6
#: Changes of one account that its history shows.
HISTORY = 100
RUNS = 60


@login_required
@require_GET
def account_scores(request: HttpRequest, pk: int) -> HttpResponse:
    """The account's scores, each open to its facts; what moved since last month and why.

    ``?night=YYYY-MM-DD`` shows a past night.
    """
    account = fetch_visible(Account.objects, request.user, pk=pk)
    night = read_night(request.GET.get("night", ""))
    score = score_on(account, night)
    context: dict[str, Any] = {"account": account, "score": score, "night": night}
    if score is not None:
        found = explain(score, night)
        earlier = score_on(account, score.first_night - LOOK_BACK) or _first_before(
            request.user, score
        )
        moved = causes(explain(earlier), found) if earlier else []
        context |= {
            "explanation": found,
            "earlier": earlier,
            "moved": moved[:CAUSES],
            "more_moved": len(moved) > CAUSES,
        }
    return render_panel(
        request, "portfolio/scores/panel.html", context, title=_("Scores"), row=account
    )


def _first_before(user: Any, score: AccountScore) -> AccountScore | None:
    rows = AccountScore.objects.visible_to(user).filter(account=score.account_id)
    return rows.filter(first_night__lt=score.first_night).order_by("first_night").first()


@login_required
@require_GET
def account_history(request: HttpRequest, pk: int) -> HttpResponse:
    """Each night that changed the account's scores, newest first."""
    account = fetch_visible(Account.objects, request.user, pk=pk)
    rows = list(
        AccountScore.objects.visible_to(request.user)
        .filter(account=account)
        .select_related("criteria_version")
        .order_by("-first_night")[:HISTORY]
    )
    trends = [
        {"label": Axis(axis).label, "values": [getattr(r, axis) for r in rows[::-1]]}
        for axis in (Axis.PROFITABILITY, Axis.POTENTIAL)
        if len([r for r in rows if getattr(r, axis) is not None]) > 1
    ]
    context = {"account": account, "rows": rows, "trends": trends}
    return render(request, "portfolio/scores/history.html", context)


@login_required
@require_GET
def run_list(request: HttpRequest) -> HttpResponse:
    """The last nights' runs: when, by which version, how many accounts changed."""
    runs = ScoringRun.objects.visible_to(request.user).select_related("criteria_version")[:RUNS]
    context = {"runs": runs, "may_score": signed_in(request).is_administrator}
    return render(request, "portfolio/scores/runs.html", context)


@administrators_only
@require_POST
def score_now(request: HttpRequest) -> HttpResponse:
    """Scores all accounts now, in the worker."""
    job = jobs.start("score", _("Score all accounts"), signed_in(request))
    return redirect("kam:job_detail", pk=job.pk)
