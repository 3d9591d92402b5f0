"""Routes of reports: archive, schedules, books."""

urlpatterns: list = []
