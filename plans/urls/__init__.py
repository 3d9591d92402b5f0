"""The routes of plans, by what they are about."""

from plans.urls import (
    levels,
    library,
    life,
    needs,
    plans,
    reviews,
    rollup,
    sections,
    sharing,
    work,
)

app_name = "plans"
urlpatterns = [
    *plans.urlpatterns,
    *sections.urlpatterns,
    *work.urlpatterns,
    *needs.urlpatterns,
    *sharing.urlpatterns,
    *life.urlpatterns,
    *reviews.urlpatterns,
    *levels.urlpatterns,
    *library.urlpatterns,
    *rollup.urlpatterns,
]
