"""Pages of the foundation, by noun."""
