"""Writes on what the company keeps for all accounts: product lines, products, industries."""

from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Industry, Product, ProductLine
from kam import editing
from kam.forms import violation

Entry = TypeVar("Entry", Product, ProductLine, Industry)


def create_entry(entry: Entry) -> Entry:
    """Keeps a new product line, product or industry. Raises ``ValidationError`` by field."""
    entry.full_clean(exclude=["path"])
    try:
        with transaction.atomic():
            entry.save()
    except IntegrityError as error:
        raise violation(error, type(entry)) from error
    entry.refresh_from_db()
    return entry


def change_entry(
    row: Entry, changes: Any, *, base_version: int | None = None, overwrite: bool = False
) -> Entry:
    """Saves touched fields. A line that stands below itself is refused in words."""
    above = changes.get("parent")
    if isinstance(row, ProductLine) and above is not None:
        above = ProductLine.objects.get(pk=getattr(above, "pk", above))
        if row.pk in above.path:
            raise ValidationError(
                {"parent": _("A product line cannot stand below itself or what is in it.")}
            )
    try:
        return editing.save_fields(row, changes, base_version=base_version, overwrite=overwrite)
    except IntegrityError as error:
        raise violation(error, type(row)) from error


def archive_entry(row: Entry) -> Entry:
    """Takes an entry out of use. A line with lines or products in use is not empty: refused."""
    if isinstance(row, ProductLine):
        inside = row.children.active().count() + row.products.active().count()
        if inside:
            text = ngettext(
                "%(n)d line or product stands in this line. Archive it or move it first.",
                "%(n)d lines and products stand in this line. Archive or move them first.",
                inside,
            )
            raise ValidationError(text % {"n": inside})
    return editing.archive(row)


def restore_entry(row: Entry) -> Entry:
    """Brings an entry back into use; the line that it stands in must be in use."""
    above = getattr(row, "line", None) or getattr(row, "parent", None)
    if above is not None and above.archived_at:
        raise ValidationError(
            _("%(name)s is archived. Restore that first."), params={"name": above}
        )
    return editing.restore(row)
