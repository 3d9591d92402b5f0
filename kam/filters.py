"""Filters that lists and the API share."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_filters import CharFilter, ChoiceFilter

from kam.search import WORDS, Fold, _holds, cleaned


class TextFilter(CharFilter):
    """Rows that hold every word in one of ``paths``, without case and accents, by index."""

    def __init__(self, paths: Sequence[str], **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Find"))
        kwargs.setdefault("widget", forms.TextInput(attrs={"type": "search", "data-hotkey": "/"}))
        super().__init__(**kwargs)
        self.paths = paths

    def filter(self, qs: Any, value: str) -> Any:
        text = cleaned(value or "")
        if not text:
            return qs
        wanted = Q()
        for word in text.split()[:WORDS]:
            wanted &= _holds(word, self.paths)
        return qs.alias(**{f"_fold{i}": Fold(F(p)) for i, p in enumerate(self.paths)}).filter(
            wanted
        )


class ArchivedFilter(ChoiceFilter):
    """In use (without a word), archived, or both."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=_("Archived"),
            choices=[("yes", _("Only archived")), ("all", _("Also archived"))],
            empty_label=_("In use"),
            **kwargs,
        )

    def filter(self, qs: Any, value: str) -> Any:
        if value == "all":
            return qs
        return qs.filter(archived_at__isnull=value != "yes")


class YesNoFilter(ChoiceFilter):
    """A yes-or-no field; nothing chosen means both."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("empty_label", _("All"))
        super().__init__(choices=[("yes", _("Yes")), ("no", _("No"))], **kwargs)

    def filter(self, qs: Any, value: str) -> Any:
        return qs.filter(**{self.field_name: value == "yes"}) if value else qs
