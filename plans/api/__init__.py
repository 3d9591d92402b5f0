"""Plans over the API, by what it is about."""

from rest_framework.routers import BaseRouter

from plans.api import levels, library, life, needs, plans, reviews, rollups, sections, sharing, work

PARTS = (sections, work, needs, sharing, life, reviews, levels, library)
paths = [*rollups.paths, *(path for part in PARTS for path in part.paths)]


def register(router: BaseRouter) -> None:
    plans.register(router)
    for part in PARTS:
        part.register(router)
