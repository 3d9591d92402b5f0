from tests.route_table import Route

ROUTES: list[Route] = []
NO_FOREIGN_ROW: dict[str, str] = {}
