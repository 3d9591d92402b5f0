"""The route table's rows of reports: archive, schedules, books, workbooks."""

from typing import Any

from django.core.files.base import ContentFile

from plans.models import ReportSchedule, SentReport
from tests.conftest import YEAR
from tests.plans.route_rows import foreign_plan, plan, seen
from tests.route_table import Route

PERSONAL = "everybody else in the cast is foreign to a personal row"
KARI = frozenset({"kam"})
LEADS = {"administrator", "management", "region_leader"}
KARIS = frozenset(LEADS | {"leader", "kam"})
ODDS = frozenset(LEADS | {"south_leader", "other_kam"})


def level_kam(cast):
    return {"level": "kam", "pk": cast.kam.pk}


def level_other_kam(cast):
    return {"level": "kam", "pk": cast.other_kam.pk}


def kept(cast):
    row = SentReport.objects.create(user=cast.kam, kind="plan", title="x", file_name="x.pdf")
    row.file.save("x.pdf", ContentFile(b"%PDF"))
    return {"pk": row.pk}


def scheduled(cast):
    row = ReportSchedule.objects.create(
        user=cast.kam, kind="portfolio", subject=cast.kam.pk, rhythm="weekly",
        next_on=f"{YEAR}-01-05",
    )  # fmt: skip
    return {"pk": row.pk}


ROUTES: list = [
    Route("plans:report_library"),
    Route("plans:report_library", method="post", ok=422),
    Route("plans:management_pdf"),
    Route("plans:report_download", "personal", kept, ok_for=KARI),
    Route("plans:report_schedule_end", "personal", scheduled, method="post", ok=302, ok_for=KARI),
    *seen("plans:one_page_pdf", plan, foreign_plan),
    *seen("plans:customer_pdf", plan, foreign_plan),
    *seen("plans:plan_xlsx", plan, foreign_plan),
    Route("plans:rollup_xlsx", "own", level_kam, ok_for=KARIS),
    Route("plans:rollup_xlsx", "foreign", level_other_kam, ok_for=ODDS),
    Route("api:report-list"),
    Route("api:report-list", method="post", ok=400),
    Route("api:report-detail", "personal", kept, ok_for=KARI),
    Route("api:report-file", "personal", kept, ok_for=KARI),
    Route("api:report-schedule-list"),
    Route("api:report-schedule-list", method="post", ok=400),
    Route("api:report-schedule-detail", "personal", scheduled, ok_for=KARI),
    Route(
        "api:report-schedule-detail", "personal", scheduled, method="delete", ok=204, ok_for=KARI
    ),
    Route("api:report-schedule-restore", "personal", scheduled, method="post", ok=204, ok_for=KARI),
]
NO_FOREIGN_ROW: dict[str, Any] = dict.fromkeys(
    (
        "plans:report_download",
        "plans:report_schedule_end",
        "api:report-detail",
        "api:report-file",
        "api:report-schedule-detail",
        "api:report-schedule-restore",
    ),
    PERSONAL,
)
