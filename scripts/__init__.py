"""What surrounds the product: installing, proving, looking at it."""
