"""What page and PDF say about the roll-up's figures: how old they are, and why they are what they are."""

from collections.abc import Iterable
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kam.number_text import amount, percent
from kam.periods import FiscalYear
from plans.rollups import Counts, Figures, Node
from plans.rollups.along import Along
from plans.rollups.goals import GoalSum


def freshness_words(node: Node | Along) -> str:
    """``Computed 12:04; 3 portfolios are being computed anew``."""
    fresh = node.fresh
    if fresh.computed_at is None:
        words = _("Nothing has been computed yet")
    else:
        local = timezone.localtime(fresh.computed_at)
        same_day = local.date() == timezone.localtime().date()
        at = formats.date_format(local, "TIME_FORMAT" if same_day else "SHORT_DATETIME_FORMAT")
        words = _("Computed %(at)s") % {"at": at}
    if not fresh.waiting:
        return words
    waiting = (
        ngettext(
            "at least %(n)s portfolio is being computed anew",
            "at least %(n)s portfolios are being computed anew",
            fresh.waiting,
        )
        if fresh.at_least
        else ngettext(
            "%(n)s portfolio is being computed anew",
            "%(n)s portfolios are being computed anew",
            fresh.waiting,
        )
    )
    return f"{words}; {waiting % {'n': fresh.waiting}}"


def measured_words(sums: Iterable[GoalSum | None]) -> str:
    """``Goals of many accounts are measured by night, last on 3 May 02:10``; empty where all are of now."""
    found = [one for one in sums if one is not None]
    if any(one.preparing for one in found):
        return _("Goals without a number are being measured, ready in about a minute.")
    oldest = min((one.measured_at for one in found if one.measured_at is not None), default=None)
    if oldest is None:
        return ""
    at = formats.date_format(timezone.localtime(oldest), "SHORT_DATETIME_FORMAT")
    return _("Goals of many accounts are measured by night, last on %(at)s.") % {"at": at}


def definitions(
    figures: Figures, counts: Counts, currency: str, year: FiscalYear
) -> list[dict[str, str]]:
    """Why each number is what it is, with the numbers that it was computed from."""
    now = figures.year
    closed = sum(1 for month in now.months if month.closed)
    of_months = ngettext("%(n)s closed month", "%(n)s closed months", closed) % {"n": closed}

    def money(value: Any) -> str:
        return f"{amount(value)} {currency}"

    return [
        {
            "id": "why-target",
            "label": _("Target"),
            "text": _(
                "The sum of the targets of all account plans of the year that are not archived, drafts "
                "included, at the year's budget rates."
            ),
            "sum": money(now.target),
        },
        {
            "id": "why-actual",
            "label": _("Actual"),
            "text": _(
                "The sum of the sales facts of the year's months, the running month included, at the "
                "year's budget rates. An account counts where its owner is today; archived accounts do "
                "not count. Last year is shown at last year's rates."
            ),
            "sum": money(now.actual),
        },
        {
            "id": "why-forecast",
            "label": _("Forecast"),
            "text": _(
                "Actual of the closed months and, for the months left, what the KAM expects; the target "
                "where nobody gave a forecast."
            ),
            "sum": _("%(closed)s (%(months)s) + %(rest)s = %(sum)s")
            % {
                "closed": money(now.closed_actual),
                "months": of_months,
                "rest": money(now.forecast - now.closed_actual),
                "sum": money(now.forecast),
            },
        },
        {
            "id": "why-attainment",
            "label": _("Attainment"),
            "text": _("Actual divided by the target of the whole year."),
            "sum": f"{money(now.actual)} ÷ {money(now.target)} = {percent(now.attainment, 1)}",
        },
        {
            "id": "why-pace",
            "label": _("Pace"),
            "text": _(
                "Attainment of the target to date: actual divided by target, both of the closed months. "
                "How much of the year has passed is measured by the plans' own phasing, not by the "
                "calendar."
            ),
            "sum": f"{money(now.closed_actual)} ÷ {money(now.target_to_date)} = {percent(now.pace, 1)}"
            f" ({of_months})",
        },
        {
            "id": "why-margin",
            "label": _("Margin"),
            "text": _("Revenue less cost, divided by revenue."),
            "sum": f"{money(now.actual_margin)} ÷ {money(now.actual)} = {percent(now.margin_ratio, 1)}",
        },
        {
            "id": "why-coverage",
            "label": _("Accounts with a plan"),
            "text": _(
                "Accounts in use that have a plan for the year; approved ones counted apart."
            ),
            "sum": _("%(planned)s of %(accounts)s, %(approved)s approved")
            % {
                "planned": amount(counts.planned),
                "accounts": amount(counts.accounts),
                "approved": amount(counts.approved),
            },
        },
        {
            "id": "why-activities",
            "label": _("Open activities"),
            "text": _(
                "Planned or begun activities of the year's plans; late ones were due before today."
            ),
            "sum": _("%(open)s open, %(late)s late")
            % {
                "open": amount(counts.open_activities),
                "late": amount(counts.late_activities),
            },
        },
    ]
