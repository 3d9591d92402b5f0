"""Routes of needs and value propositions."""

urlpatterns: list = []
