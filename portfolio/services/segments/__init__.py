"""Segments: schemes and their rules, segments by hand, and placing every account."""

from portfolio.services.segments.by_hand import (
    change_override,
    end_override,
    restore_override,
    set_override,
)
from portfolio.services.segments.placing import (
    LEVELS,
    candidates_of,
    place_accounts,
    start_placing,
)
from portfolio.services.segments.ready import (
    READY,
    create_ready,
)
from portfolio.services.segments.schemes import (
    RuleExists,
    RulesChanged,
    Thresholds,
    add_rule,
    archive_scheme,
    archive_segment,
    change_scheme,
    change_segment,
    create_scheme,
    create_segment,
    restore_scheme,
    restore_segment,
    rules_version,
    set_rule,
)

__all__ = [
    "LEVELS",
    "READY",
    "RuleExists",
    "RulesChanged",
    "Thresholds",
    "add_rule",
    "archive_scheme",
    "archive_segment",
    "candidates_of",
    "change_override",
    "change_scheme",
    "change_segment",
    "create_ready",
    "create_scheme",
    "create_segment",
    "end_override",
    "place_accounts",
    "restore_override",
    "restore_scheme",
    "restore_segment",
    "rules_version",
    "set_override",
    "set_rule",
    "start_placing",
]
