"""Win, expand, protect: which stance the matrix suggests for an account.

The product's own rule: where potential is high there is something to expand; where only
profitability is high there is something to protect; where neither is, one retains what there is. An
account without own sales in the last twelve months is to be won first.
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from plans.models import AccountPlan
from portfolio.models import AccountScore, CellText

Stance = AccountPlan.Stance
BY_CELL = {
    CellText.Cell.RETAIN: Stance.PROTECT,
    CellText.Cell.NURTURE: Stance.PROTECT,
    CellText.Cell.DEVELOP: Stance.EXPAND,
    CellText.Cell.ALL: Stance.EXPAND,
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A stance, and why."""

    stance: str
    reason: str
    strategy: str


def suggested_stance(account_id: int) -> Suggestion | None:
    """What the account's present place in the matrix suggests; ``None`` without a place.

    ``strategy`` is the company's own text for the cell (two queries).
    """
    score = AccountScore.objects.current().filter(account=account_id).first()
    if score is None or not score.cell:
        return None
    text = CellText.objects.filter(cell=score.cell).first()
    strategy = text.treatment if text is not None else ""
    cell = CellText.Cell(score.cell).label
    if not score.revenue:
        reason = _("It bought nothing in the last twelve months.")
        return Suggestion(Stance.WIN, reason, strategy)
    reason = _("Its place in the matrix is “%(cell)s”.") % {"cell": cell}
    return Suggestion(BY_CELL[CellText.Cell(score.cell)], reason, strategy)
