"""Routes of strategies, steps of goals, scorecard, and the views of activities."""

from django.urls import path

from plans.views import activity_page, board, feed, goal_page, goals, timeline

urlpatterns: list = [
    path("<int:pk>/scorecard/", goals.scorecard, name="scorecard"),
    path("goals/<int:pk>/", goal_page.goal_detail, name="goal_detail"),
    path("goals/<int:pk>/steps/add/", goal_page.step_add, name="step_add"),
    path("steps/<int:pk>/edit/<slug:field>/", goal_page.EditStep.as_view(), name="step_edit"),
    path("steps/<int:pk>/keep/", goal_page.step_keep, name="step_keep"),
    path("steps/<int:pk>/archive/", goal_page.step_archive, name="step_archive"),
    path("steps/<int:pk>/restore/", goal_page.step_restore, name="step_restore"),
    path("<int:pk>/strategies/add/", goals.strategy_add, name="strategy_add"),
    path(
        "strategies/<int:pk>/edit/<slug:field>/",
        goals.EditStrategy.as_view(),
        name="strategy_edit",
    ),
    path("strategies/<int:pk>/archive/", goals.strategy_archive, name="strategy_archive"),
    path("strategies/<int:pk>/restore/", goals.strategy_restore, name="strategy_restore"),
    path("<int:pk>/timeline/", timeline.plan_timeline, name="plan_timeline"),
    path("activities/board/", board.ActivityBoard.as_view(), name="activity_board"),
    path("activities/<int:pk>/", activity_page.activity_detail, name="activity_detail"),
    path("activities/<int:pk>/move/", board.activity_move, name="activity_move"),
    path("activities/<int:pk>/people/add/", activity_page.person_add, name="person_add"),
    path(
        "activities/people/<int:pk>/archive/", activity_page.person_archive, name="person_archive"
    ),
    path("calendar/", feed.calendar_feed, name="calendar_feed"),
    path("calendar/issue/", feed.feed_issue, name="feed_issue"),
    path("calendar/revoke/", feed.feed_revoke, name="feed_revoke"),
    path("calendar/<str:secret>.ics", feed.calendar, name="calendar"),
]
