"""Routes of versions, comparing, amending, copying, making many."""

urlpatterns: list = []
