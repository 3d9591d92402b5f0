from django.urls import URLPattern, path

from portfolio.views import concentration, concentration_report, matrix

urlpatterns: list[URLPattern] = [
    path("matrix/", matrix.page, name="matrix"),
    path("matrix/accounts/", matrix.accounts, name="matrix_accounts"),
    path("matrix/pdf/", matrix.pdf, name="matrix_pdf"),
    path("matrix/cells/<int:pk>/edit/<slug:field>/", matrix.cell_edit, name="cell_edit"),
    path("concentration/", concentration.page, name="concentration"),
    path("concentration/pdf/", concentration_report.pdf, name="concentration_pdf"),
    path("concentration/trend/", concentration.trend, name="concentration_trend"),
    path("concentration/bridge/", concentration.bridge, name="concentration_bridge"),
    path("concentration/white-space/", concentration.white_space, name="white_space"),
    path("concentration/without/<int:pk>/", concentration.lost, name="what_if_lost"),
]
