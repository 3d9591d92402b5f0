"""Resources of plans and roll-ups."""

from rest_framework.routers import BaseRouter

from plans.api import plans, rollups


def register(router: BaseRouter) -> None:
    plans.register(router)


paths = rollups.paths
