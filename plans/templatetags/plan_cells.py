"""A value in a table's cell that is edited where it stands, in as few bytes as it takes.

The table's body says once where the form goes: ``hx-target="closest a" hx-swap="outerHTML"``.
"""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from kam.inplace import view_for
from kam.number_text import as_decimal
from plans.forms import typed

register = template.Library()


@register.simple_tag(takes_context=True)
def cell(context: template.Context, row: Any, name: str) -> SafeString:
    """One field of a row: a link that opens its form, where this person may change it."""
    view = view_for(type(row))
    value = view.display(row, name)
    request = context.get("request")
    if not context.get("may_edit") or not view.may_edit(getattr(request, "user", None), row, name):
        return value or SafeString('<span class="missing">–</span>')
    if not value:
        value = format_html(
            '<span aria-hidden="true">–</span><span class="sr-only">{}: {}</span>',
            view.label(name),
            _("not set"),
        )
    return format_html(
        '<a class="cell" href="{}" hx-get="{}">{}</a>',
        url := view.edit_url(row, name),
        url,
        value,
    )


@register.filter
def typed_number(value: Any, places: int = 2) -> str:
    """A number as it stands in an input: grouped, without decimals where it has none."""
    return typed(as_decimal(value), places)
