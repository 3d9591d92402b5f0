"""The route table's rows of versions, comparing, copying."""

from typing import Any

from plans import versions
from tests.plans.route_rows import foreign_plan, plan, seen, steered


def frozen(plan_of):
    """The plan has a version; the route's row is the plan."""

    def args(cast):
        row = plan_of(cast)
        if not row.versions.exists():
            versions.freeze(row, "approved", cast.leader)
        return {"pk": row.pk}

    return args


def version_of(plan_of):
    def args(cast):
        frozen(plan_of)(cast)
        return {"pk": plan_of(cast).versions.get().pk}

    return args


def own(cast):
    return cast.plan


def foreign(cast):
    return cast.foreign_plan


ROUTES: list = [
    *seen("plans:version_list", plan, foreign_plan),
    *seen("plans:version_detail", version_of(own), version_of(foreign)),
    *seen("plans:compare", frozen(own), frozen(foreign)),
    *steered("plans:copy", plan, foreign_plan, method="get", ok=200),
    *steered("plans:copy", plan, foreign_plan, data=lambda c: {"growth": "0"}),
]
NO_FOREIGN_ROW: dict[str, Any] = {}
