"""Routes of the criteria: versions, their groups and criteria, comparisons."""

from django.urls import URLPattern, path

from portfolio.views import comparisons, criteria, criterion

urlpatterns: list[URLPattern] = [
    path("criteria/", criteria.version_list, name="version_list"),
    path("criteria/new/", criteria.version_create, name="version_create"),
    path("criteria/<int:pk>/", criteria.version_detail, name="version_detail"),
    path("criteria/<int:pk>/edit/<slug:field>/", criteria.version_edit, name="version_edit"),
    path("criteria/<int:pk>/scores/<slug:axis>/", criteria.version_axis, name="version_axis"),
    path("criteria/<int:pk>/library/", criteria.version_library, name="version_library"),
    path("criteria/<int:pk>/activate/", criteria.version_activate, name="version_activate"),
    path("criteria/<int:pk>/unschedule/", criteria.version_unschedule, name="version_unschedule"),
    path("criteria/<int:pk>/preview/", criteria.version_preview, name="version_preview"),
    path("criteria/<int:pk>/archive/", criteria.version_archive, name="version_archive"),
    path("criteria/<int:pk>/restore/", criteria.version_restore, name="version_restore"),
    path("criteria/<int:pk>/groups/new/", criterion.group_add, name="group_add"),
    path(
        "criteria/<int:pk>/compare/<slug:axis>/",
        comparisons.axis_comparison,
        name="axis_comparison",
    ),
    path("criteria/<int:pk>/weigh/<slug:axis>/", comparisons.axis_weights, name="axis_weights"),
    path("groups/<int:pk>/edit/<slug:field>/", criterion.group_edit, name="group_edit"),
    path("groups/<int:pk>/remove/", criterion.group_remove, name="group_remove"),
    path("groups/<int:pk>/restore/", criterion.group_restore, name="group_restore"),
    path("groups/<int:pk>/compare/", comparisons.group_comparison, name="group_comparison"),
    path("groups/<int:pk>/weigh/", comparisons.group_weights, name="group_weights"),
    path("groups/<int:pk>/criteria/new/", criterion.criterion_create, name="criterion_create"),
    path("criterion/<int:pk>/edit/<slug:field>/", criterion.criterion_edit, name="criterion_edit"),
    path("criterion/<int:pk>/move/", criterion.criterion_move, name="criterion_move"),
    path("criterion/<int:pk>/remove/", criterion.criterion_remove, name="criterion_remove"),
    path("criterion/<int:pk>/restore/", criterion.criterion_restore, name="criterion_restore"),
]
