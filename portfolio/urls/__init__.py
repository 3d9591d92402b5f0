"""The portfolio's routes, by what they are about."""

from portfolio.urls import criteria, dashboards, inputs, matrix, nominations, scores

app_name = "portfolio"
urlpatterns = [
    *dashboards.urlpatterns,
    *scores.urlpatterns,
    *criteria.urlpatterns,
    *inputs.urlpatterns,
    *matrix.urlpatterns,
    *nominations.urlpatterns,
]
