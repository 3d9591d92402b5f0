"""Routes of the classification process and of segments."""

from django.urls import URLPattern, path

from portfolio.views import nominations

urlpatterns: list[URLPattern] = [
    path("nominations/", nominations.nomination_list, name="nomination_list"),
    path("nominations/waiting/", nominations.home_nominations, name="home_nominations"),
    path("nominations/<int:pk>/", nominations.nomination_detail, name="nomination_detail"),
    path("nominations/<int:pk>/edit/", nominations.nomination_edit, name="nomination_edit"),
    path("nominations/<int:pk>/accept/", nominations.nomination_accept, name="nomination_accept"),
    path(
        "nominations/<int:pk>/validate/",
        nominations.nomination_validate,
        name="nomination_validate",
    ),
    path(
        "nominations/<int:pk>/confirm/", nominations.nomination_confirm, name="nomination_confirm"
    ),
    path("nominations/<int:pk>/reject/", nominations.nomination_reject, name="nomination_reject"),
    path(
        "nominations/<int:pk>/withdraw/",
        nominations.nomination_withdraw,
        name="nomination_withdraw",
    ),
    path(
        "accounts/<int:pk>/nominations/",
        nominations.account_nominations,
        name="account_nominations",
    ),
    path("accounts/<int:pk>/nominate/", nominations.nomination_propose, name="nomination_propose"),
]
