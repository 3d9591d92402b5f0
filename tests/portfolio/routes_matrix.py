from tests.portfolio.scoring import scored
from tests.route_table import ADMINISTRATORS, EVERYBODY, Route


def cell(cast):
    return {"pk": scored(cast).cell("all").pk, "field": "goal"}


ROUTES: list[Route] = [
    Route("portfolio:matrix"),
    Route("portfolio:matrix_accounts", ok=302),  # nothing is scored yet
    Route("portfolio:matrix_pdf", ok=302),
    Route(
        "portfolio:cell_edit", "directory", cell,
        ok_for=ADMINISTRATORS, refused=EVERYBODY - ADMINISTRATORS,
    ),
    Route(
        "portfolio:cell_edit", "directory", cell, method="post", ok=302,
        data=lambda cast: {"goal": "Grow together", "version": scored(cast).cell("all").version},
        ok_for=ADMINISTRATORS, refused=EVERYBODY - ADMINISTRATORS,
    ),
]  # fmt: skip
NO_FOREIGN_ROW: dict[str, str] = {"portfolio:cell_edit": "a directory: everybody sees every row"}
