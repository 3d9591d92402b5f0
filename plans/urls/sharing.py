"""Routes of the joint plan: links for the customer, and what stands behind them."""

from django.urls import path

from plans.views import comments, presence, readers, sharing

urlpatterns: list = [
    path("<int:pk>/links/", sharing.share_list, name="share_list"),
    path("<int:pk>/links/new/", sharing.share_add, name="share_add"),
    path("links/<int:pk>/", sharing.share_preview, name="share_preview"),
    path("links/<int:pk>/prolong/", sharing.share_prolong, name="share_prolong"),
    path("links/<int:pk>/end/", sharing.share_end, name="share_end"),
    path("<int:pk>/presence/", presence.presence, name="presence"),
    path("sections/<int:pk>/readers/", readers.section_readers, name="section_readers"),
    path("<int:pk>/comments/", comments.comment_list, name="comment_list"),
    path("<int:pk>/comments/add/", comments.comment_add, name="comment_add"),
    path("<int:pk>/comments/people/", comments.comment_people, name="comment_people"),
    path(
        "comments/<int:pk>/edit/<slug:field>/",
        comments.EditComment.as_view(),
        name="comment_edit",
    ),
    path("comments/<int:pk>/resolve/", comments.comment_resolve, name="comment_resolve"),
    path("comments/<int:pk>/reopen/", comments.comment_reopen, name="comment_reopen"),
]
