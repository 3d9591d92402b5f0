"""A person's scope as a part of a statement of our own."""

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet


def keys_sql(rows: QuerySet, prefix: str) -> tuple[str, dict[str, Any]]:
    """``SELECT id …`` of these rows, its values named ``prefix_0`` and so on; and the values.

    Of no rows at all it is a statement that finds none.
    """
    try:
        statement, values = rows.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return "SELECT NULL::bigint WHERE false", {}
    names = {f"{prefix}_{index}": value for index, value in enumerate(values)}
    return statement % tuple(f"%({name})s" for name in names), names
