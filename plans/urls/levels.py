"""Routes of plans of KAM, team and company, cascades, forecasts."""

from django.urls import path

from plans.views.levels import accuracy, along, cascade, goals, offer, plan

urlpatterns = [
    path("roll-up/plan/<slug:level>/", plan.panel, name="level_panel"),
    path("roll-up/plan/<slug:level>/<int:pk>/", plan.panel, name="level_panel"),
    path("roll-up/plan/<slug:level>/begin/", plan.begin, name="level_begin"),
    path("roll-up/plan/<slug:level>/<int:pk>/begin/", plan.begin, name="level_begin"),
    path("levels/<int:pk>/", plan.detail, name="level_detail"),
    path("levels/<int:pk>/edit/<slug:field>/", plan.EditLevelPlan.as_view(), name="level_edit"),
    path("levels/<int:pk>/goals/", goals.goal_list, name="level_goals"),
    path("levels/<int:pk>/goals/add/", goals.goal_add, name="level_goal_add"),
    path(
        "level-goals/<int:pk>/edit/<slug:field>/",
        goals.EditLevelGoal.as_view(),
        name="level_goal_edit",
    ),
    path("level-goals/<int:pk>/archive/", goals.goal_archive, name="level_goal_archive"),
    path("level-goals/<int:pk>/restore/", goals.goal_restore, name="level_goal_restore"),
    path("level-goals/<int:pk>/lines/", goals.goal_lines, name="level_goal_lines"),
    path("levels/<int:pk>/shares/", cascade.shares, name="level_shares"),
    path("levels/<int:pk>/share-out/", cascade.propose, name="level_propose"),
    path("<int:pk>/asked/", offer.offer, name="share_offer"),
    path("target-shares/<int:pk>/", cascade.answer, name="share_answer"),
    path("roll-up/accuracy/<slug:level>/", accuracy.accuracy, name="accuracy"),
    path("roll-up/accuracy/<slug:level>/<int:pk>/", accuracy.accuracy, name="accuracy"),
    path("roll-up/along/<slug:line>/<slug:level>/", along.along, name="along"),
    path("roll-up/along/<slug:line>/<slug:level>/<int:pk>/", along.along, name="along"),
    path("roll-up/along/<slug:line>/<slug:level>/lines/", along.lines, name="along_lines"),
    path("roll-up/along/<slug:line>/<slug:level>/<int:pk>/lines/", along.lines, name="along_lines"),
]
