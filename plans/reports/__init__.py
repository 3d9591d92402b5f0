"""PDF reports of plans: an account plan, a KAM's portfolio, a team, the company, all plans in a book.

A report holds what its reader may see: the same scope as the pages. The same functions serve the
page's button, the worker's job and the command.
"""

from plans.reports.head import Prepared
from plans.reports.making import AT_ONCE, OF_PLAN, make, measured, prepare, report_job, start_job

__all__ = [
    "AT_ONCE",
    "OF_PLAN",
    "Prepared",
    "make",
    "measured",
    "prepare",
    "report_job",
    "start_job",
]
