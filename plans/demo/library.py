"""Reports of the demo company: one that comes by mail, two in the archive."""

from django.core.files.base import ContentFile

from kam.models import User
from plans import reports
from plans.models import AccountPlan, ReportKind, ReportSchedule, SentReport
from plans.services.reports import order_schedule, title_of


def make_library(kari: User) -> None:
    """Kari gets her portfolio each Monday, and has two reports in her archive."""
    order_schedule(kari, ReportKind.PORTFOLIO, kari.pk, ReportSchedule.Rhythm.WEEKLY)
    plan = (
        AccountPlan.objects.active()
        .filter(account__owner=kari, in_force__gt=0)
        .order_by("-year", "pk")
        .first()
    )
    if plan is None:
        return
    for kind in (ReportKind.ONE_PAGE, ReportKind.CUSTOMER):
        prepared = reports.prepare(kari, kind, plan.pk, plan.year)
        made = reports.measured(prepared)
        row = SentReport(
            user=kari,
            kind=kind,
            title=title_of(kari, kind, plan.account_id, plan.year),
            pages=made.pages,
            file_name=prepared.file_name,
        )
        row.file.save(prepared.file_name, ContentFile(made.pdf), save=False)
        row.save()
