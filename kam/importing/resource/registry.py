"""Which resources there are, and what the apps do after an import."""

import importlib
from collections.abc import Callable
from typing import Any

from kam.importing.resource.base import Resource
from kam.models import ImportBatch

RESOURCE_MODULES = [
    "kam.importing.resources",
    "accounts.imports",
    "portfolio.imports",
    "plans.imports",
    "plans.plan_imports",
    "plans.section_imports",
]

_resources: dict[str, type[Resource]] = {}
_after: dict[str, list[Callable[[ImportBatch], None]]] = {}


def register(resource: type[Resource]) -> type[Resource]:
    """Class decorator: this resource can be imported."""
    _resources[resource.name] = resource
    return resource


def after_import(
    *names: str,
) -> Callable[[Callable[[ImportBatch], None]], Callable[[ImportBatch], None]]:
    """Decorator: calls the function after each import of these resources, once it is committed."""

    def keep(work: Callable[[ImportBatch], None]) -> Callable[[ImportBatch], None]:
        for name in names:
            _after.setdefault(name, []).append(work)
        return work

    return keep


def _load() -> None:
    for module in RESOURCE_MODULES:
        importlib.import_module(module)


def resources() -> list[type[Resource]]:
    """All resources, in the order in which an empty installation is filled."""
    _load()
    return sorted(_resources.values(), key=lambda r: (r.order, r.name))


def resource_named(name: str, user: Any = None) -> Resource:
    """The resource; raises KeyError."""
    _load()
    return _resources[name](user)


def run_after(batch: ImportBatch) -> None:
    """What the apps do once a batch is in: figures that follow from it."""
    _load()
    for work in _after.get(batch.resource, []):
        work(batch)
