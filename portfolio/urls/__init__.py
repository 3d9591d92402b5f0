"""The portfolio's routes, by what they are about."""

from portfolio.urls import criteria, inputs, matrix, nominations, scores

app_name = "portfolio"
urlpatterns = [
    *scores.urlpatterns,
    *criteria.urlpatterns,
    *inputs.urlpatterns,
    *matrix.urlpatterns,
    *nominations.urlpatterns,
]
