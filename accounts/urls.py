"""Routes of the customers' pages."""

app_name = "accounts"
urlpatterns: list = []
