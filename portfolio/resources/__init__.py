"""What is known about an account's wallet, costs and hours, and about people's time. Read only."""

from portfolio.resources.board import BOARD_A_PAGE, Board, BoardRow, board_of, mark_editable
from portfolio.resources.estimates import EstimateLine, Estimates, estimates_of
from portfolio.resources.judgements import Judged, judged_criteria, judgements_of
from portfolio.resources.load import (
    PEOPLE_A_PAGE,
    SpentByCell,
    load_of,
    people_with_load,
    spent_by_cell,
    wanted_shares,
)
from portfolio.resources.meetings import Offer, Taken, WeekMeetings, meetings_of, waiting
from portfolio.resources.period import Period, YearRates, closed_year
from portfolio.resources.returns import PersonHours, TimeAndReturn, time_and_return
from portfolio.resources.week import Week, WeekRow, accounts_of, week_of

__all__ = [
    "BOARD_A_PAGE",
    "PEOPLE_A_PAGE",
    "Board",
    "BoardRow",
    "EstimateLine",
    "Estimates",
    "Judged",
    "Offer",
    "Period",
    "PersonHours",
    "SpentByCell",
    "Taken",
    "TimeAndReturn",
    "Week",
    "WeekMeetings",
    "WeekRow",
    "YearRates",
    "accounts_of",
    "board_of",
    "closed_year",
    "estimates_of",
    "judged_criteria",
    "judgements_of",
    "load_of",
    "mark_editable",
    "meetings_of",
    "people_with_load",
    "spent_by_cell",
    "time_and_return",
    "waiting",
    "wanted_shares",
    "week_of",
]
