"""Routes of needs and value propositions."""

from django.urls import path

from plans.views import need_lists, needs, propositions

urlpatterns: list = [
    path("needs/", need_lists.NeedList.as_view(), name="need_list"),
    path("needs/accounts/", need_lists.PotentialList.as_view(), name="potential_list"),
    path("<int:pk>/needs/", needs.need_of_plan, name="need_of_plan"),
    path("<int:pk>/needs/add/", needs.need_add, name="need_add"),
    path("needs/<int:pk>/", needs.need_detail, name="need_detail"),
    path("needs/<int:pk>/edit/<slug:field>/", needs.EditNeed.as_view(), name="need_edit"),
    *(
        path(f"needs/<int:pk>/{step}/", needs.need_step, {"step": step}, name=f"need_{step}")
        for step in needs.TAKE
    ),
    *(
        path(f"needs/<int:pk>/{step}/", needs.need_ask, {"step": step}, name=f"need_{step}")
        for step in needs.ASKING
    ),
    path("needs/<int:pk>/archive/", needs.need_archive, name="need_archive"),
    path("needs/<int:pk>/restore/", needs.need_restore, name="need_restore"),
    path("<int:pk>/propositions/", propositions.proposition_list, name="proposition_list"),
    path("<int:pk>/propositions/add/", propositions.proposition_add, name="proposition_add"),
    path(
        "propositions/<int:pk>/edit/<slug:field>/",
        propositions.EditProposition.as_view(),
        name="proposition_edit",
    ),
    path(
        "propositions/<int:pk>/archive/",
        propositions.proposition_archive,
        name="proposition_archive",
    ),
    path(
        "propositions/<int:pk>/restore/",
        propositions.proposition_restore,
        name="proposition_restore",
    ),
]
