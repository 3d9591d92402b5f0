"""The portfolio of the demo company: criteria, what goes into them, a year of nights, nominations."""

from datetime import date, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from kam.audit import source
from kam.periods import add_months, month_of
from portfolio.demo.criteria import make_criteria
from portfolio.demo.inputs import make_inputs
from portfolio.demo.nominations import make_nominations
from portfolio.models import CellText, Criterion
from portfolio.services import scoring

#: Nights that were scored: the first of each of twelve months, then each of the last ones.
MONTHS, NIGHTS = 12, 7


def make_portfolio(today: date) -> None:
    """Makes everything; needs people, accounts with owners, products and sales facts."""
    with source("command"):
        version = make_criteria(today)["active"]
        judged = Criterion.objects.active().filter(
            kind=Criterion.Kind.JUDGED, group__criteria_version=version
        )
        _tell_cells()
    make_inputs(today=today, judged=sorted({c.code for c in judged}))
    with source("command"):
        for night in _nights(today):
            scoring.score_night(night)
    make_nominations(today=today)
    with source("command"):
        scoring.score_night(today)


def _nights(today: date) -> list[date]:
    firsts = [add_months(month_of(today), -n) for n in range(MONTHS, 0, -1)]
    last = [today - timedelta(days=n) for n in range(NIGHTS, 0, -1)]
    return sorted({*firsts, *last})


def _tell_cells() -> None:
    texts = {
        "retain": (
            _("Keep the business at low cost."),
            _("Inside sales, standard terms, web shop."),
            _("Twice a year, by telephone"),
            10,
        ),
        "nurture": (
            _("Keep what we have; no surprises."),
            _("Service agreements, quick help, yearly review."),
            _("Each quarter"),
            25,
        ),
        "develop": (
            _("Raise margin or find out why it stays low."),
            _("Need analysis, pilots, price discipline."),
            _("Each month until it is decided"),
            25,
        ),
        "all": (
            _("Grow together; be their first choice."),
            _("Joint plan, executive sponsor, own team."),
            _("Each week; steering group each quarter"),
            40,
        ),
    }
    for cell, (goal, treatment, rhythm, share) in texts.items():
        CellText.objects.update_or_create(
            cell=cell,
            defaults={
                "goal": goal,
                "treatment": treatment,
                "contact_rhythm": rhythm,
                "resource_share": Decimal(share),
            },
        )
