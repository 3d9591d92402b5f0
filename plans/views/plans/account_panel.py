"""An account's plans, on the account's page."""

from decimal import Decimal

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.models import Account
from accounts.selectors import decides_on
from kam.editing import fetch_visible
from kam.htmx import render as render_part
from kam.periods import company_year
from plans.calc import ratio
from plans.models import AccountPlan
from plans.views.plans.badges import badge_of
from plans.views.plans.sums import sales_of_plans, with_sums


@login_required
@require_safe
def account_plans(request: HttpRequest, pk: int) -> HttpResponse:
    """The panel of an account's plans, newest first."""
    account = fetch_visible(Account.objects.select_related("owner"), request.user, pk=pk)
    mine = AccountPlan.objects.visible_to(request.user).active().filter(account=account)
    rows = list(with_sums(mine).order_by("-year")[:10])
    sales = sales_of_plans(rows)
    lines = [
        {
            "plan": plan,
            "target_revenue": plan.target_revenue or Decimal(0),
            "actual_revenue": sales[plan.pk],
            "attainment": ratio(sales[plan.pk], plan.target_revenue),
            "open_activities": plan.open_activities or 0,
            "label": company_year(plan.year).label,
            "badge": badge_of(plan),
        }
        for plan in rows
    ]
    present = company_year()
    may_create = not any(plan.year == present.year for plan in rows) and decides_on(
        request.user, account
    )
    context = {
        "account": account,
        "plans": lines,
        "may_create": may_create,
        "create_url": f"{reverse('plans:create')}?account={account.pk}&year={present.year}",
        "year_label": present.label,
    }
    return render_part(
        request, "plans/account_panel.html", context, fragment="plans/_account_plans.html"
    )
