"""What every row of business data has: a version against lost updates, times, an archive mark."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, ClassVar

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _

from kam.days import check_day

#: Changes of these alone are no edit by a person.
UNVERSIONED = ["version", "updated_at", "path", "last_login"]


class CountVersion(pgtrigger.Trigger):
    """Counts ``version`` up on each real change, also in bulk updates and raw SQL."""

    name = "count_version"
    when = pgtrigger.Before
    operation = pgtrigger.Update

    def get_condition(self, model: models.Model | type[models.Model]) -> pgtrigger.Condition:
        fields = [f.name for f in model._meta.fields if f.name not in UNVERSIONED]
        return pgtrigger.AnyChange(*fields)

    def get_func(self, model: models.Model | type[models.Model]) -> str:
        return "NEW.version = OLD.version + 1; NEW.updated_at = now(); RETURN NEW;"


class Row(models.Model):
    """An editable row. Deleting is archiving: ``archived_at`` is set, and may be cleared again.

    Each model names its own ``objects``, from a queryset class that says who sees and who edits.
    """

    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True
        triggers: ClassVar[list[pgtrigger.Trigger]] = [CountVersion()]

    def _get_FIELD_display(self, field: Any) -> Any:  # noqa: N802 - Django's name
        """As Django's, which ``get_…_display`` calls; but of all choices only the one that is shown is
        translated: lists show hundreds of them."""
        value = getattr(self, field.attname)
        words = (str(word) for known, word in field.flatchoices if known == value)
        return next(words, force_str(value, strings_only=True))

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """As Django's; days lie in the years that are kept here, too (``kam.days``)."""
        left_out = set(exclude or ())
        errors: dict[str, list[ValidationError]] = {}
        try:
            super().clean_fields(exclude=left_out)
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        for field in self._meta.fields:
            value = (
                getattr(self, field.attname) if field.name not in left_out | set(errors) else None
            )
            if isinstance(value, date) and not isinstance(value, datetime):
                try:
                    check_day(value)
                except ValidationError as error:
                    errors[field.name] = [error]
        if errors:
            raise ValidationError(errors)

    def refresh_version(self) -> None:
        """Reads back what the database's triggers set on the last save."""
        self.refresh_from_db(fields=["version", "updated_at"])

    @classmethod
    def field_label(cls, name: str) -> Any:
        """The field's name as a person reads it."""
        return cls._meta.get_field(name).verbose_name  # type: ignore[union-attr]
