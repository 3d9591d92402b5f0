"""Routes of what people know about accounts, and of their time."""

from django.urls import URLPattern, path

from portfolio.views import hours, hours_list, inputs, resources

urlpatterns: list[URLPattern] = [
    path("accounts/<int:pk>/estimates/", inputs.account_estimates, name="account_estimates"),
    path("accounts/<int:pk>/estimates/new/", inputs.estimate_add, name="estimate_add"),
    path("accounts/<int:pk>/judgements/", inputs.account_judgements, name="account_judgements"),
    path("accounts/<int:pk>/judgements/<slug:code>/", inputs.judgement_edit, name="judgement_edit"),
    path("accounts/<int:pk>/resources/", inputs.account_resources, name="account_resources"),
    path("accounts/<int:pk>/costs/new/", inputs.cost_add, name="cost_add"),
    path("accounts/<int:pk>/planned-hours/new/", inputs.planned_add, name="planned_add"),
    path("estimates/<int:pk>/edit/<slug:field>/", inputs.estimate_edit, name="estimate_edit"),
    path("costs/<int:pk>/edit/<slug:field>/", inputs.cost_edit, name="cost_edit"),
    path("planned-hours/<int:pk>/edit/<slug:field>/", inputs.planned_edit, name="planned_edit"),
    path("inputs/<slug:kind>/<int:pk>/archive/", inputs.input_archive, name="input_archive"),
    path("inputs/<slug:kind>/<int:pk>/restore/", inputs.input_restore, name="input_restore"),
    path("hours/", hours.hours, name="hours"),
    path("hours/list/", hours_list.hours_list, name="hours_list"),
    path("resources/", resources.resource_page, name="resources"),
    path("resources/<int:pk>/plan/", resources.replan, name="replan"),
    path("resources/<int:pk>/capacity/", resources.capacity_edit, name="capacity_edit"),
    path("settings/", resources.settings, name="settings"),
]
