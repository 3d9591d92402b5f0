"""Values that are edited where they stand; see ``kam.inplace``."""

from typing import Any

from django import template

from kam.inplace import view_for

register = template.Library()


def _allowed(context: template.Context, row: Any, name: str, may: Any) -> bool:
    """The page's own answer (``may_edit``: yes, no, or the ids that may be edited) and the view's."""
    may = context.get("may_edit", False) if may is None else may
    if not isinstance(may, bool):
        may = row.pk in may
    request = context.get("request")
    return bool(may) and view_for(type(row)).may_edit(getattr(request, "user", None), row, name)


@register.inclusion_tag("kam/inplace/value.html", takes_context=True)
def editable(context: template.Context, row: Any, name: str, may: Any = None) -> dict[str, Any]:
    """A field's value, with its edit link where this person may change it.

    The page computes ``may_edit`` once and passes it in its context; no query is made here.
    """
    view = view_for(type(row))
    return view.context(row, name, editable=_allowed(context, row, name, may))


@register.inclusion_tag("kam/inplace/autosave.html", takes_context=True)
def autosave(context: template.Context, row: Any, name: str, may: Any = None) -> dict[str, Any]:
    """Long text that saves by itself while one writes; plain text for those who only read."""
    view = view_for(type(row))
    if not _allowed(context, row, name, may):
        return view.context(row, name, editable=False)
    form = view.form_for(row, name, context["request"].user)
    for field in form.fields.values():
        field.show_hidden_initial = False  # the script says which fields were touched
    return {
        **view.context(row, name, editable=True),
        "form": form,
        "version": row.version,
        "draft": view.dom_id(row, name),
        "csrf_token": context.get("csrf_token"),
    }


@register.simple_tag
def field_label(row: Any, name: str) -> str:
    """The name of a field or group as its view writes it."""
    return view_for(type(row)).label(name)
