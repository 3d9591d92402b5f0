"""A second database connection for words that must not wait for the work's own transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper


@contextmanager
def sideline(alias: str = "default") -> Iterator[Any]:
    """A cursor in autocommit mode on a connection of its own, closed at the end."""
    main = connections[alias]
    side: BaseDatabaseWrapper = main.copy()
    try:
        with side.cursor() as cursor:
            yield cursor
    finally:
        side.close()
