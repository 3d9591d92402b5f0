"""Several statements that see the database as it is at one moment."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def one_moment() -> Iterator[None]:
    """A block whose statements all read one snapshot; nothing is written in it.

    Without it each statement sees what was committed before it began, and a page of several could
    show months from before a change and counts from after it. Inside a transaction that has begun
    already, that one decides.
    """
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        # Past Django's cursor: nothing may be said in the transaction before this.
        with connection.connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield
