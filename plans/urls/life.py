"""Routes of versions, comparing, copying, making many."""

from django.urls import path

from plans.views import life

urlpatterns: list = [
    path("<int:pk>/versions/", life.version_list, name="version_list"),
    path("versions/<int:pk>/", life.version_detail, name="version_detail"),
    path("<int:pk>/compare/", life.compare, name="compare"),
    path("<int:pk>/copy/", life.copy, name="copy"),
]
