"""The dashboard's tiles: each a table with its picture, the same for page, PDF and workbook."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy

from portfolio.dashboard.asked import (
    FILTERS,
    Asked,
    as_query,
    errors_of,
    filter_words,
    night_words,
    without_rate,
)
from portfolio.dashboard.risk import bridge, pareto, trend
from portfolio.dashboard.table import Table
from portfolio.dashboard.tiles import (
    cells,
    improvement,
    key_accounts,
    key_share,
    moves,
    portfolios,
)


@dataclass(frozen=True, slots=True)
class Tile:
    """A panel of the dashboard that this app fills; ``of_scores``: it needs a scored night."""

    name: str
    title: Any
    make: Callable[[Asked], Table]
    of_scores: bool = True


TILES: Mapping[str, Tile] = {
    tile.name: tile
    for tile in (
        Tile("cells", gettext_lazy("Where the accounts stand"), cells),
        Tile("key-share", gettext_lazy("Key accounts and the others"), key_share),
        Tile("pareto", gettext_lazy("How far sales hang on few"), pareto, of_scores=False),
        Tile("bridge", gettext_lazy("From last year to this"), bridge, of_scores=False),
        Tile("portfolios", gettext_lazy("Portfolios"), portfolios),
        Tile("key-accounts", gettext_lazy("The largest key accounts"), key_accounts),
        Tile("improvement", gettext_lazy("Where most is to be won"), improvement),
        Tile("moves", gettext_lazy("Accounts in another cell"), moves),
        Tile("trend", gettext_lazy("Concentration over the years"), trend, of_scores=False),
    )
}

__all__ = [
    "FILTERS",
    "TILES",
    "Asked",
    "Table",
    "Tile",
    "as_query",
    "errors_of",
    "filter_words",
    "night_words",
    "without_rate",
]
