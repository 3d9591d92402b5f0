"""PDF reports of plans: an account plan, a KAM's portfolio, a team, the company.

A report holds what its reader may see: the same scope as the pages. The same functions serve the
page's button, the worker's job and the command.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import Http404
from django.utils import formats, translation
from django.utils.text import slugify
from django.utils.translation import gettext as _

from kam import jobs
from kam.editing import fetch_visible
from kam.markdown import rendered
from kam.models import Company, Job
from kam.money import rates_for
from kam.pdf import check_rows, render_report
from kam.periods import FiscalYear, company_today, company_year
from kam.scoping import principal
from plans import rollups
from plans.calc import MonthFigures, YearFigures
from plans.models import AccountPlan, Target
from plans.rollup_pictures import activity_rows, bullet_of, message_of, months_of
from plans.rollup_scope import Scope, scope_of
from plans.rollup_text import definitions, freshness_words
from plans.rollups import Node, Part
from plans.selectors import Sales, sales_of, target_months

#: Above this many table rows a report is a job, not an answer.
AT_ONCE = 30
#: How many accounts a report lists at most; the rest are named as a number.
ACCOUNTS_LISTED = 2_000


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that a report needs: rendering it asks the database nothing more."""

    template: str
    context: dict[str, Any]
    head: dict[str, Any]
    rows: int
    file_name: str


def prepare(user: Any, level: str, pk: int | None, year: int) -> Prepared:
    """The report's figures as this person may see them; 404 for what they may not."""
    if level == "plan":
        return _plan(user, pk or 0)
    return _rollup(user, level, pk, company_year(year))


def make(
    prepared: Prepared,
    *,
    limited: bool = False,
    progress: Callable[[str], None] | None = None,
) -> bytes:
    """The PDF. Raises ``kam.pdf.ReportError`` with a sentence for the reader."""
    check_rows(prepared.rows)
    return render_report(
        prepared.template,
        prepared.context,
        limited=limited,
        progress=progress,
        language=translation.get_language(),
        **prepared.head,
    ).pdf


def start_job(user: Any, prepared: Prepared, level: str, pk: int | None, year: int) -> Job:
    """Lets the worker make the report for this person; its row shows how far it is."""
    return jobs.start(
        "report",
        _("PDF: %(name)s") % {"name": prepared.head["subject"] or prepared.head["title"]},
        user,
        level=level,
        pk=pk,
        year=year,
        language=translation.get_language(),
        acting_for=user.acting_for.pk if user.acting_for else None,
    )


@jobs.kind("report")
def report_job(progress: jobs.Progress) -> None:
    """Makes a report for the person who asked; arguments: level, pk, year, language, acting_for."""
    from kam.middleware import apply_substitution

    user, asked = progress.user, progress.arguments
    if user is None:
        raise jobs.JobFailed("nobody asked for this report")
    if asked.get("acting_for") and not apply_substitution(user, asked["acting_for"]):
        raise jobs.JobFailed(_("You no longer stand in for this person."))
    with translation.override(asked.get("language") or user.language):
        steps = 0

        def step(_words: str) -> None:
            nonlocal steps
            steps += 1
            progress.step(min(steps, 9), 10)

        progress.step(0, 10)
        try:
            prepared = prepare(user, asked["level"], asked["pk"], asked["year"])
        except Http404:
            raise jobs.JobFailed(_("There is nothing here that you may see.")) from None
        step("")
        pdf = make(prepared, limited=True, progress=step)
        progress.deliver(pdf, prepared.file_name)
        progress.step(10, 10)


# --- the account plan -----------------------------------------------------------------------------


def _plan(user: Any, pk: int) -> Prepared:
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
        _head(
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
        _file_name("plan", account.name, year),
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


# --- the roll-up ----------------------------------------------------------------------------------


def _rollup(user: Any, level: str, pk: int | None, year: FiscalYear) -> Prepared:
    scope, today = scope_of(user), company_today()
    node = scope.node(level, pk, year, today)
    teams = _teams_below(scope, node, year, today) if level in ("company", "own", "team") else []
    accounts: list[dict[str, Any]] = []
    listed = total = 0
    if level in ("kam", "unowned"):
        found, _owners = scope.accounts_of(level, pk)
        total = node.counts.accounts
        shown = list(
            rollups.with_plans(found, year, today).order_by("name", "pk")[:ACCOUNTS_LISTED]
        )
        listed = len(shown)
        states = dict(AccountPlan.Status.choices)
        sheet = rollups.Sheet(year, year.closed_months(today), node.rates)
        accounts = [
            {
                "part": part,
                "bullet": bullet_of(part.figures.year),
                "status": states.get(part.plan_status),
            }
            for part in rollups.account_parts(shown, sheet)
        ]
    titles = {
        "company": _("Company plan"),
        "own": _("Plans of my teams"),
        "team": _("Team plan"),
        "kam": _("Portfolio plan"),
        "unowned": _("Accounts without an owner"),
    }
    subject = "" if level == "unowned" else node.label
    context = {
        "node": node,
        "currency": node.currency,
        "year": year,
        "last_year": year.shifted(-1),
        "months": months_of(node.figures.year),
        "message": message_of(node.figures.year),
        "bullet": bullet_of(node.figures.year),
        "parts": [_part_row(part) for part in node.parts],
        "coverage": activity_rows(node, lambda part: _part_row(part)["label"]),
        "teams": teams,
        "accounts": accounts,
        "listed": listed,
        "total": max(total, listed),
        "definitions": definitions(node.figures, node.counts, node.currency, year),
        "freshness": freshness_words(node),
        "rates": node.rates[year.year].known,
    }
    filters = [
        (_("Filter"), _("none: all accounts in use")),
        (_("Amounts"), _("%(currency)s at budget rates") % {"currency": node.currency}),
    ]
    if node.above:
        filters.append((_("Part of"), " › ".join(name for _pk, name in node.above)))
    return Prepared(
        "plans/reports/rollup.html",
        context,
        _head(user, titles[level], subject, year, filters, [subject] if subject else []),
        len(accounts) + len(node.parts) + sum(len(team["parts"]) for team in teams),
        _file_name(level, subject, year),
    )


def _teams_below(scope: Scope, node: Node, year: FiscalYear, today: date) -> list[dict[str, Any]]:
    """The next level of each team, as a table of its own."""
    return [
        {"node": below, "parts": [_part_row(part) for part in below.parts]}
        for part in node.parts
        if part.kind == "team"
        for below in [scope.node("team", part.pk, year, today)]
    ]


def _part_row(part: Part) -> dict[str, Any]:
    return {
        "part": part,
        "label": _("Accounts without an owner") if part.kind == "unowned" else part.label,
        "bullet": bullet_of(part.figures.year),
    }


def _head(
    user: Any,
    title: str,
    subject: str,
    year: FiscalYear,
    filters: list[tuple[str, str]],
    keywords: list[str],
) -> dict[str, Any]:
    person = principal(user)
    author = str(user)
    if person is not None and person.pk != user.pk:
        author = _("%(name)s for %(absent)s") % {"name": user, "absent": person}
    return {
        "title": title,
        "subject": subject,
        "author": author,
        "company": Company.current().name,
        "period": _("Fiscal year %(year)s") % {"year": year.label},
        "as_of": company_today(),
        "filters": filters,
        "keywords": ["KAM", *keywords, year.label],
    }


def _file_name(kind: str, name: str, year: FiscalYear) -> str:
    return "-".join(part for part in (kind, slugify(name), str(year.year)) if part) + ".pdf"
