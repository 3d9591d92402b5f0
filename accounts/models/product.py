"""What we sell: products in a tree of lines."""

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from kam.audit import audited
from kam.models.row import Row
from kam.scoping import DirectoryQuerySet
from kam.tree import TreeNode, TreeQueries


class ProductLineQuerySet(TreeQueries, DirectoryQuerySet):
    """Product lines: everybody knows them, administrators keep them."""


@audited()
class ProductLine(TreeNode, Row):
    """A line of products or services; lines stand in lines. Targets are set per line."""

    name = models.CharField(_("name"), max_length=120)

    objects = ProductLineQuerySet.as_manager()

    class Meta(TreeNode.Meta, Row.Meta):
        verbose_name = _("product line")
        verbose_name_plural = _("product lines")
        ordering = ["name", "id"]
        triggers = [*TreeNode.Meta.triggers, *Row.Meta.triggers]
        indexes = [*TreeNode.Meta.indexes]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="accounts_productline_name",
                violation_error_message=_("There is a product line with this name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name


@audited()
class Product(Row):
    """A product or service that is sold, in one line."""

    name = models.CharField(_("name"), max_length=150)
    number = models.CharField(_("number"), max_length=80, unique=True)
    line = models.ForeignKey(
        ProductLine,
        verbose_name=_("product line"),
        on_delete=models.PROTECT,
        related_name="products",
    )
    unit = models.CharField(_("unit"), max_length=20, blank=True)
    list_price = models.DecimalField(
        _("list price"), max_digits=14, decimal_places=2, null=True, blank=True
    )

    objects = DirectoryQuerySet.as_manager()

    class Meta(Row.Meta):
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name
