"""Routes of the joint plan: links for the customer, and what stands behind them."""

urlpatterns: list = []
