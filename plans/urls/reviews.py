"""Routes of reviews and what falls due."""

urlpatterns: list = []
