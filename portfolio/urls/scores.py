from django.urls import path

from portfolio.views import scores

urlpatterns = [
    path("accounts/<int:pk>/scores/", scores.account_scores, name="account_scores"),
    path("accounts/<int:pk>/scores/history/", scores.account_history, name="score_history"),
    path("runs/", scores.run_list, name="run_list"),
    path("runs/now/", scores.score_now, name="score_now"),
]
