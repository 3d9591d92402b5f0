"""An account's page in the roll-up."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kam.periods import company_today
from plans import rollups
from plans.rollup_pictures import bullet_of, message_of, months_of, trend_of
from plans.rollup_scope import scope_of
from plans.rollup_text import definitions
from plans.rollups import Counts
from plans.views.rollup.addresses import address, asked_year, lines_address
from plans.views.rollup.figures import key_figures, years_context


@login_required
@require_safe
def account(request: HttpRequest, pk: int) -> HttpResponse:
    """An account's own figures, and apart from them the sum with its subsidiaries."""
    year, today, scope = asked_year(request), company_today(), scope_of(request.user)
    found = rollups.with_plans(scope.accounts().select_related("owner"), year, today)
    row = found.filter(pk=pk or 0).first()
    if row is None:
        raise Http404
    tree = rollups.account_tree(row, scope.accounts(), year, today)
    below = [
        {
            "account": child,
            "figures": figures,
            "bullet": bullet_of(figures.year),
            "trend": trend_of(figures.year),
            "depth": len(child.path) - len(row.path),
            "url": address("account", child.pk, year),
        }
        for child, figures in tree.below
    ]
    crumbs = [{"label": _("Roll-up"), "url": reverse("plans:rollup") + f"?year={year.year}"}]
    if row.owner and scope.owners.filter(pk=row.owner.pk).exists():
        crumbs.append({"label": row.owner.name, "url": address("kam", row.owner.pk, year)})
    counts = Counts(
        1, int(row.is_key_account), int(row.plan_id is not None), 0,
        row.open_activities or 0, row.late_activities or 0,
    )  # fmt: skip
    return render(
        request,
        "plans/rollup/account.html",
        {
            "account": row,
            "tree": tree,
            "below": below,
            "crumbs": crumbs,
            "figures": key_figures(tree.own, counts, tree.currency, "account", pk, year),
            "together": tree.together,
            "months": months_of(
                tree.own.year, lambda month: lines_address("account", pk, year, month=month)
            ),
            "message": message_of(tree.own.year),
            "missing": tree.own.missing,
            "missing_below": tree.together.missing,
            "currency": tree.currency,
            "definitions": definitions(tree.own, counts, tree.currency, year),
            **years_context(year),
            "lines_url": lines_address("account", pk, year),
            "target_lines_url": lines_address("account", pk, year, "targets"),
        },
    )
