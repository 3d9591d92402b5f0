"""Routes of the joint plan: links for the customer, and what stands behind them."""

from django.urls import path

from plans.views import sharing

urlpatterns: list = [
    path("<int:pk>/links/", sharing.share_list, name="share_list"),
    path("<int:pk>/links/new/", sharing.share_add, name="share_add"),
    path("links/<int:pk>/", sharing.share_preview, name="share_preview"),
    path("links/<int:pk>/prolong/", sharing.share_prolong, name="share_prolong"),
    path("links/<int:pk>/end/", sharing.share_end, name="share_end"),
]
