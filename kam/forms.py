"""Forms over business rows: every choice goes through the scope of the person who fills them in."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from kam.editing import EditConflict, R
from kam.models.row import Row
from kam.scoping import ScopedQuerySet

#: Posted by forms that save by themselves: the names of the fields that the person touched.
TOUCHED = "_touched"


class RowForm(forms.ModelForm):
    """A ModelForm for a person: related rows to choose from are those that they see, in use.

    ``only`` narrows the form to some of its fields. ``changes()`` are the fields that the person
    touched: each control carries the value it began with, so that what another one saved in the
    meantime is not taken for this person's change.
    """

    def __init__(
        self, *args: Any, user: Any, only: Iterable[str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        if only is not None:
            names = list(only)
            self.fields = {name: self.fields[name] for name in names}
        for name, field in self.fields.items():
            if isinstance(field, forms.ModelChoiceField):
                lookup = getattr(field, "lookup", None)  # kam.lookup: typed, not listed
                rows = lookup.rows(user) if lookup else field.queryset
                field.queryset = self.choices_for(name, rows)
            field.show_hidden_initial = bool(self.instance.pk)
            if isinstance(field, forms.DateField):
                field.widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
                field.input_formats = ["%Y-%m-%d", *(field.input_formats or [])]

    def choices_for(self, name: str, queryset: Any) -> Any:
        """The rows that ``user`` may choose for a field; override to narrow further."""
        if not isinstance(queryset, ScopedQuerySet):
            return queryset.none()
        held = getattr(self.instance, f"{name}_id", None) if self.instance.pk else None
        seen = queryset.visible_to(self.user)
        return seen.filter(Q(archived_at__isnull=True) | Q(pk=held))

    def changes(self) -> dict[str, Any]:
        """The valid values of the touched fields."""
        touched = self.data.get(self.add_prefix(TOUCHED))
        if touched is not None:
            names = set(touched.split(","))
        else:
            names = {n for n in self.fields if not self._untouched(n)}
        return {n: _lines(v) for n, v in self.cleaned_data.items() if n in names}

    def _untouched(self, name: str) -> bool:
        bound = self[name]
        return bound.html_initial_name in self.data and name not in self.changed_data

    def add_model_errors(self, error: ValidationError) -> None:
        """Shows a service's refusal at the fields that it names."""
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for name, errors in error.error_dict.items():
            here = name if name in self.fields and name != NON_FIELD_ERRORS else None
            self.add_error(here, errors)

    def show(self, error: ValidationError | EditConflict) -> None:
        """Shows why a save was refused: a service's words, or what somebody else changed."""
        if isinstance(error, ValidationError):
            self.add_model_errors(error)
            return
        names = ", ".join(str(field.label) for field in error.fields)
        text = _("Somebody else changed this meanwhile: %(names)s.") % {"names": names}
        self.add_error(None, text)


def posted_version(request: HttpRequest, row: Row) -> int:
    """The version that a page's form began with; the row's own where the form names none."""
    version = request.POST.get("version", "")
    return int(version) if version.isdecimal() and len(version) < 10 else row.version


def _lines(value: Any) -> Any:
    """Text with plain line ends, as it is kept; browsers send CR LF."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def violation(error: IntegrityError, model: type[models.Model]) -> ValidationError:
    """What the database refused (a race for a unique value, a circle), in words."""
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
    if name.endswith("_no_circle"):
        return ValidationError(
            {"parent": _("That would close a circle: it stands below this one.")}
        )
    for constraint in model._meta.constraints:
        if constraint.name == name:
            return ValidationError(constraint.get_violation_error_message())
    for field in model._meta.local_fields:
        if field.unique and f"_{field.column}_" in name:
            return ValidationError({field.name: _("This value is taken.")})
    return ValidationError(_("The database refused this: %(rule)s.") % {"rule": name or "?"})


def save_new(row: R) -> R:
    """A new row, checked, saved and read back; what is refused is a ``ValidationError`` in words."""
    row.full_clean()
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise violation(error, type(row)) from error
    row.refresh_from_db()
    return row
