"""The account plan on one page: what fits is chosen, what does not is cut with a word that says so."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from kam.markdown import rendered
from kam.periods import company_today, company_year
from plans.reports.head import Prepared, file_name
from plans.reports.plan import (
    ActivityLine,
    GoalLine,
    activity_lines,
    fetch_plan,
    figures_of,
    goal_lines,
    place_of,
    plan_head,
)
from plans.rollup_pictures import bullet_of, message_of, months_of

#: What an A4 page holds beside the figures and the picture.
SUMMARY_SIGNS = 600
TITLE_SIGNS = 70
GOALS = 6
ACTIVITIES = 7
#: With so little to say there is room for the year's course, too.
ROOMY, ROOMY_SIGNS = 4, 300


@dataclass(frozen=True, slots=True)
class Shortened:
    """A text as it fits, and whether something was left out."""

    text: str
    cut: bool


def one_page(user: Any, pk: int) -> Prepared:
    """Summary, key figures, goals and the next activities of a plan, on exactly one page."""
    plan = fetch_plan(user, pk)
    year, today = company_year(plan.year), company_today()
    figures, sales = figures_of(plan, year, today)
    activities = activity_lines(plan, today)
    goals = goal_lines(plan, activities, today)
    open_ones = [line for line in activities if line.row.is_open]
    summary = shortened(plain_text(plan.summary), SUMMARY_SIGNS)
    short = len(goals) <= ROOMY and len(open_ones) <= ROOMY and len(summary.text) <= ROOMY_SIGNS
    context = {
        "plan": plan,
        "currency": plan.currency,
        "year": year,
        "last_year": year.shifted(-1),
        "last_actual": sum(sales[year.year - 1].months("revenue")),
        "figures": figures,
        "bullet": bullet_of(figures),
        "months": months_of(figures) if short else None,
        "message": message_of(figures),
        "place": place_of(plan),
        "summary": summary,
        "goals": [(line, title_of(line)) for line in heaviest(goals)[:GOALS]],
        "more_goals": max(0, len(goals) - GOALS),
        "activities": [(line, title_of(line)) for line in open_ones[:ACTIVITIES]],
        "more_activities": max(0, len(open_ones) - ACTIVITIES),
        "stance_reason": shortened(plan.stance_reason, 160),
        "account_name": shortened(plan.account.name, 60).text,
    }
    return Prepared(
        "plans/reports/one_page.html",
        context,
        plan_head(user, plan, _("Account plan on one page")),
        0,
        file_name("plan-one-page", plan.account.name, year),
    )


def heaviest(goals: Sequence[GoalLine]) -> list[GoalLine]:
    """The goals by weight, those due first before the others."""
    return sorted(
        goals,
        key=lambda line: (-line.goal.weight, line.goal.due_on is None, line.goal.due_on or 0),
    )


def title_of(line: GoalLine | ActivityLine) -> str:
    """A title that takes at most two lines."""
    title = line.goal.title if isinstance(line, GoalLine) else line.row.title
    return shortened(title, TITLE_SIGNS).text


def shortened(text: str, signs: int) -> Shortened:
    """The beginning of a text, up to a whole word; without one (a word of its own) by signs."""
    text = " ".join(text.split())
    if len(text) <= signs:
        return Shortened(text, cut=False)
    head = text[: signs - 1].rsplit(" ", 1)[0]
    if len(head) < signs // 2:
        head = text[: signs - 1]
    return Shortened(head.rstrip(" ,;:–-") + "…", cut=True)


def plain_text(markdown: str) -> str:
    """What Markdown says, without its marks."""
    text = re.sub(r"</(p|li|h\d|tr)>", " ", str(rendered(markdown)))
    return html.unescape(re.sub(r"<[^>]+>", "", text)).strip()
