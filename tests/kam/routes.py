"""The foundation's part of the route table; see tests/route_table.py."""

from tests.route_table import Route

ROUTES = [
    Route("kam:home"),
    Route("kam:lookup", "directory", lambda c: {"name": "people"}, query="?q=kari"),
]
#: Routes with a row in their address that have no foreign row, and why.
NO_FOREIGN_ROW: dict[str, str] = {
    "kam:lookup": "names a kind of row; what it offers goes through the scope",
}
