"""Routes of reports: the library, the archive, schedules, tables as spreadsheets."""

from django.urls import path

from plans.views import library, reports

urlpatterns: list = [
    path("reports/", library.library, name="report_library"),
    path("reports/<int:pk>/", library.download, name="report_download"),
    path("reports/mail/<int:pk>/end/", library.schedule_end, name="report_schedule_end"),
    path("<int:pk>/xlsx/", library.plan_tables, name="plan_xlsx"),
    path("<int:pk>/one-page/", reports.one_page_pdf, name="one_page_pdf"),
    path("<int:pk>/joint-pdf/", reports.customer_pdf, name="customer_pdf"),
    path("roll-up/management/pdf/", reports.management_pdf, name="management_pdf"),
    path("roll-up/<slug:level>/xlsx/", library.level_tables, name="rollup_xlsx"),
    path("roll-up/<slug:level>/<int:pk>/xlsx/", library.level_tables, name="rollup_xlsx"),
]
