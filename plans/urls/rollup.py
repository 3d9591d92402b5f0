"""Routes of the roll-up and of the reports; part of the namespace ``plans``."""

from django.urls import path

from plans.views import reports, rollup

urlpatterns = [
    path("roll-up/", rollup.rollup, name="rollup"),
    path("roll-up/company/", rollup.company, name="rollup_company"),
    path("roll-up/team/<int:pk>/", rollup.team, name="rollup_team"),
    path("roll-up/person/<int:pk>/", rollup.kam, name="rollup_kam"),
    path("roll-up/without-owner/", rollup.unowned, name="rollup_unowned"),
    path("roll-up/account/<int:pk>/", rollup.account, name="rollup_account"),
    path("roll-up/lines/<slug:level>/", rollup.lines, name="rollup_lines"),
    path("roll-up/lines/<slug:level>/<int:pk>/", rollup.lines, name="rollup_lines"),
    path("roll-up/pdf/<slug:level>/", reports.rollup_pdf, name="rollup_pdf"),
    path("roll-up/pdf/<slug:level>/<int:pk>/", reports.rollup_pdf, name="rollup_pdf"),
    path("<int:pk>/pdf/", reports.plan_pdf, name="plan_pdf"),
]
