"""Routes of plans of KAM, team and company, cascades, forecasts."""

urlpatterns: list = []
