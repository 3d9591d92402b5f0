"""The figures of one plan: its year, the key figures with where they come from, the picture."""

from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _

from kam.money import rates_for
from kam.number_text import amount, percent, signed
from kam.periods import company_today
from kam.pictures.monthly import Month
from kam.templatetags.kam_format import month as month_text
from plans.calc import MonthFigures, YearFigures
from plans.models import AccountPlan
from plans.selectors import Sales, plan_year, sales_of, target_months


def year_figures(plan: AccountPlan) -> tuple[YearFigures, Sales]:
    """The plan's twelve months in its own currency, and the sales behind them (three queries)."""
    year = plan_year(plan)
    sales = sales_of(plan.account_id, [year], plan.currency, rates_for(plan.year))[year.year]
    targets = target_months(plan)
    closed = year.closed_months(company_today())
    actual, margin = sales.months("revenue"), sales.months("margin")
    nothing: dict[str, Decimal] = {}
    months = []
    for at, month in enumerate(year.months()):
        target = targets.get(month, nothing)
        months.append(
            MonthFigures(
                month=month,
                closed=at < closed,
                actual=actual[at],
                actual_margin=margin[at],
                target=target.get("target", Decimal(0)),
                target_margin=target.get("target_margin", Decimal(0)),
                forecast=target.get("expected", Decimal(0)),
            )
        )
    return YearFigures(tuple(months)), sales


def key_figures(plan: AccountPlan, figures: YearFigures, todo: dict[str, int]) -> list[dict]:
    """The row of key figures; each number says where it comes from."""
    why = reverse("plans:why", args=[plan.pk])
    pace = figures.pace
    kind = "" if pace is None else "pos" if pace >= 1 else "neg"
    closed = sum(1 for month in figures.months if month.closed)
    return [
        {
            "label": _("Target"),
            "value": amount(figures.target) if figures.target else "",
            "unit": plan.currency,
            "note": _("revenue of the year"),
            "why": f"{why}#target",
        },
        {
            "label": _("Actual"),
            "value": amount(figures.actual),
            "unit": plan.currency,
            "note": _("gap %(gap)s") % {"gap": signed(figures.gap)} if figures.target else "",
            "why": f"{why}#actual",
        },
        {
            "label": _("Attainment"),
            "value": percent(figures.attainment) if figures.target else "",
            "note": _("of the year's target"),
            "why": f"{why}#attainment",
        },
        {
            "label": _("Pace"),
            "value": percent(pace) if pace is not None else "",
            "note": (
                _("on pace") if pace is not None and pace >= 1
                else _("behind the plan") if pace is not None
                else _("no month is over") if not closed else _("no target to date")
            ),
            "note_kind": kind,
            "why": f"{why}#pace",
        },
        {
            "label": _("Forecast"),
            "value": amount(figures.forecast) if figures.target or figures.actual else "",
            "unit": plan.currency,
            "note": percent(figures.forecast_attainment) + " " + _("of target")
            if figures.target
            else "",
            "why": f"{why}#forecast",
        },
        {
            "label": _("Open activities"),
            "value": str(todo["open"]),
            "note": _("%(n)d late") % {"n": todo["late"]} if todo["late"] else _("none late"),
            "note_kind": "neg" if todo["late"] else "",
            "url": f"{reverse('plans:activity_list')}?plan={plan.pk}&whose=all",
        },
    ]  # fmt: skip


def months_of(figures: YearFigures) -> list[Month]:
    """The twelve months for the picture; what has not begun has no actual yet."""
    return [
        Month(
            label=str(month_text(m.month)).split(" ")[0][:3],
            name=str(month_text(m.month)),
            actual=m.actual if m.closed or m.actual else None,
            target=m.target,
            forecast=None if m.closed else m.forecast,
        )
        for m in figures.months
    ]


def caption_of(figures: YearFigures) -> str:
    """The picture's message."""
    if not figures.target:
        return _("No targets yet")
    if figures.pace is None:
        return _("The year is ahead: revenue target by month")
    if figures.pace >= 1:
        return _("Ahead of the plan: %(pace)s of the target to date") % {
            "pace": percent(figures.pace)
        }
    return _("Behind the plan: %(pace)s of the target to date") % {"pace": percent(figures.pace)}
