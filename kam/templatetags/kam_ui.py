"""Small template tags of the design system: icons, sortable heads, initials."""

from __future__ import annotations

from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def icon(name: str, label: str = "", size: str = "") -> SafeString:
    """Return one icon of ``static/icons.svg`` as inline SVG.

    ``label`` is read out by screen readers; without it the icon is decoration.
    ``size="l"`` gives 20 px instead of 16 px.
    """
    css = "icon icon--l" if size == "l" else "icon"
    href = static("icons.svg")
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}#{}"/></svg>',
            css,
            label,
            href,
            name,
        )
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>', css, href, name
    )


@register.simple_tag
def sort_state(current: str | None, key: str) -> dict[str, str]:
    """Say how a column is sorted now and which ordering its head should ask for next.

    ``current`` is the ordering in force, such as ``-revenue``. The answer has ``aria``
    (``ascending``, ``descending`` or empty) and ``next`` (the value for ``?sort=``).
    """
    if current == key:
        return {"aria": "ascending", "next": f"-{key}"}
    if current == f"-{key}":
        return {"aria": "descending", "next": key}
    return {"aria": "", "next": key}


@register.filter
def is_checkbox(bound_field: Any) -> bool:
    """Say whether a form field is one single checkbox, whose label stands to its right."""
    return getattr(bound_field.field.widget, "input_type", "") == "checkbox" and not getattr(
        bound_field, "use_fieldset", False
    )
