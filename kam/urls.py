"""All routes. The apps above stand here as strings only."""

from django.urls import include, path

from kam.styleguide import styleguide
from kam.views import home

foundation = (
    [
        path("", home.home, name="home"),
        path("styleguide/", styleguide, name="styleguide"),
    ],
    "kam",
)

urlpatterns = [
    path("api/v1/", include("kam.api.urls")),
    path("sign-in/", include("allauth.urls")),
    path("accounts/", include("accounts.urls")),
    path("plans/", include("plans.urls")),
    path("", include(foundation)),
]
