"""Routes of sections, templates, comments, quality and presence."""

from django.urls import path

from plans.views.plans import EditSection

urlpatterns: list = [
    path("sections/<int:pk>/edit/<slug:field>/", EditSection.as_view(), name="section_edit"),
]
