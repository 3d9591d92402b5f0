"""The columns of a list, on the page and in a file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from kam.inplace import shown
from kam.listing.keyset import Key
from kam.templatetags.kam_format import or_missing


@dataclass(frozen=True)
class Column:
    """One column: what it shows, how it sorts, what a file gets of it.

    ``show`` gives the cell (text or safe HTML), by default the field ``name`` as a person reads it.
    ``export`` gives the plain value for files: a number, a date, text. ``sort`` is a path, a ``Key``
    or several of them. ``unit`` may be a function of the listing.
    """

    name: str
    label: Any
    show: Callable[[Any], Any] | None = None
    export: Callable[[Any], Any] | None = None
    sort: str | Key | Sequence[Key] | None = None
    number: bool = False
    heading: bool = False
    nowrap: bool = False
    unit: Any = ""
    in_file: bool = True
    on_page: bool = True

    @property
    def keys(self) -> tuple[Key, ...]:
        if self.sort is None:
            return ()
        if isinstance(self.sort, str):
            return (Key(self.sort),)
        return (self.sort,) if isinstance(self.sort, Key) else tuple(self.sort)

    @property
    def css(self) -> str:
        return "num" if self.number else "nowrap" if self.nowrap else ""

    def unit_in(self, listing: Any) -> Any:
        return self.unit(listing) if callable(self.unit) else self.unit

    def cell(self, row: Any) -> Any:
        if self.show is not None:
            return or_missing(self.show(row))
        value = or_missing(shown(row, self.name))
        if self.heading and hasattr(row, "get_absolute_url"):
            return format_html('<a href="{}">{}</a>', row.get_absolute_url(), value)
        return value

    def plain(self, row: Any) -> Any:
        if self.export is not None:
            return self.export(row)
        field = row._meta.get_field(self.name)
        if getattr(field, "choices", None):
            return getattr(row, f"get_{self.name}_display")()
        return getattr(row, self.name)


def cells(row: Any, columns: Sequence[Column], pick: str) -> SafeString:
    """A row's cells. Written here: fifty rows through the template's loops cost twice the time."""
    parts = []
    if pick:
        label = conditional_escape(pick % {"name": row})
        parts.append(
            f'<td class="pick"><input type="checkbox" name="ids" value="{row.pk}" form="bulk"'
            f' aria-label="{label}"></td>'
        )
    for column in columns:
        text = conditional_escape(column.cell(row))
        if column.heading:
            parts.append(f'<th scope="row">{text}</th>')
        elif column.css:
            parts.append(f'<td class="{column.css}">{text}</td>')
        else:
            parts.append(f"<td>{text}</td>")
    return mark_safe("".join(parts))  # each text has been escaped
