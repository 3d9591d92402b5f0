"""Trees in PostgreSQL: each node keeps the path of ids from the top, set by triggers.

``path`` is ``[top, …, parent, self]``: the whole subtree of X is ``path @> {X}`` (GIN index), its
depth is the length, its top is ``path[1]``. A parent that would close a circle is refused by the
database, whoever asks, in bulk updates and under concurrency too.
"""

from typing import Any, ClassVar, Protocol, Self, TypeVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import connection, models
from django.utils.translation import gettext_lazy as _


class SetPath(pgtrigger.Trigger):
    """Computes the path from the parent's; refuses circles. One mover at a time in each table."""

    name = "tree_1_set_path"
    when = pgtrigger.Before
    operation = pgtrigger.Insert | pgtrigger.Update
    declare = [("above", "bigint[]")]

    def get_func(self, model: models.Model | type[models.Model]) -> str:
        table = model._meta.db_table
        return f"""
            IF TG_OP = 'UPDATE' AND NEW.parent_id IS NOT DISTINCT FROM OLD.parent_id
               AND NEW.path IS NOT DISTINCT FROM OLD.path THEN
                RETURN NEW;
            END IF;
            IF NEW.parent_id IS NULL THEN
                NEW.path = ARRAY[NEW.id];
                RETURN NEW;
            END IF;
            PERFORM pg_advisory_xact_lock(hashtext('tree:{table}'));
            SELECT path INTO above FROM {table} WHERE id = NEW.parent_id;
            IF NEW.id = ANY(above) OR NEW.parent_id = NEW.id THEN
                RAISE EXCEPTION 'circle: % can not stand below itself', NEW.id
                    USING ERRCODE = 'check_violation', CONSTRAINT = '{table}_no_circle';
            END IF;
            NEW.path = above || NEW.id;
            RETURN NEW;
        """


class MoveSubtree(pgtrigger.Trigger):
    """Carries a node's new path down to its children (and they to theirs)."""

    name = "tree_2_move_subtree"
    when = pgtrigger.After
    operation = pgtrigger.Update
    condition = pgtrigger.Condition("OLD.path IS DISTINCT FROM NEW.path")

    def get_func(self, model: models.Model | type[models.Model]) -> str:
        return f"""
            UPDATE {model._meta.db_table} SET path = '{{}}' WHERE parent_id = NEW.id;
            RETURN NULL;
        """


def lock_tree(model: type[models.Model]) -> None:
    """Waits until nobody else moves nodes in this table, and keeps others waiting until the commit.

    The trigger takes the same lock; taken before the rows are locked, moves cannot deadlock.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext(%s))", [f"tree:{model._meta.db_table}"]
        )


class TreeNode(models.Model):
    """A model whose rows form a forest through ``parent``."""

    parent = models.ForeignKey(
        "self",
        verbose_name=_("parent"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
    )
    path = ArrayField(models.BigIntegerField(), default=list, editable=False)

    class Meta:
        abstract = True
        triggers: ClassVar[list[pgtrigger.Trigger]] = [SetPath(), MoveSubtree()]
        indexes = [GinIndex(fields=["path"], name="%(app_label)s_%(class)s_path")]

    @property
    def depth(self) -> int:
        """How many nodes stand above this one."""
        return len(self.path) - 1


class Filtered(Protocol):
    """What a queryset gives to a mixin."""

    def filter(self, *conditions: models.Q, **lookups: Any) -> Self: ...


Q = TypeVar("Q", bound=Filtered)


class TreeQueries:
    """Chainable questions to a tree: a mixin for a queryset class."""

    def under(self: Q, *tops: int) -> Q:
        """The nodes with these ids and everything below them."""
        return self.filter(path__overlap=list(tops))

    def tops(self: Q) -> Q:
        return self.filter(parent__isnull=True)
