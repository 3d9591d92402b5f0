"""Account plans and all that belongs to them, plans of the levels above, prepared roll-ups."""

from plans.models.agreed import AgreedMonth
from plans.models.feed import CalendarFeed
from plans.models.forecast import ForecastOutcome, KeptForecast
from plans.models.level import CascadeShare, LevelGoal, LevelPlan
from plans.models.need import Need, ValueProposition
from plans.models.plan import AccountPlan
from plans.models.reminder import Reminder
from plans.models.report import ReportKind, ReportSchedule, SentReport
from plans.models.review import Review, ReviewDecision, ReviewPerson
from plans.models.rollup import (
    AccountToDate,
    CompanyMonth,
    CompanyPart,
    MeasuredGoals,
    PortfolioCount,
    PortfolioMonth,
    PortfolioPart,
    StaleCompany,
    StalePortfolio,
    TeamMonth,
)
from plans.models.section import PlanComment, Section, SectionReader
from plans.models.settings import PlanSettings
from plans.models.sharing import (
    PlanShare,
    Presence,
    SharedActivity,
    SharedGoal,
    SharedSection,
    ShareEvent,
)
from plans.models.target import Target, TargetMonth
from plans.models.template import Audience, PlanTemplate, SectionKind, TemplateSection
from plans.models.version import PlanVersion
from plans.models.work import (
    Activity,
    ActivityPerson,
    Goal,
    GoalStep,
    Measure,
    Perspective,
    Strategy,
)

__all__ = [
    "AccountPlan",
    "AccountToDate",
    "Activity",
    "ActivityPerson",
    "AgreedMonth",
    "Audience",
    "CalendarFeed",
    "CascadeShare",
    "CompanyMonth",
    "CompanyPart",
    "ForecastOutcome",
    "Goal",
    "GoalStep",
    "KeptForecast",
    "LevelGoal",
    "LevelPlan",
    "Measure",
    "MeasuredGoals",
    "Need",
    "Perspective",
    "PlanComment",
    "PlanSettings",
    "PlanShare",
    "PlanTemplate",
    "PlanVersion",
    "PortfolioCount",
    "PortfolioMonth",
    "PortfolioPart",
    "Presence",
    "Reminder",
    "ReportKind",
    "ReportSchedule",
    "Review",
    "ReviewDecision",
    "ReviewPerson",
    "Section",
    "SectionKind",
    "SectionReader",
    "SentReport",
    "ShareEvent",
    "SharedActivity",
    "SharedGoal",
    "SharedSection",
    "StaleCompany",
    "StalePortfolio",
    "Strategy",
    "Target",
    "TargetMonth",
    "TeamMonth",
    "TemplateSection",
    "ValueProposition",
]
