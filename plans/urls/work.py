"""Routes of strategies, steps of goals, scorecard, and the views of activities."""

urlpatterns: list = []
