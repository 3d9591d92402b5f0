"""The report of one account plan, with all that stands in it for its reader."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _

from kam.editing import fetch_visible
from kam.markdown import rendered
from kam.money import rates_for
from kam.periods import FiscalYear, company_today, company_year
from plans.calc import MonthFigures, YearFigures
from plans.models import AccountPlan, Target
from plans.reports.head import Prepared, file_name, head
from plans.rollup_pictures import bullet_of, message_of, months_of
from plans.selectors import Sales, sales_of, target_months


def full_plan(user: Any, pk: int) -> Prepared:
    plan = fetch_visible(
        AccountPlan.objects.select_related("account__owner__team", "decided_by"), user, pk=pk
    )
    account, year, today = plan.account, company_year(plan.year), company_today()
    rates = rates_for(plan.year)
    sales = sales_of(account.pk, [year.shifted(-1), year], plan.currency, rates)
    figures = _plan_year(plan, year, sales[year.year], year.closed_months(today))
    last = sales[year.year - 1]
    targets = list(
        plan.targets.active()
        .select_related("line")
        .prefetch_related("months")
        .order_by("line__name")
    )
    lines = [_target_line(target, year) for target in targets]
    goals = list(plan.goals.active())
    activities = list(
        plan.activities.active().select_related("responsible", "contact").order_by("due_on", "pk")
    )
    context = {
        "plan": plan,
        "account": account,
        "currency": plan.currency,
        "year": year,
        "last_year": year.shifted(-1),
        "figures": figures,
        "last_actual": sum(last.months("revenue"), Decimal(0)),
        "missing": sales[year.year].missing,
        "months": months_of(figures),
        "month_names": [formats.date_format(month, "M") for month in year.months()],
        "message": message_of(figures),
        "bullet": bullet_of(figures),
        "sections": _texts(plan, user),
        "lines": lines,
        "line_totals": [
            sum(column) for column in zip(*(line["months"] for line in lines), strict=True)
        ],
        "goals": goals,
        "activities": [
            {"row": a, "late": a.is_open and a.due_on is not None and a.due_on < today}
            for a in activities
        ],
    }
    return Prepared(
        "plans/reports/plan.html",
        context,
        head(
            user,
            _("Account plan"),
            account.name,
            year,
            [
                (_("State"), plan.get_status_display()),
                (_("Key account manager"), str(account.owner or "–")),
                (_("Amounts"), plan.currency),
            ],
            [account.name],
        ),
        len(lines) + len(goals) + len(activities),
        file_name("plan", account.name, year),
    )


def _texts(plan: AccountPlan, user: Any) -> list[tuple[str, str]]:
    """Heading and HTML of what is written and this person reads, the summary first."""
    written = [
        (section.heading, section.body) for section in plan.sections.visible_to(user).active()
    ]
    summary = (str(plan.field_label("summary")), plan.summary)
    return [(heading, rendered(body)) for heading, body in [summary, *written] if body.strip()]


def _plan_year(plan: AccountPlan, year: FiscalYear, sales: Sales, closed: int) -> YearFigures:
    """The plan's months in the plan's currency: targets and forecasts against the account's sales."""
    targets = target_months(plan)
    months = zip(year.months(), sales.months("revenue"), sales.months("margin"), strict=True)
    shown = []
    for index, (month, revenue, margin) in enumerate(months):
        held = targets.get(month, {})
        shown.append(
            MonthFigures(
                month,
                index < closed,
                revenue,
                margin,
                held.get("target", Decimal(0)),
                held.get("target_margin", Decimal(0)),
                held.get("expected", Decimal(0)),
            )
        )
    return YearFigures(tuple(shown))


def _target_line(target: Target, year: FiscalYear) -> dict[str, Any]:
    held = {month.month: month for month in target.months.all() if month.archived_at is None}
    months = [held[m].revenue if m in held else Decimal(0) for m in year.months()]
    return {
        "name": target.line.name,
        "months": months,
        "revenue": sum(months),
        "margin": sum((m.margin for m in held.values()), Decimal(0)),
        "volume": sum((m.volume for m in held.values()), Decimal(0)),
        "phasing": target.get_phasing_display(),
    }
