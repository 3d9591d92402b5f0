"""All routes. The apps above stand here as strings only."""

from django.urls import include, path

from kam import lookup
from kam.importing import views as imports
from kam.styleguide import styleguide
from kam.views import (
    company,
    history,
    home,
    jobs,
    notifications,
    people,
    preferences,
    search,
    substitutes,
    teams,
)

foundation = (
    [
        path("", home.home, name="home"),
        path("home/messages/", home.home_messages, name="home_messages"),
        path("home/installation/", home.home_installation, name="home_installation"),
        path("search/", search.search, name="search"),
        path("notifications/", notifications.notification_list, name="notifications"),
        path("notifications/read/", notifications.notifications_read, name="notifications_read"),
        path("notifications/<int:pk>/", notifications.notification_open, name="notification_open"),
        path(
            "notifications/<int:pk>/read/",
            notifications.notification_read,
            name="notification_read",
        ),
        path("preferences/", preferences.preferences, name="preferences"),
        path("preferences/menu/", preferences.user_menu, name="user_menu"),
        path("preferences/tokens/", preferences.token_create, name="token_create"),
        path("preferences/tokens/<int:pk>/revoke/", preferences.token_revoke, name="token_revoke"),
        path("act-for/", preferences.act_for, name="act_for"),
        path("substitutes/", substitutes.substitution_list, name="substitution_list"),
        path("substitutes/new/", substitutes.substitution_create, name="substitution_create"),
        path(
            "substitutes/<int:pk>/archive/",
            substitutes.substitution_archive,
            name="substitution_archive",
        ),
        path("jobs/", jobs.job_list, name="job_list"),
        path("jobs/<int:pk>/", jobs.job_detail, name="job_detail"),
        path("jobs/<int:pk>/cancel/", jobs.job_cancel, name="job_cancel"),
        path("jobs/<int:pk>/result/", jobs.job_result, name="job_result"),
        path("people/<int:pk>/", people.user_detail, name="user_detail"),
        path("history/<str:model>/<int:pk>/", history.history, name="history"),
        path(
            "history/<str:model>/<int:pk>/restore/",
            history.history_restore,
            name="history_restore",
        ),
        path("administration/people/", people.PeopleList.as_view(), name="user_list"),
        path("administration/people/new/", people.user_create, name="user_create"),
        path("administration/people/<int:pk>/", people.user_edit, name="user_edit"),
        path("administration/people/<int:pk>/archive/", people.user_archive, name="user_archive"),
        path("administration/people/<int:pk>/restore/", people.user_restore, name="user_restore"),
        path(
            "administration/people/<int:pk>/password-mail/",
            people.user_password_mail,
            name="user_password_mail",
        ),
        path(
            "administration/people/<int:pk>/tokens/",
            people.user_token_create,
            name="user_token_create",
        ),
        path(
            "administration/people/<int:pk>/tokens/<int:token_pk>/revoke/",
            people.user_token_revoke,
            name="user_token_revoke",
        ),
        path("administration/teams/", teams.team_list, name="team_list"),
        path("administration/teams/new/", teams.team_create, name="team_create"),
        path("administration/teams/<int:pk>/", teams.team_edit, name="team_edit"),
        path("administration/teams/<int:pk>/archive/", teams.team_archive, name="team_archive"),
        path("administration/teams/<int:pk>/restore/", teams.team_restore, name="team_restore"),
        path("administration/settings/", company.settings, name="settings"),
        path("administration/settings/logo/", company.settings_logo, name="settings_logo"),
        path("administration/rates/", company.rates, name="rates"),
        path("administration/rates/copy/", company.rates_copy, name="rates_copy"),
        path("administration/audit/", history.audit, name="audit"),
        path("administration/import/", imports.import_list, name="import_list"),
        path("administration/import/new/", imports.import_create, name="import_create"),
        path("administration/import/<int:pk>/", imports.import_result, name="import_result"),
        path("administration/import/<int:pk>/map/", imports.import_map, name="import_map"),
        path(
            "administration/import/<int:pk>/map.toml",
            imports.import_map_download,
            name="import_map_download",
        ),
        path("administration/import/<int:pk>/file/", imports.import_file, name="import_file"),
        path(
            "administration/import/<int:pk>/preview/", imports.import_preview, name="import_preview"
        ),
        path(
            "administration/import/<int:pk>/progress/",
            imports.import_progress,
            name="import_progress",
        ),
        path("administration/import/<int:pk>/apply/", imports.import_apply, name="import_apply"),
        path("administration/import/<int:pk>/cancel/", imports.import_cancel, name="import_cancel"),
        path(
            "administration/import/maps/<int:pk>.toml",
            imports.import_map_saved,
            name="import_map_saved",
        ),
        path("lookup/<slug:name>/", lookup.offer, name="lookup"),
        path("styleguide/", styleguide, name="styleguide"),
    ],
    "kam",
)

handler400 = "kam.views.errors.bad_request"
handler403 = "kam.views.errors.forbidden"
handler404 = "kam.views.errors.not_found"
handler500 = "kam.views.errors.server_error"

urlpatterns = [
    path("api/v1/", include("kam.api.urls")),
    path("sign-in/", include("kam.sign_in_urls")),
    path("accounts/", include("accounts.urls")),
    path("portfolio/", include("portfolio.urls")),
    path("plans/", include("plans.urls")),
    path("joint/", include("plans.urls.joint")),
    path("", include(foundation)),
]
