"""Routes of the classification process and of segments."""

from django.urls import URLPattern, path

from portfolio.views import nominations, segments

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
    path("segments/", segments.scheme_list, name="scheme_list"),
    path("segments/new/", segments.scheme_create, name="scheme_create"),
    path("segments/ready/", segments.scheme_ready, name="scheme_ready"),
    path("segments/place/", segments.scheme_place, name="scheme_place"),
    path("segments/schemes/<int:pk>/", segments.scheme_edit, name="scheme_edit"),
    path("segments/schemes/<int:pk>/archive/", segments.scheme_archive, name="scheme_archive"),
    path("segments/schemes/<int:pk>/restore/", segments.scheme_restore, name="scheme_restore"),
    path("segments/schemes/<int:pk>/new/", segments.segment_create, name="segment_create"),
    path("segments/<int:pk>/", segments.segment_accounts, name="segment_accounts"),
    path("segments/<int:pk>/edit/", segments.segment_edit, name="segment_edit"),
    path("segments/<int:pk>/archive/", segments.segment_archive, name="segment_archive"),
    path("segments/<int:pk>/restore/", segments.segment_restore, name="segment_restore"),
    path("segments/by-hand/<int:pk>/end/", segments.override_end, name="override_end"),
    path("accounts/<int:pk>/segments/", segments.account_segments, name="account_segments"),
    path("accounts/<int:pk>/segments/<int:scheme>/", segments.override_set, name="override_set"),
]
