from django.urls import path

from portfolio.views import dashboards

urlpatterns = [
    path("", dashboards.dashboard, name="dashboard"),
    path("pdf/", dashboards.pdf, name="dashboard_pdf"),
    path("panels/", dashboards.choose, name="dashboard_choose"),
    path("panels/<slug:name>/", dashboards.tile, name="dashboard_tile"),
    path("mail/", dashboards.mail_order, name="dashboard_mail_order"),
    path("mails/", dashboards.mails, name="dashboard_mails"),
    path("mail/<int:pk>/pause/", dashboards.mail_pause, name="dashboard_mail_pause"),
    path("mail/<int:pk>/resume/", dashboards.mail_resume, name="dashboard_mail_resume"),
    path("mail/<int:pk>/end/", dashboards.mail_end, name="dashboard_mail_end"),
]
