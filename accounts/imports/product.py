"""Product lines and products from a file."""

from django.utils.translation import gettext_lazy

from accounts.imports.references import LINES
from accounts.models import Product, ProductLine
from kam.importing.resource import Column, Resource, register


@register
class ProductLines(Resource):
    """Product lines by name, under one another in any order."""

    name = "product_lines"
    label = gettext_lazy("Product lines")
    help = gettext_lazy("One row for each line; lines stand under lines.")
    order = 30
    model = ProductLine
    key = ("name",)
    parent = "parent"
    columns = (
        Column.of(
            ProductLine, "name", folded=True, aliases=("line", "product line", "series", "category")
        ),
        Column.of(ProductLine, "parent", reference=LINES, aliases=("parent line", "above")),
    )


@register
class Products(Resource):
    """Products by number, each in a line."""

    name = "products"
    label = gettext_lazy("Products")
    help = gettext_lazy("One row for each product, known by its number.")
    order = 40
    model = Product
    key = ("number",)
    may_create = ("line",)
    columns = (
        Column.of(
            Product,
            "number",
            aliases=(
                "product number",
                "product no",
                "item number",
                "sku",
                "article",
                "varenummer",
                "artikelnummer",
            ),
        ),
        Column.of(Product, "name", aliases=("product", "product name", "item")),
        Column.of(Product, "line", reference=LINES, aliases=("product line", "series", "category")),
        Column.of(Product, "unit"),
        Column.of(Product, "list_price", aliases=("price", "list price", "sales price")),
    )
