"""Where a level's pages are, and of which year."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from kam.periods import FiscalYear, company_year
from plans.rollups.along import LINES


def asked_year(request: HttpRequest) -> FiscalYear:
    """The fiscal year of ``?year=``; the present one without."""
    text = request.GET.get("year", "")
    if not text:
        return company_year()
    if not (len(text) == 4 and text.isascii() and text.isdigit() and 1990 <= int(text) <= 2100):
        raise BadRequest(_("A year is a number such as 2026."))
    return company_year(int(text))


def address(level: str, pk: int | None, year: FiscalYear) -> str:
    """The page of one level in one year."""
    name = "plans:rollup_" + level if level != "own" else "plans:rollup"
    return reverse(name, args=[] if pk is None else [pk]) + f"?year={year.year}"


def lines_address(
    level: str, pk: int | None, year: FiscalYear, show: str = "sales", month: date | None = None
) -> str:
    """The lines that a level's total consists of."""
    args = [level] if pk is None else [level, pk]
    extra = f"&month={month:%Y-%m}" if month else ""
    return reverse("plans:rollup_lines", args=args) + f"?year={year.year}&show={show}{extra}"


def level_plan_address(level: str, pk: int | None, year: FiscalYear) -> str:
    """The panel of the level's own plan; empty for what has none."""
    if level not in ("company", "team", "kam"):
        return ""
    args = [level] if pk is None else [level, pk]
    return reverse("plans:level_panel", args=args) + f"?year={year.year}"


def other_lines(level: str, pk: int | None, year: FiscalYear) -> list[tuple[Any, str]]:
    """The same figures along other lines, and how good the forecasts were: (name, address)."""
    if level not in ("company", "own", "team", "kam"):
        return []
    rest = [level] if pk is None else [level, pk]
    found = [
        (word, reverse("plans:along", args=[line, *rest]) + f"?year={year.year}")
        for line, word in LINES.items()
    ]
    return [*found, (_("Forecast accuracy"), reverse("plans:accuracy", args=rest))]
