"""Migrations of many models in a blink.

Django renders the models anew after each operation, so that a migration of two hundred operations
(each audited model has half a dozen triggers) takes minutes. ``Together`` changes the state by all of
its operations first and touches the database with the models as they are at the end.
"""

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import AddConstraint, AddField, AddIndex, CreateModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class Together(Operation):
    """Operations that belong to one step.

    A model made here is made whole: what the step adds to it is in it already. No operation may need
    the models as they are in the middle of the step.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = operations

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return self.__class__.__name__, [], {"operations": self.operations}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.__dict__.pop("apps", None)  # rendered once, when all is said
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        made = {o.name_lower for o in self.operations if isinstance(o, CreateModel)}
        for operation in self.operations:
            if (
                isinstance(operation, AddField | AddIndex | AddConstraint)
                and operation.model_name.lower() in made
            ):
                continue
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        made = {o.name_lower for o in self.operations if isinstance(o, CreateModel)}
        for operation in reversed(self.operations):
            named = getattr(operation, "model_name", None)
            if named is not None and named.lower() in made:
                continue
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return f"{len(self.operations)} operations together"
