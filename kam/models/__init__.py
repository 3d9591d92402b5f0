"""Foundation models: people, company, notifications, long work, imports."""

from kam.models.company import BudgetRate, Company
from kam.models.listing import SavedView
from kam.models.notification import Notification
from kam.models.people import ApiToken, Substitution, Team, User
from kam.models.row import Row
from kam.models.trail import AuditEntry
from kam.models.work import ImportBatch, ImportMap, Job, TaskRun
from kam.scoping import Role

__all__ = [
    "ApiToken",
    "AuditEntry",
    "BudgetRate",
    "Company",
    "ImportBatch",
    "ImportMap",
    "Job",
    "Notification",
    "Role",
    "Row",
    "SavedView",
    "Substitution",
    "TaskRun",
    "Team",
    "User",
]
