from django.urls import URLPattern, path

from portfolio.views import matrix

urlpatterns: list[URLPattern] = [
    path("matrix/", matrix.page, name="matrix"),
    path("matrix/accounts/", matrix.accounts, name="matrix_accounts"),
    path("matrix/pdf/", matrix.pdf, name="matrix_pdf"),
    path("matrix/cells/<int:pk>/edit/<slug:field>/", matrix.cell_edit, name="cell_edit"),
]
