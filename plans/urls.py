"""Routes of plans, activities and the roll-up."""

app_name = "plans"
urlpatterns: list = []
