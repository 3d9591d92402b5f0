"""The tables of plans and levels as sheets of a workbook: the same rows as in their reports."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from kam.listing.files import Sheet
from kam.periods import FiscalYear, company_today, company_year
from plans import rollups
from plans.calc import YearFigures
from plans.models import AccountPlan
from plans.reports.head import file_name
from plans.reports.level import level_content
from plans.reports.plan import fetch_plan, plan_content
from plans.reports.rollup import ACCOUNTS_LISTED
from plans.rollup_scope import scope_of


def plan_tables(user: Any, pk: int) -> tuple[str, list[Sheet]]:
    """File name and sheets of one plan, as this person reads it; 404 for a foreign one."""
    plan = fetch_plan(user, pk)
    found = plan_content(plan, user)
    year: FiscalYear = found["year"]
    months = [month.strftime("%Y-%m") for month in year.months()]
    unit = f" {plan.currency}"
    sheets: list[Sheet] = [
        (
            _("Months"),
            [_("Month"), _("Target") + unit, _("Actual") + unit, _("Forecast") + unit],
            _months(found["figures"]),
        ),
        (
            _("Targets"),
            [
                _("Product line"), *months, _("Year") + unit, _("Margin") + unit, _("Volume"),
                _("Phasing"),
            ],
            [
                [
                    line["name"], *line["months"], line["revenue"], line["margin"],
                    line["volume"], line["phasing"],
                ]
                for line in found["lines"]
            ],
        ),
        (
            _("Goals"),
            [
                _("Goal"), _("Whose"), _("Perspective"), _("Measured"), _("Metric"), _("Baseline"),
                _("Target"), _("Actual"), _("Weight"), _("Due"),
            ],
            [
                [
                    line.goal.title, line.goal.get_side_display(),
                    line.goal.get_perspective_display(), line.goal.get_measured_by_display(),
                    line.goal.metric, line.goal.baseline, line.goal.target, line.actual,
                    line.goal.weight, line.goal.due_on,
                ]
                for line in found["goals"]
            ],
        ),
        (
            _("Activities"),
            [
                _("What"), _("Why"), _("Whose"), _("With whom"), _("Responsible"), _("Starts"),
                _("Due"), _("Effort, hours"), _("Cost") + unit, _("Status"), _("Done on"),
            ],
            [
                [
                    line.row.title, line.row.reason, line.row.get_side_display(),
                    str(line.row.contact or ""), str(line.row.responsible or ""),
                    line.row.starts_on, line.row.due_on, line.row.effort_hours, line.row.cost,
                    line.row.get_status_display(), line.row.done_on,
                ]
                for line in found["activities"]
            ],
        ),
        (
            _("Needs"),
            [
                _("Need"), _("Pain or gain"), _("Diagnosis"), _("Consequence") + unit,
                _("Our capability"), _("Measure"), _("From"), _("To"), _("Until"),
                _("Value") + unit, _("Chance, %"), _("State"), _("Agreed on"),
            ],
            [
                [
                    need.title, need.get_kind_display(), need.diagnosis, need.consequence,
                    need.capability, need.measure, need.measured, need.attainable,
                    need.improved_by, need.value, need.chance, need.get_state_display(),
                    need.agreed_on,
                ]
                for need in found["needs"]
            ],
        ),
    ]  # fmt: skip
    return _as_xlsx(file_name("plan", plan.account.name, year)), sheets


def level_tables(user: Any, level: str, pk: int | None, year: int) -> tuple[str, list[Sheet]]:
    """File name and sheets of a level of the roll-up; 404 for what this person may not open."""
    scope, today, fiscal = scope_of(user), company_today(), company_year(year)
    node = scope.node(level, pk, fiscal, today)
    unit = f" {node.currency}"
    heads = [
        _("Target") + unit, _("Actual") + unit, _("Attainment, %"), _("Pace, %"),
        _("Forecast") + unit, fiscal.shifted(-1).label + unit,
    ]  # fmt: skip
    sheets: list[Sheet] = [
        (
            _("Months"),
            [_("Month"), _("Target") + unit, _("Actual") + unit, _("Forecast") + unit],
            _months(node.figures.year),
        )
    ]
    if node.parts:
        counts = [_("Accounts"), _("With a plan"), _("Approved"), _("Open"), _("Late")]
        sheets.append(
            (
                _("What it consists of"),
                [_("Name"), *heads, *counts],
                [
                    [
                        part.label or _("Accounts without an owner"),
                        *_figures(part.figures),
                        part.counts.accounts,
                        part.counts.planned,
                        part.counts.approved,
                        part.counts.open_activities,
                        part.counts.late_activities,
                    ]
                    for part in node.parts
                ],
            )
        )
    own = level_content(scope, node)
    if own is not None and own.goals:
        sheets.append(
            (
                _("Goals"),
                [_("Goal"), _("Perspective"), _("Metric"), _("Target"), _("Actual"), _("Due")],
                [
                    [
                        line.goal.title, line.goal.get_perspective_display(), line.goal.metric,
                        line.goal.target, line.actual, line.goal.due_on,
                    ]
                    for line in own.goals
                ],
            )
        )  # fmt: skip
    if level in ("kam", "unowned"):
        found, _owners = scope.accounts_of(level, pk)
        shown = list(
            rollups.with_plans(found, fiscal, today).order_by("name", "pk")[:ACCOUNTS_LISTED]
        )
        states = {value: str(label) for value, label in AccountPlan.Status.choices}
        sheet = rollups.Sheet(fiscal, fiscal.closed_months(today), node.rates)
        sheets.append(
            (
                _("Accounts"),
                [_("Account"), _("Number"), _("Plan"), *heads, _("Open"), _("Late")],
                [
                    [
                        part.account.name, part.account.number,
                        states.get(part.plan_status, _("No plan")), *_figures(part.figures),
                        part.open_activities, part.late_activities,
                    ]
                    for part in rollups.account_parts(shown, sheet)
                ],
            )
        )  # fmt: skip
    return _as_xlsx(file_name(level, "" if level == "unowned" else node.label, fiscal)), sheets


def _months(year: YearFigures) -> Iterable[list[Any]]:
    return [[m.month, m.target, m.actual, m.forecast] for m in year.months]


def _figures(figures: rollups.Figures) -> list[Decimal | None]:
    year = figures.year
    return [
        year.target,
        year.actual,
        _percent(year.attainment),
        _percent(year.pace),
        year.forecast,
        figures.last.actual,
    ]


def _percent(share: Decimal | None) -> Decimal | None:
    return None if share is None else round(share * 100, 2)


def _as_xlsx(name: str) -> str:
    return name.removesuffix(".pdf") + ".xlsx"
