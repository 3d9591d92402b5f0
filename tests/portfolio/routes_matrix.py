from tests.portfolio.scoring import scored
from tests.route_table import (
    ADMINISTRATORS,
    EDITS_ALL,
    EVERYBODY,
    SEES_ACCOUNT,
    SEES_FOREIGN,
    Route,
)


def cell(cast):
    return {"pk": scored(cast).cell("all").pk, "field": "goal"}


def cell_key(cast):
    return {"pk": scored(cast).cell("all").pk}


def own(cast):
    return {"pk": cast.account.pk}


def foreign(cast):
    return {"pk": cast.foreign.pk}


ROUTES: list[Route] = [
    Route("portfolio:matrix"),
    Route("portfolio:matrix_accounts", ok=302),  # nothing is scored yet
    Route("portfolio:matrix_pdf", ok=302),
    Route("portfolio:concentration_pdf"),
    Route(
        "portfolio:cell_edit", "directory", cell,
        ok_for=ADMINISTRATORS, refused=EVERYBODY - ADMINISTRATORS,
    ),
    Route(
        "portfolio:cell_edit", "directory", cell, method="post", ok=302,
        data=lambda cast: {"goal": "Together", "version": scored(cast).cell("all").version},
        ok_for=ADMINISTRATORS, refused=EVERYBODY - ADMINISTRATORS,
    ),
    *(
        Route(f"portfolio:{name}")
        for name in ("concentration", "concentration_trend", "concentration_bridge", "white_space")
    ),
    Route("portfolio:what_if_lost", "own", own, ok_for=SEES_ACCOUNT),
    Route("portfolio:what_if_lost", "foreign", foreign, ok_for=SEES_FOREIGN),
    Route("api:matrix"),
    Route("api:concentration"),
    Route("api:what-if-lost", "own", own, ok_for=SEES_ACCOUNT),
    Route("api:what-if-lost", "foreign", foreign, ok_for=SEES_FOREIGN),
    Route("api:celltext-list"),
    Route("api:celltext-detail", "directory", cell_key),
    Route(
        "api:celltext-detail", "directory", cell_key, method="patch",
        data=lambda cast: {"goal": "Together"}, ok_for=EDITS_ALL, refused=EVERYBODY - EDITS_ALL,
    ),
]  # fmt: skip
NO_FOREIGN_ROW: dict[str, str] = {
    "portfolio:cell_edit": "a directory: everybody sees every row",
    "api:celltext-detail": "a directory: everybody sees every row",
}
