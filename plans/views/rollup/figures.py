"""What each level's page shows of itself: its head, its key figures, its years."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kam.number_text import amount, percent, short, signed, signed_percent
from kam.periods import FiscalYear
from plans.calc import change
from plans.rollup_pictures import message_of, months_of
from plans.rollup_text import definitions, freshness_words
from plans.rollups import Counts, Figures, Node, Part
from plans.views.rollup.addresses import address, level_plan_address, lines_address, other_lines


def label_of(part: Part | Node) -> str:
    """The name of a part; accounts without an owner have a name of their own."""
    return _("Accounts without an owner") if part.kind == "unowned" else part.label


def years_context(year: FiscalYear) -> dict[str, Any]:
    """The year in force and the ways to its neighbours."""
    return {
        "year": year,
        "last_year": year.shifted(-1),
        "year_before": year.year - 1 if year.year > 1990 else None,
        "year_after": year.year + 1 if year.year < 2100 else None,
    }


def node_context(node: Node, year: FiscalYear, team_of: Any = None) -> dict[str, Any]:
    """What every level's page shows of itself."""
    top = {"label": _("Roll-up"), "url": reverse("plans:rollup") + f"?year={year.year}"}
    crumbs = [] if node.kind in ("company", "own") else [top]
    crumbs += [{"label": name, "url": address("team", pk, year)} for pk, name in node.above]
    if team_of is not None:
        crumbs.append({"label": team_of.name, "url": address("team", team_of.pk, year)})
    level, pk = node.kind, node.pk
    told = key_figures(node.figures, node.counts, node.currency, level, pk, year)
    if (
        node.fresh.computed_at is None and node.fresh.waiting
    ):  # nothing is known yet; that is no zero
        told = [{**figure, "value": None, "note": "", "note_kind": ""} for figure in told]
    return {
        "node": node,
        "heading": label_of(node),
        "crumbs": crumbs,
        "currency": node.currency,
        "figures": told,
        "months": months_of(
            node.figures.year, lambda month: lines_address(level, pk, year, month=month)
        ),
        "message": message_of(node.figures.year),
        "missing": node.figures.missing,
        "freshness": freshness_words(node),
        "definitions": definitions(node.figures, node.counts, node.currency, year),
        "lines_url": lines_address(level, pk, year),
        "target_lines_url": lines_address(level, pk, year, "targets"),
        "pdf_url": reverse("plans:rollup_pdf", args=[level] if pk is None else [level, pk])
        + f"?year={year.year}",
        "xlsx_url": reverse("plans:rollup_xlsx", args=[level] if pk is None else [level, pk])
        + f"?year={year.year}",
        "management_url": reverse("plans:management_pdf") + f"?year={year.year}"
        if level in ("company", "own")
        else "",
        "level_plan_url": level_plan_address(level, pk, year),
        "other_lines": other_lines(level, pk, year),
        **years_context(year),
    }


def key_figures(
    figures: Figures, counts: Counts, currency: str, level: str, pk: int | None, year: FiscalYear
) -> list[dict[str, Any]]:
    """The row of key figures, each with its way to the reason."""
    now = figures.year
    growth = change(now.closed_actual, figures.last_to_date)
    return [
        {
            "label": _("Target"),
            "value": _room(now.target) if now.target else None,
            "unit": currency,
            "note": _("last year %(amount)s") % {"amount": amount(figures.last.actual)}
            if figures.last.actual
            else "",
            "why": "#why-target",
            "url": lines_address(level, pk, year, "targets"),
        },
        {
            "label": _("Actual"),
            "value": _room(now.actual),
            "unit": currency,
            "note": _("%(change)s against last year to date") % {"change": signed_percent(growth)}
            if growth is not None
            else "",
            "note_kind": _kind(growth),
            "why": "#why-actual",
            "url": lines_address(level, pk, year),
        },
        {
            "label": _("Forecast"),
            "value": _room(now.forecast) if now.forecast else None,
            "unit": currency,
            "note": _("%(share)s of the target") % {"share": percent(now.forecast_attainment)}
            if now.forecast_attainment is not None
            else "",
            "why": "#why-forecast",
        },
        {
            "label": _("Attainment"),
            "value": percent(now.attainment) if now.attainment is not None else None,
            "note": _("gap %(amount)s") % {"amount": signed(now.gap)}
            if now.gap is not None
            else "",
            "why": "#why-attainment",
        },
        {
            "label": _("Pace"),
            "value": percent(now.pace) if now.pace is not None else None,
            "note": _pace_words(now.pace),
            "note_kind": _kind(None if now.pace is None else now.pace - 1),
            "why": "#why-pace",
        },
        {
            "label": _("Margin"),
            "value": percent(now.margin_ratio, 1) if now.margin_ratio is not None else None,
            "note": f"{amount(now.actual_margin)} {currency}" if now.actual else "",
            "why": "#why-margin",
        },
        *(
            [
                {
                    "label": _("Accounts with a plan"),
                    "value": percent(counts.coverage) if counts.accounts else None,
                    "note": _("%(n)s of %(all)s without a plan")
                    % {"n": amount(counts.unplanned), "all": amount(counts.accounts)},
                    "note_kind": "warn" if counts.unplanned else "",
                    "why": "#why-coverage",
                }
            ]
            if level != "account"
            else []
        ),
        {
            "label": _("Open activities"),
            "value": amount(counts.open_activities),
            "note": ngettext("%(n)s late", "%(n)s late", counts.late_activities)
            % {"n": amount(counts.late_activities)},
            "note_kind": "bad" if counts.late_activities else "",
            "why": "#why-activities",
        },
    ]


def _room(value: Decimal) -> str:
    """An amount that has room in a key figure; the exact one stands among the reasons."""
    return short(value) if abs(value) >= 10_000_000 else amount(value)


def _kind(value: Any) -> str:
    if value is None or value == 0:
        return "muted"
    return "pos" if value > 0 else "neg"


def _pace_words(pace: Any) -> str:
    if pace is None:
        return _("no month with a target is over")
    if pace >= 1:
        return _("on or ahead of the plan")
    return _("behind the plan")
