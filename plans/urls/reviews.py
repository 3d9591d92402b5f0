"""Routes of reviews and what falls due."""

from django.urls import path

from plans.views import review_people, review_reports, reviews

urlpatterns: list = [
    path("reviews/", reviews.ReviewList.as_view(), name="review_list"),
    path("reviews/<int:pk>/", reviews.detail, name="review_detail"),
    path("reviews/<int:pk>/begin/", reviews.begin, name="review_begin"),
    path("reviews/<int:pk>/present/", reviews.present, name="review_present"),
    path("reviews/<int:pk>/decide/", reviews.decide, name="review_decide"),
    path("reviews/<int:pk>/hold/", reviews.hold, name="review_hold"),
    path("reviews/<int:pk>/people/", review_people.person_add, name="review_person_add"),
    path(
        "reviews/people/<int:pk>/archive/",
        review_people.person_archive,
        name="review_person_archive",
    ),
    path("reviews/<int:pk>/skip/", reviews.skip, name="review_skip"),
    path("reviews/<int:pk>/edit/<slug:field>/", reviews.EditReview.as_view(), name="review_edit"),
    path("reviews/<int:pk>/pdf/", review_reports.pack_pdf, name="review_pdf"),
    path("<int:pk>/business-review/", review_reports.choose, name="qbr"),
    path("<int:pk>/business-review/pdf/", review_reports.customer_pdf, name="qbr_pdf"),
    path("<int:pk>/reviews/", reviews.plan_reviews, name="plan_reviews"),
    path("<int:pk>/reviews/add/", reviews.review_add, name="review_add"),
    path("home/reviews/", reviews.home, name="home_reviews"),
    path("settings/", reviews.settings, name="settings"),
]
