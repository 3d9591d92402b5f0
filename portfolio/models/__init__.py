"""Criteria, what goes into them, what came out, and who becomes a key account."""

from portfolio.models.criteria import (
    Axis,
    CriteriaVersion,
    Criterion,
    CriterionGroup,
    PairwiseComparison,
)
from portfolio.models.dashboards import DashboardChoice, DashboardMail
from portfolio.models.inputs import (
    Capacity,
    Confidence,
    HoursSpent,
    Judgement,
    LineEstimate,
    MeetingHours,
    PlannedHours,
    ServiceCost,
)
from portfolio.models.nomination import Nomination, NominationStep
from portfolio.models.scores import AccountScore, PortfolioNight, ScoreStage, ScoringRun
from portfolio.models.segments import (
    Segment,
    SegmentOverride,
    SegmentPlacement,
    SegmentRule,
    SegmentScheme,
)
from portfolio.models.settings import CellText, PortfolioSettings

__all__ = [
    "AccountScore",
    "Axis",
    "Capacity",
    "CellText",
    "Confidence",
    "CriteriaVersion",
    "Criterion",
    "CriterionGroup",
    "DashboardChoice",
    "DashboardMail",
    "HoursSpent",
    "Judgement",
    "LineEstimate",
    "MeetingHours",
    "Nomination",
    "NominationStep",
    "PairwiseComparison",
    "PlannedHours",
    "PortfolioNight",
    "PortfolioSettings",
    "ScoreStage",
    "ScoringRun",
    "Segment",
    "SegmentOverride",
    "SegmentPlacement",
    "SegmentRule",
    "SegmentScheme",
    "ServiceCost",
]
