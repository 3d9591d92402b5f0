"""What the roll-up's pictures show; the same on the page and in the PDF."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kam import number_text
from kam.money import rounded
from kam.pictures.bullet import Bullet
from kam.pictures.monthly import Month
from kam.pictures.stacked import Part as Piece
from kam.pictures.stacked import Row
from plans.calc import YearFigures
from plans.rollups import Node, Part


def months_of(year: YearFigures, href: Callable[[date], str] | None = None) -> list[Month]:
    """Target against actual by month; months to come show the forecast."""
    shown = []
    for month in year.months:
        begun = month.closed or month.actual
        shown.append(
            Month(
                label=formats.date_format(month.month, "M"),
                name=formats.date_format(month.month, "F Y"),
                actual=rounded(month.actual) if begun else None,
                target=rounded(month.target) if month.target else None,
                forecast=None if month.closed or not month.forecast else rounded(month.forecast),
                href=href(month.month) if href else "",
            )
        )
    return shown


def bullet_of(year: YearFigures) -> Bullet:
    """Actual against the year's target, with the target to date as pace mark."""
    if not year.target:
        return Bullet(rounded(year.actual))
    return Bullet(rounded(year.actual), rounded(year.target), rounded(year.target_to_date))


def trend_of(year: YearFigures) -> list:
    """Actual revenue of the months that are over, for a sparkline."""
    return [rounded(month.actual) if month.closed else None for month in year.months]


def message_of(year: YearFigures) -> str:
    """What the picture says, in one sentence."""
    closed = sum(1 for month in year.months if month.closed)
    if not year.target:
        return _("Sales by month; there is no target for this year")
    if year.pace is None:
        return _("Target by month; no month with a target is over yet")
    share = number_text.percent(abs(year.pace - 1))
    if share == number_text.percent(0):
        words = ngettext(
            "Sales are on target after %(n)s month",
            "Sales are on target after %(n)s months",
            closed,
        )
    elif year.pace < 1:
        words = ngettext(
            "Sales are %(share)s behind target after %(n)s month",
            "Sales are %(share)s behind target after %(n)s months",
            closed,
        )
    else:
        words = ngettext(
            "Sales are %(share)s ahead of target after %(n)s month",
            "Sales are %(share)s ahead of target after %(n)s months",
            closed,
        )
    return words % {"share": share, "n": closed}


def activity_rows(node: Node, label_of: Callable[[Part], str]) -> list[Row]:
    """Accounts with and without a plan, by part."""
    return [
        Row(
            label_of(part),
            (
                Piece(_("with an approved plan"), Decimal(part.counts.approved)),
                Piece(_("with a plan"), Decimal(part.counts.planned - part.counts.approved)),
                Piece(_("without a plan"), Decimal(part.counts.unplanned)),
            ),
        )
        for part in node.parts
        if part.counts.accounts
    ]
