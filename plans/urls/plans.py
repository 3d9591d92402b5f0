"""Routes of plans with their targets, goals and activities."""

from django.urls import path

from plans.services import lifecycle
from plans.views import activities, goals, home, plans, steps, targets

urlpatterns: list = [
    path("", plans.PlanList.as_view(), name="list"),
    path("without/", plans.UnplannedList.as_view(), name="unplanned_list"),
    path("create/", plans.create, name="create"),
    path("<int:pk>/", plans.detail, name="detail"),
    path("<int:pk>/edit/<slug:field>/", plans.EditPlan.as_view(), name="edit"),
    path("<int:pk>/why/", plans.why, name="why"),
    *(path(f"<int:pk>/{step}/", steps.take, {"step": step}, name=step) for step in lifecycle.STEPS),
    path("<int:pk>/archive/", steps.archive, name="archive"),
    path("<int:pk>/restore/", steps.restore, name="restore"),
    path("<int:pk>/targets/", targets.target_list, name="target_list"),
    path("<int:pk>/targets/add/", targets.target_add, name="target_add"),
    path("<int:pk>/targets/suggest/", targets.target_suggest, name="target_suggest"),
    path("<int:pk>/targets/edit/", targets.target_edit, name="target_edit"),
    path("targets/<int:pk>/phase/", targets.target_phase, name="target_phase"),
    path("targets/<int:pk>/archive/", targets.target_archive, name="target_archive"),
    path("targets/<int:pk>/restore/", targets.target_restore, name="target_restore"),
    path("<int:pk>/goals/", goals.goal_list, name="goal_list"),
    path("<int:pk>/goals/add/", goals.goal_add, name="goal_add"),
    path("goals/<int:pk>/edit/<slug:field>/", goals.EditGoal.as_view(), name="goal_edit"),
    path("goals/<int:pk>/archive/", goals.goal_archive, name="goal_archive"),
    path("goals/<int:pk>/restore/", goals.goal_restore, name="goal_restore"),
    path("<int:pk>/activities/", activities.plan_activities, name="plan_activities"),
    path("<int:pk>/activities/add/", activities.activity_add, name="activity_add"),
    path("activities/", activities.ActivityList.as_view(), name="activity_list"),
    path(
        "activities/<int:pk>/edit/<slug:field>/",
        activities.EditActivity.as_view(),
        name="activity_edit",
    ),
    path("activities/<int:pk>/finish/", activities.activity_finish, name="activity_finish"),
    path("activities/<int:pk>/resume/", activities.activity_resume, name="activity_resume"),
    path("activities/<int:pk>/archive/", activities.activity_archive, name="activity_archive"),
    path("activities/<int:pk>/restore/", activities.activity_restore, name="activity_restore"),
    path("of-account/<int:pk>/", plans.account_plans, name="account_panel"),
    path(
        "of-account/<int:pk>/activities/", activities.account_activities, name="account_activities"
    ),
    path("home/activities/", home.activities, name="home_activities"),
    path("home/late/", home.late, name="home_late"),
    path("home/approvals/", home.approvals, name="home_approvals"),
    path("home/plans/", home.plans, name="home_plans"),
    path("home/figures/", home.figures, name="home_figures"),
]
