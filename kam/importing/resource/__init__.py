"""What can be imported: a resource names its fields, its key and how its rows are written.

An app declares its resources in a module named in ``RESOURCE_MODULES`` (by string: the mechanism
knows no app above) and registers them with ``@register``. Values are compared by what a person
reads (a number, a name, an e-mail address), so a preview needs no ids; ids are looked up for
references when rows are written.
"""

from kam.importing.resource.base import Resource
from kam.importing.resource.columns import KEEP, Column
from kam.importing.resource.records import Change, Key, Record, Stored
from kam.importing.resource.references import Reference
from kam.importing.resource.registry import (
    after_import,
    register,
    resource_named,
    resources,
    run_after,
)

__all__ = [
    "KEEP",
    "Change",
    "Column",
    "Key",
    "Record",
    "Reference",
    "Resource",
    "Stored",
    "after_import",
    "register",
    "resource_named",
    "resources",
    "run_after",
]
