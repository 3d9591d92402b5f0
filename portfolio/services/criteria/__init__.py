"""Versions of the criteria: made, changed while they are drafts, weighed, put in force.

Every write to what a version holds locks the version first, so that nothing changes in it while it
is being activated, nor afterwards. What is taken out of a draft is archived and can come back until
the draft is activated.
"""

from portfolio.services.criteria.comparisons import apply_weights, compared_rows, save_comparison
from portfolio.services.criteria.refusals import CriteriaRefusal, NoDraft
from portfolio.services.criteria.reminder import REMIND_BEFORE, remind_of_revision
from portfolio.services.criteria.rows import (
    add_criterion,
    add_from_library,
    add_group,
    change_criterion,
    change_group,
    move_criterion,
    remove_criterion,
    remove_group,
    restore_criterion,
    restore_group,
)
from portfolio.services.criteria.soundness import MATRIX, faults, shortcomings
from portfolio.services.criteria.versions import (
    ALWAYS_OPEN,
    TAKEN_OVER,
    activate,
    activate_due,
    archive_version,
    change_version,
    create_version,
    due,
    restore_version,
    schedule,
    unschedule,
)

__all__ = [
    "ALWAYS_OPEN",
    "MATRIX",
    "REMIND_BEFORE",
    "TAKEN_OVER",
    "CriteriaRefusal",
    "NoDraft",
    "activate",
    "activate_due",
    "add_criterion",
    "add_from_library",
    "add_group",
    "apply_weights",
    "archive_version",
    "change_criterion",
    "change_group",
    "change_version",
    "compared_rows",
    "create_version",
    "due",
    "faults",
    "move_criterion",
    "remind_of_revision",
    "remove_criterion",
    "remove_group",
    "restore_criterion",
    "restore_group",
    "restore_version",
    "save_comparison",
    "schedule",
    "shortcomings",
    "unschedule",
]
