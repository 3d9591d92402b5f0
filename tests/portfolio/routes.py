"""The portfolio's rows of the route table."""

from tests.portfolio import (
    routes_criteria,
    routes_dashboards,
    routes_inputs,
    routes_matrix,
    routes_nominations,
    routes_scores,
)

PARTS = (
    routes_scores,
    routes_dashboards,
    routes_criteria,
    routes_inputs,
    routes_matrix,
    routes_nominations,
)
ROUTES = [route for part in PARTS for route in part.ROUTES]
NO_FOREIGN_ROW = {name: why for part in PARTS for name, why in part.NO_FOREIGN_ROW.items()}
