"""Routes of the roll-up and of the reports; part of the namespace ``plans``."""

from django.urls import path

from plans.views import reports
from plans.views.rollup import account, levels, lines, portfolio

urlpatterns = [
    path("roll-up/", levels.rollup, name="rollup"),
    path("roll-up/company/", levels.company, name="rollup_company"),
    path("roll-up/team/<int:pk>/", levels.team, name="rollup_team"),
    path("roll-up/person/<int:pk>/", portfolio.kam, name="rollup_kam"),
    path("roll-up/without-owner/", portfolio.unowned, name="rollup_unowned"),
    path("roll-up/account/<int:pk>/", account.account, name="rollup_account"),
    path("roll-up/lines/<slug:level>/", lines.lines, name="rollup_lines"),
    path("roll-up/lines/<slug:level>/<int:pk>/", lines.lines, name="rollup_lines"),
    path("roll-up/pdf/<slug:level>/", reports.rollup_pdf, name="rollup_pdf"),
    path("roll-up/pdf/<slug:level>/<int:pk>/", reports.rollup_pdf, name="rollup_pdf"),
    path("<int:pk>/pdf/", reports.plan_pdf, name="plan_pdf"),
]
